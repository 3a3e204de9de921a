//! The budget of a design: `params=10M..15M`.

use std::fmt;
use std::str::FromStr;

use outcrop_arch::ArchSpec;

use super::number::{real, short};
use crate::named::unknown;
use crate::{Error, Result};

/// The allowed range of a cost of an architecture. At the same cost, the shape of a transformer
/// changes its loss little (Kaplan et al. 2020): candidates within a narrow budget are neutral to it.
///
/// Written as `COST=LOW..HIGH`, `COST=..HIGH`, `COST=LOW..`, or `COST=VALUE` for VALUE within 5 %.
/// Numbers may end in K, M, B, T.
///
/// ```
/// use outcrop_predict::{Budget, Cost};
///
/// let budget: Budget = "params=10M..15M".parse()?;
/// assert_eq!((budget.cost, budget.low, budget.high), (Cost::Parameters, 1e7, 1.5e7));
/// assert_eq!("flops=..6B".parse::<Budget>()?.low, 0.0);
/// # Ok::<(), outcrop_predict::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The limited quantity.
    pub cost: Cost,
    /// Smallest cost allowed.
    pub low: f64,
    /// Largest cost allowed; may be infinite.
    pub high: f64,
}

/// The cost of an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Parameters, all of them: `params`.
    Parameters,
    /// Parameters without embeddings: `non_embedding`.
    NonEmbedding,
    /// Floating-point operations of training per token, [`ArchSpec::flops_per_token`]: `flops`.
    Flops,
}

impl Cost {
    const ALL: [Self; 3] = [Self::Parameters, Self::NonEmbedding, Self::Flops];

    /// Its name in budgets and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parameters => "params",
            Self::NonEmbedding => "non_embedding",
            Self::Flops => "flops",
        }
    }

    /// The cost of `arch`.
    pub fn of(self, arch: &ArchSpec) -> f64 {
        match self {
            Self::Parameters => arch.parameters().total as f64,
            Self::NonEmbedding => arch.parameters().non_embedding as f64,
            Self::Flops => arch.flops_per_token(),
        }
    }
}

impl Budget {
    /// Whether `cost` is allowed.
    pub fn holds(&self, cost: f64) -> bool {
        (self.low..=self.high).contains(&cost)
    }

    /// How far `cost` is from the range, as a factor; 1 within it.
    pub(super) fn excess(&self, cost: f64) -> f64 {
        (self.low / cost).max(cost / self.high).max(1.0)
    }
}

impl FromStr for Budget {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = |reason: String| Error::Request {
            what: "budget",
            text: text.into(),
            reason: format!("{reason}; write for example `params=10M..15M` or `flops=..6B`"),
        };
        let parts = text.split_once('=');
        let (name, range) = parts.ok_or_else(|| refuse("it has no `=`".into()))?;
        let cost = Cost::ALL.into_iter().find(|c| c.name() == name.trim());
        let cost =
            cost.ok_or_else(|| unknown("budget", name.trim(), &Cost::ALL.map(Cost::name)))?;
        let end = |text: &str, open: f64| match text.trim() {
            "" => Ok(open),
            text => real(text).ok_or_else(|| refuse(format!("`{text}` is no number"))),
        };
        let (low, high) = match range.split_once("..") {
            Some((low, high)) => (end(low, 0.0)?, end(high, f64::INFINITY)?),
            None => {
                let value = end(range, f64::NAN)?;
                (0.95 * value, 1.05 * value)
            }
        };
        match low >= 0.0 && high > 0.0 && low <= high {
            true => Ok(Self { cost, low, high }),
            false => Err(refuse("the range holds no positive number".into())),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = if self.low > 0.0 {
            short(self.low)
        } else {
            String::new()
        };
        let high = if self.high.is_finite() {
            short(self.high)
        } else {
            String::new()
        };
        write!(f, "{}={low}..{high}", self.cost.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_printed_back() {
        for text in ["params=10M..15M", "flops=..6B", "non_embedding=1.5K.."] {
            assert_eq!(text.parse::<Budget>().unwrap().to_string(), text);
        }
        let near: Budget = "params=100".parse().unwrap();
        assert!(near.holds(104.0) && !near.holds(106.0) && near.excess(210.0) == 2.0);
        for (text, part) in [
            ("params", "no `=`"),
            ("param=5", "did you mean `params`"),
            ("params=", "no positive"),
            ("params=5..x", "`x` is no number"),
            ("params=5..2", "no positive"),
            ("params=-5..-2", "no positive"),
        ] {
            let error = text.parse::<Budget>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
