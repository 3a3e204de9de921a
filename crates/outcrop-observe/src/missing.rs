use std::fmt;

/// Why an observable has no value for a sample. It is never written as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Missing {
    /// A scalar that is needed is NaN or infinite.
    NotFinite,
    /// There is position 0 alone.
    OnePosition,
    /// Too few rows (or columns) for the definition.
    TooShort,
    /// All rows, or all scalars, are equal, so there is nothing to compare.
    Constant,
    /// What stands in the denominator is 0.
    Zero,
    /// A tensor, labels or sinks that are needed were not given.
    NotGiven,
    /// No position other than 0 is a sink.
    NoSink,
    /// There are not two classes with enough rows.
    OneClass,
    /// Rows coincide, so their density is not finite.
    Coincident,
    /// The eigenvalues did not converge.
    NotConverged,
    /// Weights that are no attention: below 0, a row that adds up to more than 1, not as many keys as queries.
    NotAttention,
    /// No layer in which the largest magnitude grows or falls tenfold.
    NoStep,
}

/// What an observable gives for one sample.
pub type Found = Result<f64, Missing>;

impl Missing {
    /// All of them, in the order of the enum.
    pub const ALL: [Self; 12] = [
        Self::NotFinite,
        Self::OnePosition,
        Self::TooShort,
        Self::Constant,
        Self::Zero,
        Self::NotGiven,
        Self::NoSink,
        Self::OneClass,
        Self::Coincident,
        Self::NotConverged,
        Self::NotAttention,
        Self::NoStep,
    ];

    /// The code in tables, such as `too-short`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFinite => "not-finite",
            Self::OnePosition => "one-position",
            Self::TooShort => "too-short",
            Self::Constant => "constant",
            Self::Zero => "zero",
            Self::NotGiven => "not-given",
            Self::NoSink => "no-sink",
            Self::OneClass => "one-class",
            Self::Coincident => "coincident",
            Self::NotConverged => "not-converged",
            Self::NotAttention => "not-attention",
            Self::NoStep => "no-step",
        }
    }

    /// In words, for a page.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NotFinite => "a scalar that is needed is NaN or infinite",
            Self::OnePosition => "there is position 0 alone",
            Self::TooShort => "too few rows (or columns) for the definition",
            Self::Constant => "all rows, or all scalars, are equal",
            Self::Zero => "the denominator is 0",
            Self::NotGiven => "a tensor, labels or sinks that are needed were not given",
            Self::NoSink => "no position other than 0 is a sink",
            Self::OneClass => "there are not two classes with enough rows",
            Self::Coincident => "rows coincide, so their density is not finite",
            Self::NotConverged => "the eigenvalues did not converge",
            Self::NotAttention => {
                "a weight is below 0 or above 1, or there are not as many keys as queries; for an entropy also: a row adds up to more than 1"
            }
            Self::NoStep => "no layer in which the largest magnitude grows or falls tenfold",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// `above / below`, missing where `below` is 0 (or the quotient is not finite).
pub(crate) fn quotient(above: f64, below: f64) -> Found {
    let quotient = above / below;
    match quotient.is_finite() {
        true => Ok(quotient),
        false => Err(Missing::Zero),
    }
}
