use std::path::{Path, PathBuf};
use std::sync::Arc;

use outcrop_tokens::IdType;

use super::backcopy::Backcopy;
use super::batch::{Purpose, below, stream};
use super::copying::{Copying, Induction};
use super::crates::read_crates;
use super::documents::{Documents, HELD_OUT_ONE_IN};
use super::equations::Equations;
use super::files::read_text;
use super::generated::{Generated, Pool, Row};
use super::ids::Ids;
use super::spec::{IDS, SYMBOLS};
use super::tokenizer::Tokenizer;
use super::{Batch, CorpusSpec, CratesSource, Error, TokenizerSpec};

/// How a corpus is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorpusOptions {
    /// Seed of the training batches. Neither the held-out set nor the text or table behind it
    /// depends on it, so runs of different seeds can be compared.
    pub seed: u64,
    /// Tokens per sequence, at least 1.
    pub context: usize,
    /// Whether every sequence starts with BOS.
    pub bos: bool,
    /// Sequences that the held-out set must be able to give without overlap, at least 1; a text
    /// too short for them is refused.
    pub held_out: usize,
    /// Folder in which trained tokenizers are kept; without one they are trained each time.
    pub cache: Option<PathBuf>,
    /// Where the text of [`CorpusSpec::Crates`] is.
    pub crates: Option<CratesSource>,
    /// Most bytes of text that [`CorpusSpec::Crates`] takes; [`CorpusSpec::Text`] is read whole.
    pub max_bytes: u64,
    /// The field that holds the text of documents in JSON; none for `text`.
    pub text_field: Option<String>,
    /// The type of the ids of [`CorpusSpec::Tokens`]; none where the file or its name says it.
    pub tokens_type: Option<IdType>,
    /// Different ids that [`CorpusSpec::Tokens`] may have, which nothing in its file says.
    pub vocab: Option<usize>,
}

impl Default for CorpusOptions {
    /// Seed 0, context 64, BOS, 10 held-out sequences, no cache, 16 MiB.
    fn default() -> Self {
        Self {
            seed: 0,
            context: 64,
            bos: true,
            held_out: 10,
            cache: None,
            crates: None,
            max_bytes: 16 << 20,
            text_field: None,
            tokens_type: None,
            vocab: None,
        }
    }
}

/// An opened corpus: training batches by step, and a fixed held-out set.
pub struct Corpus {
    source: Arc<Content>,
    vocab: usize,
    sha256: String,
    seed: u64,
    row: Row,
    with_bos: bool,
    notes: Vec<String>,
}

enum Content {
    Generated(Box<dyn Generated>),
    Text {
        training: Vec<u16>,
        held_out: Vec<u16>,
        tokenizer: Tokenizer,
    },
    Ids(Ids),
}

impl Corpus {
    /// Opens the corpus `spec`: generates its table, or reads, splits and tokenises its text.
    ///
    /// # Errors
    /// [`Error::Core`] if `context` or `held_out` is 0, or `vocab` is missing; [`Error::Tokens`] and
    /// [`Error::Empty`] for what a file holds; [`Error::Vocabulary`]; [`Error::TooShort`] if there is
    /// not enough of it; [`Error::NoCratesSource`] and [`Error::MissingCrates`] for `crates`;
    /// [`Error::SmallVocabulary`], [`Error::OwnSymbols`] and [`Error::Tokenizer`]; [`Error::ShortContext`] and
    /// [`Error::FewKeys`] for tasks.
    pub fn open(
        spec: &CorpusSpec,
        tokenizer: &TokenizerSpec,
        options: &CorpusOptions,
    ) -> Result<Self, Error> {
        for (field, value) in [("context", options.context), ("held_out", options.held_out)] {
            if value == 0 {
                return Err(outcrop_core::Error::range(field, value, "1 or more").into());
            }
        }
        let row = Row::new(options.context, options.bos);
        let of_task = |task: Box<dyn Generated>| Self::of_task(spec, task, *tokenizer, options);
        match spec {
            CorpusSpec::BigramBackcopy { symbols } => {
                of_task(Box::new(Backcopy::new(SYMBOLS.check(*symbols)?)))
            }
            CorpusSpec::Equations {
                operation,
                size,
                percent,
            } => of_task(Box::new(Equations::open(*operation, *size, *percent, row)?)),
            CorpusSpec::Copy { symbols } => of_task(Box::new(Copying::open(*symbols, row)?)),
            CorpusSpec::Induction { symbols } => of_task(Box::new(Induction::open(*symbols, row)?)),
            CorpusSpec::Crates => {
                let source = options.crates.as_ref().ok_or(Error::NoCratesSource)?;
                let documents = read_crates(source, options.max_bytes)?;
                Self::text(spec, &documents, *tokenizer, options)
            }
            CorpusSpec::Text(path) => {
                let (documents, notes) = read_text(path, options.text_field.as_deref())?;
                let corpus = Self::text(spec, &documents, *tokenizer, options)?;
                Ok(Self { notes, ..corpus })
            }
            CorpusSpec::Tokens(path) => Self::ids(spec, path, *tokenizer, options),
        }
    }

    fn of_task(
        spec: &CorpusSpec,
        task: Box<dyn Generated>,
        tokenizer: TokenizerSpec,
        options: &CorpusOptions,
    ) -> Result<Self, Error> {
        has_own_symbols(spec, tokenizer)?;
        let (vocab, sha256) = (task.symbols() + 1, task.sha256().to_owned());
        Ok(Self::new(Content::Generated(task), vocab, sha256, options))
    }

    fn ids(
        spec: &CorpusSpec,
        path: &Path,
        tokenizer: TokenizerSpec,
        options: &CorpusOptions,
    ) -> Result<Self, Error> {
        has_own_symbols(spec, tokenizer)?;
        let vocab = IDS.check(options.vocab.unwrap_or(0))?;
        let ids = Ids::open(path, vocab, options)?;
        for (part, available) in [("training", ids.training), ("held-out", ids.held_out)] {
            check_length(spec, None, options, part, available)?;
        }
        let sha256 = ids.sha256.clone();
        Ok(Self::new(Content::Ids(ids), vocab + 1, sha256, options))
    }

    fn text(
        spec: &CorpusSpec,
        documents: &Documents,
        tokenizer: TokenizerSpec,
        options: &CorpusOptions,
    ) -> Result<Self, Error> {
        let (training, held_out) = documents.split();
        let enough =
            |part, available| check_length(spec, Some(documents.len()), options, part, available);
        // A token is at least a byte: too few bytes are told before a tokenizer is trained on them.
        enough("training", training.len())?;
        enough("held-out", held_out.len())?;
        let tokenizer = Tokenizer::open(tokenizer, &training, options.cache.as_deref())?;
        let training = tokenizer.encode(training.pieces())?;
        let held_out = tokenizer.encode(held_out.pieces())?;
        enough("training", training.len())?;
        enough("held-out", held_out.len())?;
        let vocab = tokenizer.vocab();
        let source = Content::Text {
            training,
            held_out,
            tokenizer,
        };
        Ok(Self::new(source, vocab, documents.sha256(), options))
    }

    fn new(source: Content, vocab: usize, sha256: String, options: &CorpusOptions) -> Self {
        Self {
            source: Arc::new(source),
            vocab,
            sha256,
            seed: options.seed,
            row: Row::new(options.context, options.bos),
            with_bos: options.bos,
            notes: Vec::new(),
        }
    }

    /// The same corpus with batches of another seed; none for token ids, since each corpus of them reads its own file.
    pub(super) fn with_seed(&self, seed: u64) -> Option<Self> {
        match *self.source {
            Content::Ids(_) => None,
            Content::Generated(_) | Content::Text { .. } => Some(Self {
                source: Arc::clone(&self.source),
                sha256: self.sha256.clone(),
                notes: self.notes.clone(),
                seed,
                ..*self
            }),
        }
    }

    /// What was left out of the text, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Size of the vocabulary, BOS included (also where sequences do not start with it).
    pub fn vocab(&self) -> usize {
        self.vocab
    }

    /// The id of BOS: `vocab() - 1`.
    pub fn bos(&self) -> u32 {
        self.vocab as u32 - 1
    }

    /// SHA-256 of the text (documents joined by a blank line; for one file, that of the file), of the
    /// token ids as little-endian u32, of the bigram table, or of the pairs that are trained on, as 64 hexadecimal
    /// digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The training batch of `step`, `batch` rows. It depends on the seed and `step` alone, and its
    /// first rows are those of a smaller batch of the same step.
    ///
    /// # Errors
    /// [`Error::Tokens`] where a file of token ids can no longer be read.
    pub fn batch(&self, step: u64, batch: usize) -> Result<Batch, Error> {
        let mut rng = stream(Purpose::Training, self.seed, step);
        self.rows(batch, |length, _, row| match &*self.source {
            Content::Generated(task) => {
                task.draw(&mut rng, Pool::Training, length, row);
                Ok(())
            }
            Content::Text { training, .. } => {
                let start = below(&mut rng, training.len() - length + 1);
                extend(row, training, start, length);
                Ok(())
            }
            Content::Ids(ids) => {
                let start = below(&mut rng, ids.training - length + 1);
                row.extend(ids.read(start, length)?);
                Ok(())
            }
        })
    }

    /// The held-out set of `n` sequences, the same at every call and for every seed; no part of it
    /// is trained on. From text and ids they are evenly spaced, without overlap up to
    /// [`CorpusOptions::held_out`]; generated ones come from a stream of their own, those of `modular-addition` from
    /// other pairs.
    ///
    /// # Errors
    /// As [`Corpus::batch`].
    pub fn held_out(&self, n: usize) -> Result<Batch, Error> {
        let mut rng = stream(Purpose::HeldOut, 0, 0);
        let start = |i: usize, all: usize, length: usize| i * (all - length) / (n - 1).max(1);
        self.rows(n, |length, i, row| match &*self.source {
            Content::Generated(task) => {
                task.draw(&mut rng, Pool::HeldOut, length, row);
                Ok(())
            }
            Content::Text { held_out, .. } => {
                extend(row, held_out, start(i, held_out.len(), length), length);
                Ok(())
            }
            Content::Ids(ids) => {
                let first = ids.training + start(i, ids.held_out, length);
                row.extend(ids.read(first, length)?);
                Ok(())
            }
        })
    }

    /// `n` sequences that are trained on, the same at every call and for every seed, to see how well they are known.
    /// Nothing but generated corpora has them, since of text a batch says as much.
    pub(crate) fn training_sample(&self, n: usize) -> Result<Option<Batch>, Error> {
        let Content::Generated(task) = &*self.source else {
            return Ok(None);
        };
        let mut rng = stream(Purpose::Sample, 0, 0);
        let rows = self.rows(n, |length, _, row| {
            task.draw(&mut rng, Pool::Training, length, row);
            Ok(())
        });
        rows.map(Some)
    }

    /// Which of the `context` targets of a sequence, from 0, are answers: follow with certainty from the tokens before
    /// them, as c of `a + b = c`. None of text, ids and `bigram-backcopy`.
    pub fn answers(&self) -> Vec<usize> {
        let (first, length) = (usize::from(!self.with_bos), self.row.length);
        let is_answer = |target: &usize| match &*self.source {
            Content::Generated(task) => task.is_answer(first + target, length),
            Content::Text { .. } | Content::Ids(_) => false,
        };
        (0..self.row.context).filter(is_answer).collect()
    }

    /// The lowest mean loss over the tokens of a sequence, in nats per token, where it is known: that of a model which
    /// knows the table of `bigram-backcopy`, how to add modulo p, or what came before (with BOS, over all `context`
    /// targets; without, the first symbol of each sequence is no target).
    pub fn optimal_loss(&self) -> Option<f64> {
        let (first, length) = (usize::from(!self.with_bos), self.row.length);
        match &*self.source {
            Content::Generated(task) => {
                let at = first..first + self.row.context;
                let sum: f64 = at.map(|at| task.optimal_loss_at(at, length)).sum();
                Some(sum / self.row.context as f64)
            }
            Content::Text { .. } | Content::Ids(_) => None,
        }
    }

    /// The tokenizer as the files in which Python's transformers looks for it, by name; none where the
    /// corpus consists of ids.
    ///
    /// # Errors
    /// [`Error::Tokenizer`].
    pub fn tokenizer_files(&self) -> Result<Vec<(&'static str, String)>, Error> {
        match &*self.source {
            Content::Generated(_) | Content::Ids(_) => Ok(Vec::new()),
            Content::Text { tokenizer, .. } => tokenizer.files(self.row.context),
        }
    }

    /// Rows of `context + 1`: BOS, where it is on, and what `fill(length, row number, row)` adds.
    fn rows(
        &self,
        batch: usize,
        mut fill: impl FnMut(usize, usize, &mut Vec<u32>) -> Result<(), Error>,
    ) -> Result<Batch, Error> {
        let length = self.row.length;
        Batch::from_rows(batch, self.row.context, |i, row| {
            if self.with_bos {
                row.push(self.bos());
            }
            fill(length, i, row)
        })
    }
}

/// Refuses a tokenizer for a corpus that consists of ids.
fn has_own_symbols(spec: &CorpusSpec, tokenizer: TokenizerSpec) -> Result<(), Error> {
    match tokenizer {
        TokenizerSpec::Bytes => Ok(()),
        TokenizerSpec::Bpe { .. } => Err(Error::OwnSymbols {
            tokenizer: tokenizer.to_string(),
            corpus: spec.to_string(),
        }),
    }
}

fn extend(row: &mut Vec<u32>, tokens: &[u16], start: usize, length: usize) {
    row.extend(
        tokens[start..start + length]
            .iter()
            .map(|id| u32::from(*id)),
    );
}

/// Refuses a `part` of `available` tokens (or bytes, which are no fewer) that cannot give what the
/// options ask for; `bytes` are those of the text behind it, if there is one.
fn check_length(
    spec: &CorpusSpec,
    bytes: Option<usize>,
    options: &CorpusOptions,
    part: &'static str,
    available: usize,
) -> Result<(), Error> {
    let row = Row::new(options.context, options.bos).length;
    let (needed, share) = match part {
        "training" => (row, HELD_OUT_ONE_IN - 1),
        _ => (row * options.held_out, 1),
    };
    if available >= needed {
        return Ok(());
    }
    // At the bytes per token seen; the held-out part decides, and has half its share at least.
    let per_token = |bytes: usize| (bytes * share / HELD_OUT_ONE_IN).div_ceil(available.max(1));
    let for_held_out = row * options.held_out * HELD_OUT_ONE_IN * 2;
    Err(Error::TooShort {
        corpus: spec.to_string(),
        part,
        available,
        needed,
        context: options.context,
        sequences: options.held_out,
        whole: for_held_out * bytes.map_or(1, per_token).max(1),
        unit: bytes.map_or("tokens", |_| "bytes of text"),
    })
}
