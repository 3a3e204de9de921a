//! Arguments that choose the tokens on which a checkpoint is measured.

use std::path::{Path, PathBuf};

use outcrop_core::Error as CoreError;
use outcrop_series::read_config_at;
use outcrop_tokens::{
    DEFAULT_LENGTH, DocumentDraw, Sequences, TokenSource, Tokenizer, WindowProtocol, Windows,
    sequences,
};
use outcrop_train::{RunDir, open_corpus};

use super::output::say;
use crate::pipeline::{corpora, workspace};
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(next_help_heading = "Tokens")]
pub(crate) struct Args {
    /// Token ids as they are: .npy, nanoGPT's or Megatron's .bin, shards of llm.c, .u16, .u32, .i32, .i64.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "documents"])]
    tokens: Option<PathBuf>,
    /// The type of the ids: u16, u32, i32, i64 [default: given by the file, its .idx or its name].
    #[arg(long, value_name = "TYPE", requires = "tokens")]
    tokens_type: Option<String>,
    /// Text: files and folders, plain or JSON (lines or an array), also compressed by gzip or zstd; tokenised by the
    /// checkpoint's tokenizer.json [default: a built-in text; without a tokenizer ids drawn from a uniform
    /// distribution; for a run directory its held-out sequences].
    #[arg(long, value_name = "PATH", num_args = 1..)]
    text: Vec<PathBuf>,
    /// The field that holds the text of documents in JSON [default: text].
    #[arg(long, value_name = "NAME", requires = "text")]
    text_field: Option<String>,
    /// A tokenizer.json instead of the checkpoint's.
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
    /// Windows of a published measurement: `reference` (Sun et al.: 10 x 2048, GPT-2 1024, Llama
    /// 4096, no BOS) or `sinks` (Gu et al.: 100 x 64, no BOS).
    #[arg(long, value_name = "NAME", conflicts_with_all = ["windows", "length", "bos"])]
    protocol: Option<String>,
    /// Number of windows [default: 10].
    #[arg(long, value_name = "N")]
    windows: Option<usize>,
    /// Tokens in each window [default: 2048, or the model's context if that is shorter].
    #[arg(long, value_name = "N")]
    length: Option<usize>,
    /// A token in front of every window: its id or its name, or `none` [default: none].
    #[arg(long, value_name = "TOKEN")]
    bos: Option<String>,
    /// Draw this number of documents of the text by --seed, instead of taking all in order.
    #[arg(long, value_name = "N", requires = "text")]
    documents: Option<usize>,
    /// Seed for drawing documents.
    #[arg(long, value_name = "SEED", default_value_t = 0, requires = "documents")]
    seed: u64,
}

impl Args {
    /// The sequences for a checkpoint with this `config.json`, with its tokenizer in `folder`; `run` is its run
    /// directory, if it has one.
    pub(crate) fn sequences(
        &self,
        config: &Path,
        folder: &Path,
        run: Option<&Path>,
    ) -> Result<Sequences> {
        let own = self.tokens.is_none() && self.text.is_empty() && self.protocol.is_none();
        if let Some(run) = run.filter(|_| own) {
            self.check_held_out()?;
            return self.held_out(run);
        }
        let found = read_config_at(config)?;
        let tokenizer = self.tokenizer(folder)?;
        let tokenizer = tokenizer.as_ref();
        let windows = match &self.protocol {
            Some(name) => name.parse::<WindowProtocol>()?.windows(Some(found.family)),
            None => self.windows(tokenizer, found.arch.context)?,
        };
        Ok(sequences(
            &self.source()?,
            windows,
            tokenizer,
            found.arch.vocab,
        )?)
    }

    /// The given tokenizer, or the checkpoint's. If ids are given, the checkpoint's is used only for their names, and
    /// it is no error if it cannot be read.
    fn tokenizer(&self, folder: &Path) -> Result<Option<Tokenizer>> {
        if let Some(path) = &self.tokenizer {
            return Ok(Some(Tokenizer::open(path)?));
        }
        let by_id = |bos: &String| bos == "none" || bos.parse::<u32>().is_ok();
        let needed = self.tokens.is_none() || !self.bos.as_ref().is_none_or(by_id);
        match Tokenizer::of_checkpoint(folder) {
            Err(error) if !needed => {
                say(&format!(
                    "note: tokens are shown by their ids: failed to {error}"
                ));
                Ok(None)
            }
            found => Ok(found?),
        }
    }

    fn source(&self) -> Result<TokenSource> {
        let kind = self.tokens_type.as_deref().map(str::parse).transpose()?;
        let draw = self.documents.map(|documents| DocumentDraw {
            documents,
            seed: self.seed,
        });
        Ok(match (&self.tokens, TokenSource::of(&self.text, draw)) {
            (Some(path), _) => TokenSource::Ids {
                path: path.clone(),
                kind,
            },
            (None, TokenSource::Text { paths, draw, .. }) => TokenSource::Text {
                paths,
                field: self.text_field.clone(),
                draw,
            },
            (None, TokenSource::Ids { path, .. }) if self.text_field.is_some() => {
                let allowed = format!("nothing with a file of token ids, as {} is", path.display());
                let field = self.text_field.clone().unwrap_or_default();
                return Err(CoreError::range("text-field", field, allowed).into());
            }
            (None, TokenSource::Ids { path, .. }) if self.documents.is_some() => {
                let allowed = format!(
                    "left out with a file of token ids, as {} is",
                    path.display()
                );
                return Err(CoreError::range("--documents", "a number", allowed).into());
            }
            (None, source) => source,
        })
    }

    /// Refuses what does nothing for the held-out sequences of a run.
    fn check_held_out(&self) -> Result<()> {
        let refused = [
            ("--length", self.length.is_some()),
            ("--bos", self.bos.is_some()),
            ("--tokenizer", self.tokenizer.is_some()),
        ];
        match refused.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((option, _)) => Err(Error::Idle {
                option: option.to_owned(),
                without: "--text or --tokens: a run is measured on its held-out sequences, as while it trained",
            }),
        }
    }

    fn windows(&self, tokenizer: Option<&Tokenizer>, context: usize) -> Result<Windows> {
        // ids that are given as rows keep their length
        let length = match (self.length, &self.tokens) {
            (Some(length), _) => Some(length),
            (None, Some(path))
                if path
                    .extension()
                    .is_some_and(|e| e.eq_ignore_ascii_case("npy")) =>
            {
                None
            }
            _ => Some(DEFAULT_LENGTH.min(context)),
        };
        Ok(Windows {
            count: self.windows,
            length,
            bos: self.bos_id(tokenizer)?,
        })
    }

    fn bos_id(&self, tokenizer: Option<&Tokenizer>) -> Result<Option<u32>> {
        let Some(text) = self.bos.as_deref().filter(|text| *text != "none") else {
            return Ok(None);
        };
        let id = text.parse().ok().or_else(|| tokenizer?.id(text));
        let allowed = "`none`, a token id, or the name of a token of the tokenizer";
        let id = id.ok_or_else(|| CoreError::range("bos", text, allowed))?;
        Ok(Some(id))
    }

    /// The sequences on which a run of ours was measured while it trained.
    fn held_out(&self, run: &Path) -> Result<Sequences> {
        let spec = RunDir::new(run).spec()?;
        let parent = run.parent().unwrap_or(run);
        let environment = corpora(workspace()?.as_deref(), parent);
        let corpus = open_corpus(&spec, &environment)?;
        let count = self.windows.unwrap_or(spec.measure.sequences);
        let batch = corpus.held_out(count).map_err(outcrop_train::Error::from)?;
        let rows: Vec<Vec<u32>> = batch
            .inputs
            .chunks(batch.context)
            .map(<[u32]>::to_vec)
            .collect();
        let words = format!(
            "{count} x {} held-out tokens of {}, as while it trained",
            batch.context, spec.data.corpus
        );
        Ok(Sequences::of(
            rows,
            spec.data.bos.then(|| corpus.bos()),
            words,
        ))
    }
}
