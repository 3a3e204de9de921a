//! Quantities that several hypotheses have.

use super::QuantityAbout;

/// The status of a series that a constant fits as well.
pub(super) const FLAT_STATUS: &str = "flat";

/// c of the step responses; it is f(0).
pub(super) const OFFSET: QuantityAbout =
    QuantityAbout::parameter("c", "ratio", "value at step 0").without_column();

/// K of the step responses.
pub(super) const AMPLITUDE: QuantityAbout =
    QuantityAbout::parameter("K", "ratio", "amplitude; negative where the curve falls");

/// tau of the step responses.
pub(super) const TIME_CONSTANT: QuantityAbout = QuantityAbout::parameter(
    "tau",
    "steps",
    "time constant, at least 1 over the option `max_beta`",
)
.within(0.0, f64::INFINITY);

/// [`CurveSummary::f_first`](crate::CurveSummary::f_first) of any curve.
pub const F_FIRST: QuantityAbout =
    QuantityAbout::derived("f_first", "ratio", "the curve at the first step");

/// [`CurveSummary::f_last`](crate::CurveSummary::f_last) of any curve.
pub const F_LAST: QuantityAbout =
    QuantityAbout::derived("f_last", "ratio", "the curve at the last step");

/// [`CurveSummary::f_max`](crate::CurveSummary::f_max) of any curve.
pub const F_MAX: QuantityAbout = QuantityAbout::derived(
    "f_max",
    "ratio",
    "the largest value of the curve between them",
);

/// [`CurveSummary::t_half`](crate::CurveSummary::t_half) of any curve.
pub const T_HALF: QuantityAbout = QuantityAbout::derived(
    "t_half",
    "steps",
    "first step at which the curve is half-way from `f_first` to `f_max`, or to the smallest value where it falls",
)
.within(0.0, f64::INFINITY);

/// [`CurveSummary::t_peak`](crate::CurveSummary::t_peak) of any curve.
pub const T_PEAK: QuantityAbout = QuantityAbout::derived(
    "t_peak",
    "steps",
    "step of the maximum, where there is one inside the run",
)
.within(0.0, f64::INFINITY);
