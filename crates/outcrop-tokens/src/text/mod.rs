//! Documents in files, of which only as many are read as the windows need.

mod document;
mod drawn;
mod files;
mod json;
mod kind;
mod tally;
mod unpack;
mod values;

use std::path::PathBuf;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use document::Opened;
use drawn::DocumentPlace;

use crate::Result;

pub use files::files_in;

/// The field that holds the text of a document in JSON, unless another is named.
pub const TEXT_FIELD: &str = "text";

/// The separator between two documents.
const SEPARATOR: &str = "\n\n";

/// Documents drawn without replacement by ChaCha8. Python's `random.sample` draws others by the same
/// seed: to measure the same documents as a Python program, write them to a file. Every `.jsonl` file
/// is read once to count its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentDraw {
    /// Number of documents, from 1 to those that there are.
    pub documents: usize,
    /// The seed.
    pub seed: u64,
}

/// Every document in `paths`, whole, in order, given to `take`; of documents in JSON the text of `field`, or of
/// [`TEXT_FIELD`]. It also returns which parts of which file were left out, in words.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("docs.ndjson");
/// std::fs::write(&path, "{\"text\": \"one\", \"loss\": NaN}\n{\"text\": \"two\"}\n{\"text\": null}\n")?;
/// let mut texts = Vec::new();
/// let notes = outcrop_tokens::read_documents(&[path], None, &mut |text| texts.push(text.to_owned()))?;
/// assert_eq!(texts, ["one", "two"]);
/// assert!(notes[0].ends_with("left out: line 3: field `text` is null"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::NotText`], [`Error::Foreign`], [`Error::Json`], [`Error::NoText`] and [`Error::Core`] for what cannot be
/// read.
///
/// [`Error::NotText`]: crate::Error::NotText
/// [`Error::Foreign`]: crate::Error::Foreign
/// [`Error::Json`]: crate::Error::Json
/// [`Error::NoText`]: crate::Error::NoText
/// [`Error::Core`]: crate::Error::Core
pub fn read_documents(
    paths: &[PathBuf],
    field: Option<&str>,
    take: &mut dyn FnMut(&str),
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for path in files::list(paths)? {
        let opened = Opened::open(&path)?;
        opened.each(
            field.unwrap_or(TEXT_FIELD),
            usize::MAX,
            &mut notes,
            &mut |text, _| {
                take(text);
                Some(usize::MAX)
            },
        )?;
    }
    Ok(notes)
}

/// Documents in the order in which they are joined.
pub(crate) struct Documents<'a> {
    files: Vec<PathBuf>,
    field: &'a str,
    /// Some of them, as they were drawn; none for all in order.
    drawn: Option<Vec<DocumentPlace>>,
    /// What drawing left out.
    notes: Vec<String>,
}

/// The beginning of the joined documents.
pub(crate) struct Joined {
    pub(crate) text: String,
    /// Whether it is all of them.
    pub(crate) complete: bool,
    /// The parts that were left out, in words.
    pub(crate) notes: Vec<String>,
}

impl<'a> Documents<'a> {
    /// The documents in `paths`, or some of them.
    pub(crate) fn find(
        paths: &[PathBuf],
        draw: Option<DocumentDraw>,
        field: Option<&'a str>,
    ) -> Result<Self> {
        let (files, field) = (files::list(paths)?, field.unwrap_or(TEXT_FIELD));
        let mut notes = Vec::new();
        let drawn = match draw {
            None => None,
            Some(draw) => Some(drawn(drawn::places(&files, field, &mut notes)?, draw)?),
        };
        Ok(Self {
            files,
            field,
            drawn,
            notes,
        })
    }

    /// The documents joined by a blank line, as they are; no more than about `max_bytes` is read.
    pub(crate) fn join(&self, max_bytes: usize) -> Result<Joined> {
        let (mut text, mut complete) = (String::new(), true);
        let mut first = true;
        let mut push = |document: &str, whole: bool| {
            if !std::mem::take(&mut first) {
                text.push_str(SEPARATOR);
            }
            text.push_str(document);
            complete &= whole && text.len() < max_bytes;
            complete.then_some(max_bytes.saturating_sub(text.len()))
        };
        let mut notes = self.notes.clone();
        match &self.drawn {
            Some(places) => drawn::at(&self.files, places, self.field, max_bytes, &mut push)?,
            None => {
                let mut wanted = Some(max_bytes);
                for file in &self.files {
                    let Some(bytes) = wanted else { break };
                    wanted = Opened::open(file)?.each(self.field, bytes, &mut notes, &mut push)?;
                }
            }
        }
        Ok(Joined {
            text,
            complete,
            notes,
        })
    }
}

/// The first of a permutation (Fisher and Yates); each remaining place is as likely as any other.
fn drawn(mut places: Vec<DocumentPlace>, draw: DocumentDraw) -> Result<Vec<DocumentPlace>> {
    let n = places.len();
    if !(1..=n).contains(&draw.documents) {
        let allowed = format!("1 to {n}, the number of documents");
        return Err(outcrop_core::Error::range("documents", draw.documents, allowed).into());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(draw.seed);
    for i in 0..draw.documents {
        places.swap(i, i + below(&mut rng, n - i));
    }
    places.truncate(draw.documents);
    Ok(places)
}

/// A number below `n`, even to within n / 2^64.
pub(crate) fn below(rng: &mut impl RngCore, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}
