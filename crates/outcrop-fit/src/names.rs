//! The names of the hypotheses, as in the fits table.

use crate::{Error, Result};

/// `hypothesis` of the emergence curve.
pub const EMERGENCE: &str = "emergence";
/// `hypothesis` of its limit beta = 0.
pub const LOG_ONLY: &str = "log only";
/// `hypothesis` of its limit tau0 = infinity.
pub const CRITICALLY_DAMPED: &str = "critically damped step";
/// `hypothesis` of the first-order step, the emergence curve without its logarithm.
pub const FIRST_ORDER_STEP: &str = "first-order step";
/// `hypothesis` of the second-order step.
pub const SECOND_ORDER_STEP: &str = "second-order step";
/// `hypothesis` of the logistic curve.
pub const LOGISTIC: &str = "logistic";

/// In the order of [`crate::HYPOTHESES`].
pub(crate) const NAMES: [&str; 6] = [
    EMERGENCE,
    LOG_ONLY,
    CRITICALLY_DAMPED,
    FIRST_ORDER_STEP,
    SECOND_ORDER_STEP,
    LOGISTIC,
];

/// The index of a name in [`NAMES`].
pub(crate) fn place(name: &str) -> Result<usize> {
    let place = NAMES.iter().position(|known| *known == name);
    place.ok_or_else(|| Error::Hypothesis {
        name: name.into(),
        nearest: outcrop_core::nearest(name, NAMES).map(str::to_owned),
        known: NAMES.join(", "),
    })
}
