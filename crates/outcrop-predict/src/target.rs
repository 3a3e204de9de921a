use std::fmt;

use outcrop_core::Fit;

/// A quantity of a fitted curve that is predicted.
///
/// The five parameters of Eq. 9 are the paper's targets; the four summaries are what a run
/// identifies even where it does not identify the parameters. A value that is empty, not finite or,
/// under a logarithm, not above 0 is *not identified*: its row is left out of that target and stays
/// in the others.
///
/// | target | unit | transform before regression |
/// |---|---|---|
/// | `A` | ratio | sign(x) ln(1 + abs x) |
/// | `lambda` | 1 | sign(x) ln(1 + abs x) |
/// | `gamma` | 1/step | sign(x) ln(1 + abs x) |
/// | `t0` | 1 | sign(x) ln(1 + abs x) |
/// | `K` | ratio | Yeo-Johnson, then standardised |
/// | `ln f_first`, `ln f_last`, `ln f_max` | ln of a ratio | none |
/// | `ln t_half` | ln of a step | none |
///
/// The paper has log1p for the first four, which does not exist at or below -1 (`A` is negative
/// where a curve falls); the signed form is the same for every x of at least 0 and keeps the rows
/// below. Yeo-Johnson is fitted by maximum likelihood on training rows only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Target {
    /// Amplitude A of Eq. 9.
    A,
    /// Decay rate lambda of Eq. 9.
    Lambda,
    /// Time scaling gamma of Eq. 9, per step.
    Gamma,
    /// Time offset t0 of Eq. 9.
    T0,
    /// Asymptote K of Eq. 9.
    K,
    /// Natural logarithm of the curve at the first step.
    LnFFirst,
    /// Natural logarithm of the curve at the last step.
    LnFLast,
    /// Natural logarithm of the largest value of the curve.
    LnFMax,
    /// Natural logarithm of the step at which the curve is half-way up (or down).
    LnTHalf,
}

impl Target {
    /// All targets: the paper's five, then the identified summaries.
    pub const ALL: [Self; 9] = [
        Self::A,
        Self::Lambda,
        Self::Gamma,
        Self::T0,
        Self::K,
        Self::LnFFirst,
        Self::LnFLast,
        Self::LnFMax,
        Self::LnTHalf,
    ];

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
        }
    }

    /// Its value in `fit`, in its unit; none where it is not identified.
    ///
    /// ```
    /// use outcrop_core::Fit;
    /// use outcrop_predict::Target;
    ///
    /// let fit = Fit { f_last: Some(1.0), t_half: Some(0.0), ..Fit::default() };
    /// assert_eq!(Target::LnFLast.of(&fit), Some(0.0));
    /// assert_eq!(Target::LnTHalf.of(&fit), None); // ln 0
    /// assert_eq!(Target::K.of(&fit), None); // empty
    /// ```
    pub fn of(self, fit: &Fit) -> Option<f64> {
        let value = match self {
            Self::A => fit.a,
            Self::Lambda => fit.lambda,
            Self::Gamma => fit.gamma,
            Self::T0 => fit.t0,
            Self::K => fit.k,
            Self::LnFFirst => fit.f_first.map(f64::ln),
            Self::LnFLast => fit.f_last.map(f64::ln),
            Self::LnFMax => fit.f_max.map(f64::ln),
            Self::LnTHalf => fit.t_half.map(f64::ln),
        };
        value.filter(|v| v.is_finite())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
