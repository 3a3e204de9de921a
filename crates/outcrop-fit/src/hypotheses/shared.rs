//! Parameters that several hypotheses have.

use super::ParameterAbout;

/// c of the step responses.
pub(super) const OFFSET: ParameterAbout = ParameterAbout {
    symbol: "c",
    unit: "ratio",
    meaning: "value at step 0",
};

/// K of the step responses.
pub(super) const AMPLITUDE: ParameterAbout = ParameterAbout {
    symbol: "K",
    unit: "ratio",
    meaning: "amplitude; negative where the curve falls",
};

/// tau of the step responses.
pub(super) const TIME_CONSTANT: ParameterAbout = ParameterAbout {
    symbol: "tau",
    unit: "steps",
    meaning: "time constant, at least 1 over the option `max_beta`",
};
