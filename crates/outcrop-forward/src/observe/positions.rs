//! At which positions the logit lens looks.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The positions of a sequence that the logit lens takes means of. Logits of a position cost a product with the whole
/// unembedding a layer, and a mean needs few of them.
///
/// ```
/// use outcrop_forward::LensPositions;
///
/// assert_eq!(LensPositions::default().to_string(), "32");
/// let three: LensPositions = "3".parse()?;
/// assert_eq!(three.of(12), [2, 6, 10]);
/// assert_eq!(three.of(2), [0, 1]);
/// assert_eq!("all".parse::<LensPositions>()?.of(4), [0, 1, 2, 3]);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum LensPositions {
    /// All of them, in a second forward pass.
    All,
    /// Of a longer sequence this many, the middles of as many equal stretches: position (2 k + 1) T / (2 n), rounded down, k
    /// from 0 to n - 1, of T positions. Of others all.
    Spread(NonZeroUsize),
}

/// As it stands in a file: a number, or `all`.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected `all` or a whole number of at least 1")]
enum Written {
    Number(usize),
    Word(String),
}

impl TryFrom<Written> for LensPositions {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Number(n) => n.to_string().parse(),
            Written::Word(word) => word.parse(),
        }
    }
}

impl From<LensPositions> for Written {
    fn from(positions: LensPositions) -> Self {
        match positions {
            LensPositions::All => Self::Word("all".to_owned()),
            LensPositions::Spread(n) => Self::Number(n.get()),
        }
    }
}

/// Few enough that the logits of all layers cost little beside the forward pass.
const DEFAULT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);

impl Default for LensPositions {
    fn default() -> Self {
        Self::Spread(DEFAULT)
    }
}

impl LensPositions {
    /// The positions, ascending, of a sequence of so many.
    pub fn of(self, tokens: usize) -> Vec<usize> {
        match self {
            Self::Spread(n) if n.get() < tokens => {
                let middle = |k: usize| (2 * k + 1) * tokens / (2 * n.get());
                (0..n.get()).map(middle).collect()
            }
            Self::Spread(_) | Self::All => (0..tokens).collect(),
        }
    }
}

impl FromStr for LensPositions {
    type Err = String;

    /// Reads `all` or a whole number of at least 1.
    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("all", _) => Ok(Self::All),
            (_, Ok(n)) => Ok(Self::Spread(n)),
            (_, Err(_)) => Err(format!(
                "`{text}` is neither `all` nor a whole number of at least 1"
            )),
        }
    }
}

impl fmt::Display for LensPositions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Spread(n) => n.fmt(f),
        }
    }
}
