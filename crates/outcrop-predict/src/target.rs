use std::fmt;

use outcrop_core::Fit;
use serde::{Deserialize, Serialize};

/// A quantity of a fitted curve that is predicted.
///
/// The five parameters of Eq. 9 are the paper's targets; the summaries are what a run identifies
/// even where it does not identify the parameters. A value that is empty, not finite or, under a
/// logarithm, not above 0 is *not identified* ([`Unidentified`]): its row is left out of that
/// target and stays in the others, and [`Table::left_out`](crate::Table::left_out) counts it.
///
/// | target | unit | transform before regression |
/// |---|---|---|
/// | `A` | ratio | sign(x) ln(1 + abs x) |
/// | `lambda` | 1 | sign(x) ln(1 + abs x) |
/// | `gamma` | 1/step | sign(x) ln(1 + abs x) |
/// | `t0` | 1 | sign(x) ln(1 + abs x) |
/// | `K` | ratio | Yeo-Johnson, then standardised |
/// | `ln f_first`, `ln f_last`, `ln f_max` | ln of a ratio | none |
/// | `ln t_half`, `ln t_peak` | ln of a step | none |
/// | `P(peak)` | probability | clipped to 0.01 to 0.99, then ln(p / (1 - p)) |
///
/// The paper has log1p for the first four, which does not exist at or below -1 (`A` is negative
/// where a curve falls); the signed form is the same for every x of at least 0 and keeps the rows
/// below. Yeo-Johnson is fitted by maximum likelihood on training rows only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Target {
    /// Amplitude A of Eq. 9.
    A,
    /// Decay rate lambda of Eq. 9.
    #[serde(rename = "lambda")]
    Lambda,
    /// Time scaling gamma of Eq. 9, per step.
    #[serde(rename = "gamma")]
    Gamma,
    /// Time offset t0 of Eq. 9.
    #[serde(rename = "t0")]
    T0,
    /// Asymptote K of Eq. 9.
    K,
    /// Natural logarithm of the curve at the first step.
    #[serde(rename = "ln f_first")]
    LnFFirst,
    /// Natural logarithm of the curve at the last step.
    #[serde(rename = "ln f_last")]
    LnFLast,
    /// Natural logarithm of the largest value of the curve.
    #[serde(rename = "ln f_max")]
    LnFMax,
    /// Natural logarithm of the step at which the curve is half-way up (or down).
    #[serde(rename = "ln t_half")]
    LnTHalf,
    /// Probability that the curve has a maximum inside the run.
    #[serde(rename = "P(peak)")]
    PPeak,
    /// Natural logarithm of the step of that maximum, where there is one.
    #[serde(rename = "ln t_peak")]
    LnTPeak,
}

/// Why a target is not identified in a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unidentified {
    /// The fit leaves it empty.
    Empty,
    /// It is infinite or NaN.
    NotFinite,
    /// Its logarithm does not exist, or it is no probability.
    OutOfRange,
}

impl Unidentified {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Empty, Self::NotFinite, Self::OutOfRange];
}

impl fmt::Display for Unidentified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Empty => "not identified by the fit",
            Self::NotFinite => "not finite",
            Self::OutOfRange => "out of its range",
        })
    }
}

impl Target {
    /// All targets: the paper's five, then the identified summaries.
    pub const ALL: [Self; 11] = [
        Self::A,
        Self::Lambda,
        Self::Gamma,
        Self::T0,
        Self::K,
        Self::LnFFirst,
        Self::LnFLast,
        Self::LnFMax,
        Self::LnTHalf,
        Self::PPeak,
        Self::LnTPeak,
    ];

    /// The targets that a predicted curve passes through.
    pub(crate) const CURVE: [Self; 4] =
        [Self::LnFFirst, Self::LnFLast, Self::LnFMax, Self::LnTHalf];

    /// Its name in the `target` column of tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Lambda => "lambda",
            Self::Gamma => "gamma",
            Self::T0 => "t0",
            Self::K => "K",
            Self::LnFFirst => "ln f_first",
            Self::LnFLast => "ln f_last",
            Self::LnFMax => "ln f_max",
            Self::LnTHalf => "ln t_half",
            Self::PPeak => "P(peak)",
            Self::LnTPeak => "ln t_peak",
        }
    }

    /// Its value in a curve of ln ratios from the first step of a run to the last, where a curve tells it by itself. Not so `f_first`
    /// and `t_half`, which are of a smooth curve without the early dip.
    pub(crate) fn of_curve(self, ln_ratios: &[f64]) -> Option<f64> {
        match self {
            Self::LnFMax => ln_ratios.iter().copied().reduce(f64::max),
            Self::LnFLast => ln_ratios.last().copied(),
            Self::A
            | Self::Lambda
            | Self::Gamma
            | Self::T0
            | Self::K
            | Self::LnFFirst
            | Self::LnTHalf
            | Self::PPeak
            | Self::LnTPeak => None,
        }
    }

    /// Whether it is the natural logarithm of the value in the fit.
    pub fn is_logarithm(self) -> bool {
        self.name().starts_with("ln ")
    }

    /// Its value in `fit`, in its unit; none where it is not identified.
    ///
    /// ```
    /// use outcrop_core::Fit;
    /// use outcrop_predict::Target;
    ///
    /// let fit = Fit { quantities: [("f_last", 1.0), ("t_half", 0.0)].into(), ..Fit::default() };
    /// assert_eq!(Target::LnFLast.of(&fit), Some(0.0));
    /// assert_eq!(Target::LnTHalf.of(&fit), None); // ln 0
    /// assert_eq!(Target::K.of(&fit), None); // empty
    /// ```
    pub fn of(self, fit: &Fit) -> Option<f64> {
        self.read(fit).ok()
    }

    /// Its value in `fit`, in its unit, or why there is none.
    ///
    /// # Errors
    /// The reason.
    pub fn read(self, fit: &Fit) -> std::result::Result<f64, Unidentified> {
        let value = self.columns(fit)[0].ok_or(Unidentified::Empty)?;
        if !value.is_finite() {
            return Err(Unidentified::NotFinite);
        }
        let allowed = match self {
            Self::PPeak => (0.0..=1.0).contains(&value),
            _ => !self.is_logarithm() || value > 0.0,
        };
        match allowed {
            true => Ok(self.unit(value)),
            false => Err(Unidentified::OutOfRange),
        }
    }

    /// Its interval in `fit`, in its unit; an end that is open, or whose logarithm does not exist,
    /// is infinite. None where the fit has neither end.
    pub(crate) fn interval(self, fit: &Fit) -> Option<[f64; 2]> {
        let [_, low, high] = self.columns(fit);
        let end = |value: Option<f64>, open: f64| {
            let value = value.map(|v| self.unit(v));
            value.filter(|v| v.is_finite()).unwrap_or(open)
        };
        (low.is_some() || high.is_some())
            .then(|| [end(low, f64::NEG_INFINITY), end(high, f64::INFINITY)])
    }

    fn unit(self, value: f64) -> f64 {
        if self.is_logarithm() {
            value.ln()
        } else {
            value
        }
    }

    /// The quantity of a fit that it is, or whose logarithm it is.
    pub fn quantity(self) -> &'static str {
        match self {
            Self::PPeak => "p_peak",
            other => other.name().trim_start_matches("ln "),
        }
    }

    /// The value and the ends of its interval as the table of fits has them.
    fn columns(self, fit: &Fit) -> [Option<f64>; 3] {
        let quantity = fit.quantity(self.quantity());
        quantity.map_or([None; 3], |q| [q.value, q.lo, q.hi])
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use outcrop_core::Quantity;

    use super::*;

    #[test]
    fn every_target_is_of_a_quantity() {
        let quantities = Target::ALL.map(Target::quantity);
        let names = [
            "A", "lambda", "gamma", "t0", "K", "f_first", "f_last", "f_max", "t_half", "p_peak",
            "t_peak",
        ];
        assert_eq!(quantities, names);
    }

    #[test]
    fn a_value_that_is_not_identified_says_why() {
        let fit = Fit {
            quantities: [
                Quantity::new("K", f64::INFINITY),
                Quantity::new("f_max", -1.0),
                Quantity::new("p_peak", 1.5),
                Quantity::new("t_half", 1.0).between(0.0, std::f64::consts::E),
            ]
            .into(),
            ..Fit::default()
        };
        assert_eq!(Target::A.read(&fit), Err(Unidentified::Empty));
        assert_eq!(Target::K.read(&fit), Err(Unidentified::NotFinite));
        assert_eq!(Target::LnFMax.read(&fit), Err(Unidentified::OutOfRange));
        assert_eq!(Target::PPeak.read(&fit), Err(Unidentified::OutOfRange));
        assert_eq!(Target::LnTHalf.read(&fit), Ok(0.0));
        assert_eq!(
            Target::LnTHalf.interval(&fit),
            Some([f64::NEG_INFINITY, 1.0])
        );
        assert_eq!(Target::PPeak.interval(&fit), None);
    }
}
