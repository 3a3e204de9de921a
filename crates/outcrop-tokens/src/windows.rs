use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use outcrop_arch::Family;

use crate::{Error, Result};

/// Windows cut unless asked otherwise, as Sun et al. (arXiv 2402.17762) and the paper.
pub const DEFAULT_COUNT: usize = 10;
/// Tokens a window unless asked otherwise, as Sun et al. for Pythia.
pub const DEFAULT_LENGTH: usize = 2048;

const COUNTS: RangeInclusive<usize> = 1..=1_000_000;
const LENGTHS: RangeInclusive<usize> = 1..=1 << 20;
/// At most as many tokens are held: 1 GiB.
pub(crate) const MAX_TOKENS: usize = 1 << 28;

/// Which windows of the tokens are measured: the first `count` consecutive ones of `length` tokens.
///
/// | field | default | range |
/// |---|---|---|
/// | `count` | 10; every row of a 2-D array | 1 to 1 000 000 |
/// | `length` | 2048; the length of the rows of a 2-D array | 1 to 1 048 576, at least 2 with a BOS |
/// | `bos` | none | |
///
/// Together at most 2^28 tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// Number of windows.
    pub count: Option<usize>,
    /// Tokens a window, BOS included.
    pub length: Option<usize>,
    /// A token put before every window, which then holds `length - 1` tokens of the text.
    pub bos: Option<u32>,
}

/// The windows of a published measurement.
///
/// ```
/// use outcrop_arch::GPT2;
/// use outcrop_tokens::WindowProtocol;
///
/// let windows = "reference".parse::<WindowProtocol>()?.windows(Some(&GPT2));
/// assert_eq!((windows.count, windows.length, windows.bos), (Some(10), Some(1024), None));
/// # Ok::<(), outcrop_tokens::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowProtocol {
    /// Massive activations as Sun et al. measure them (arXiv 2402.17762): 10 windows of 2048 tokens
    /// for GPT-NeoX, 1024 for GPT-2 and 4096 for others, of documents joined by a blank line,
    /// without BOS.
    Reference,
    /// Attention sinks as Gu et al. measure them (arXiv 2410.10781): 100 windows of 64 tokens,
    /// without BOS.
    Sinks,
}

impl WindowProtocol {
    /// The protocols by name.
    pub const ALL: [(&'static str, Self); 2] =
        [("reference", Self::Reference), ("sinks", Self::Sinks)];

    /// Its windows for a model of `family`; none is any other family.
    pub fn windows(self, family: Option<&Family>) -> Windows {
        let (count, length) = match self {
            Self::Sinks => (100, 64),
            Self::Reference => (10, family.map_or(4096, |family| family.layout().reference)),
        };
        Windows {
            count: Some(count),
            length: Some(length),
            bos: None,
        }
    }
}

impl FromStr for WindowProtocol {
    type Err = Error;

    /// # Errors
    /// [`outcrop_core::Error::OutOfRange`] with the name that is meant, if one is near.
    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, protocol)| *protocol).ok_or_else(|| {
            let names = Self::ALL.map(|(known, _)| known);
            let near = outcrop_core::nearest(name, names);
            let hint = near.map_or(String::new(), |n| format!(" (did you mean `{n}`?)"));
            outcrop_core::Error::range("protocol", name, names.join(" or ") + &hint).into()
        })
    }
}

impl fmt::Display for WindowProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, protocol)| protocol == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// Windows of a stream of tokens, in range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) count: usize,
    pub(crate) length: usize,
    pub(crate) bos: Option<u32>,
}

impl Windows {
    /// The windows of a stream, or of rows: `rows` is their number and length.
    pub(crate) fn cut(self, rows: Option<(u64, u64)>) -> Result<Cut> {
        let most = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (count, length) = match rows {
            Some((count, length)) => (most(count), most(length)),
            None => (DEFAULT_COUNT, DEFAULT_LENGTH),
        };
        let count = within("windows", self.count.unwrap_or(count), &COUNTS)?;
        let length = within("length", self.length.unwrap_or(length), &LENGTHS)?;
        let bos = self.bos;
        if bos.is_some() && length < 2 {
            return Err(range("length", length, "at least 2 with a BOS"));
        }
        if count.checked_mul(length).is_none_or(|n| n > MAX_TOKENS) {
            let tokens = format!("{count} x {length}");
            return Err(range("windows x length", tokens, "at most 2^28 tokens"));
        }
        Ok(Cut { count, length, bos })
    }
}

impl Cut {
    /// Tokens of the text in one window.
    pub(crate) fn of_text(&self) -> usize {
        self.length - usize::from(self.bos.is_some())
    }

    /// Tokens of the text in all windows.
    pub(crate) fn needed(&self) -> usize {
        self.count * self.of_text()
    }

    /// The windows of a stream of `available` tokens, of which `ids` are the first.
    pub(crate) fn stream(
        &self,
        ids: &[u32],
        available: u64,
        source_words: &str,
    ) -> Result<Vec<Vec<u32>>> {
        if ids.len() < self.needed() {
            return Err(self.too_short(available, source_words));
        }
        let windows = ids.chunks_exact(self.of_text()).take(self.count);
        Ok(windows.map(|window| self.with_bos(window)).collect())
    }

    /// One window: BOS, if there is one, and as many of `text` as fit behind it.
    pub(crate) fn with_bos(&self, text: &[u32]) -> Vec<u32> {
        let text = text.iter().copied().take(self.of_text());
        self.bos.into_iter().chain(text).collect()
    }

    pub(crate) fn too_short(&self, tokens: u64, source_words: &str) -> Error {
        let bos = self.length - self.of_text();
        let fewer = tokens / self.of_text() as u64;
        let shorter = tokens / self.count as u64 + bos as u64;
        let windows = (fewer > 0).then(|| format!("--windows {fewer}"));
        let length = (shorter > bos as u64).then(|| format!("--length {shorter}"));
        let would_do: Vec<String> = windows.into_iter().chain(length).collect();
        let way_out = match would_do.is_empty() {
            true => "give more text".into(),
            false => would_do.join(" or ") + " would do",
        };
        Error::TooShort {
            source_words: source_words.to_owned(),
            count: self.count,
            length: self.length,
            tokens,
            way_out,
        }
    }
}

fn within(field: &str, value: usize, range: &RangeInclusive<usize>) -> Result<usize> {
    let words = format!("{} to {}", range.start(), range.end());
    let inside = range.contains(&value).then_some(value);
    inside.ok_or_else(|| self::range(field, value, &words))
}

fn range(field: &str, value: impl ToString, allowed: &str) -> Error {
    outcrop_core::Error::range(field, value, allowed).into()
}
