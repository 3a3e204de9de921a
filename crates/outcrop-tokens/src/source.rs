use std::path::{Path, PathBuf};

use crate::text::{DocumentDraw, Documents};
use crate::windows::Cut;
use crate::{Error, IdType, Result, SAMPLE, Sequences, Tokenizer, Windows, ids, sample};

/// Bytes of text that are read for every token needed, at first: more than English text takes.
const BYTES_A_TOKEN: usize = 6;

/// Where tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// Token ids as they are, by [`TokenFile`](crate::TokenFile). Of a 2-D array each row is a sequence.
    Ids {
        /// The file.
        path: PathBuf,
        /// The type of its ids; none where the file, its index or its name says it.
        kind: Option<IdType>,
    },
    /// Text to be tokenised: files and folders, by [`read_documents`](crate::read_documents). A file is one
    /// document, or, where its content or its name shows that it holds JSON, many.
    Text {
        /// The files and folders, in order.
        paths: Vec<PathBuf>,
        /// The field of the text in documents in JSON; none for [`TEXT_FIELD`](crate::TEXT_FIELD).
        field: Option<String>,
        /// Documents to draw from them; none takes all in order.
        draw: Option<DocumentDraw>,
    },
    /// [`SAMPLE`], or ids drawn evenly from the vocabulary where there is no tokenizer.
    Sample,
}

impl TokenSource {
    /// The ids in a file whose header or name gives their type.
    pub fn ids(path: impl Into<PathBuf>) -> Self {
        Self::Ids {
            path: path.into(),
            kind: None,
        }
    }

    /// What `paths` hold, by their names: nothing is the sample, one file of ids is these, all else
    /// is text, for which alone `draw` counts.
    ///
    /// ```
    /// use outcrop_tokens::TokenSource;
    ///
    /// assert_eq!(TokenSource::of(&[], None), TokenSource::Sample);
    /// assert_eq!(TokenSource::of(&["ids.npy".into()], None), TokenSource::ids("ids.npy"));
    /// let text = TokenSource::of(&["notes.txt".into()], None);
    /// assert_eq!(text, TokenSource::Text { paths: vec!["notes.txt".into()], field: None, draw: None });
    /// ```
    pub fn of(paths: &[PathBuf], draw: Option<DocumentDraw>) -> Self {
        match paths {
            [] => Self::Sample,
            [path] if ids::recognise(path) => Self::ids(path),
            _ => Self::Text {
                paths: paths.to_vec(),
                field: None,
                draw,
            },
        }
    }
}

/// The first windows of the tokens of a source, for a model with `vocab` tokens.
///
/// Documents are joined by a blank line and tokenised once, without special tokens. Only as much is
/// read as the windows need, and an eighth more of text, so that its end does not matter to them.
///
/// # Errors
/// [`Error::TooShort`] with the windows that would do, [`Error::NoTokenizer`] for text without one,
/// and [`Error::Ids`], [`Error::NotText`], [`Error::Foreign`], [`Error::Json`], [`Error::NoText`],
/// [`Error::Tokenizer`] for what cannot be read; [`outcrop_core::Error::OutOfRange`] for windows or documents out of
/// range. Whether the model can take them is for [`Sequences::check`].
pub fn sequences(
    source: &TokenSource,
    windows: Windows,
    tokenizer: Option<&Tokenizer>,
    vocab: usize,
) -> Result<Sequences> {
    let mut notes = Vec::new();
    let (ids, words) = match (source, tokenizer) {
        (TokenSource::Ids { path, kind }, _) => {
            let (ids, words) = ids::windows(path, *kind, windows)?;
            (ids, format!("ids in {words}"))
        }
        (TokenSource::Text { paths, field, draw }, Some(tokenizer)) => {
            let documents = Documents::find(paths, *draw, field.as_deref())?;
            let words = format!("{} by {}", text_words(paths, *draw), name(tokenizer));
            let ids;
            (ids, notes) = of_text(&documents, windows.cut(None)?, tokenizer, &words)?;
            (ids, words)
        }
        (TokenSource::Text { paths, .. }, None) => {
            // Missing files are reported first.
            Documents::find(paths, None, None)?;
            let path = paths.first().cloned().unwrap_or_default();
            return Err(Error::NoTokenizer { path });
        }
        (TokenSource::Sample, Some(tokenizer)) => {
            let cut = windows.cut(None)?;
            let words = format!("the built-in text by {}", name(tokenizer));
            let ids = tokenizer.encode(SAMPLE)?;
            (cut.stream(&ids, ids.len() as u64, &words)?, words)
        }
        (TokenSource::Sample, None) => {
            let cut = windows.cut(None)?;
            if vocab == 0 {
                return Err(outcrop_core::Error::range("vocab", vocab, "at least 1").into());
            }
            let words = format!("ids drawn evenly from {vocab} tokens: no tokenizer, no text");
            let ids = sample::drawn(vocab, cut.needed());
            (cut.stream(&ids, ids.len() as u64, &words)?, words)
        }
    };
    let length = ids.first().map_or(0, Vec::len);
    let words = format!("{} x {length} {words}", ids.len());
    Ok(Sequences::new(ids, windows.bos, words, tokenizer).with_notes(notes))
}

/// The windows of documents, of which only about as much is read as they need, and the parts that were left out.
fn of_text(
    documents: &Documents<'_>,
    cut: Cut,
    tokenizer: &Tokenizer,
    words: &str,
) -> Result<(Vec<Vec<u32>>, Vec<String>)> {
    // Tokens near the end may depend on the text behind it.
    let enough = cut.needed() + cut.needed() / 8 + 256;
    let mut bytes = enough * BYTES_A_TOKEN;
    loop {
        let joined = documents.join(bytes)?;
        let ids = tokenizer.encode(&joined.text)?;
        if joined.complete || ids.len() >= enough {
            let windows = cut.stream(&ids, ids.len() as u64, words)?;
            return Ok((windows, joined.notes));
        }
        bytes = bytes.saturating_mul(2);
    }
}

fn text_words(paths: &[PathBuf], draw: Option<DocumentDraw>) -> String {
    let first = paths.first().map_or(Path::new(""), PathBuf::as_path);
    let of = match paths.len() {
        0 | 1 => first.display().to_string(),
        n => format!("{} and {} more", first.display(), n - 1),
    };
    match draw {
        None => format!("tokens of {of}"),
        Some(DocumentDraw { documents, seed }) => {
            format!("tokens of {documents} documents drawn with seed {seed} from {of}")
        }
    }
}

fn name(tokenizer: &Tokenizer) -> std::path::Display<'_> {
    tokenizer.path().display()
}
