//! Hypotheses about a trajectory: the emergence curve, its limits and its rivals, behind one trait.

mod about;
mod choice;
mod critically_damped;
mod deep_linear_mode;
mod double_rise;
mod drawn;
mod emergence;
mod first_order_step;
mod fitted;
mod fitted_row;
mod identified;
mod log_only;
mod logistic;
mod power_law;
mod scheduled;
mod second_order_step;
mod shared;

pub use about::{About, QuantityAbout, quantity_columns};
pub use choice::hypothesis;
pub use critically_damped::{CRITICALLY_DAMPED, CriticallyDamped};
pub use deep_linear_mode::{DEEP_LINEAR_MODE, DeepLinearMode};
pub use double_rise::{DOUBLE_RISE, DoubleRise};
pub use emergence::{
    Covariance, EMERGENCE, Emergence, EmergenceCurve, EmergenceHypothesis, EmergenceParameters,
    Intervals, Note, Posterior, fit_emergence, lambert_w_of_exp,
};
pub use first_order_step::{FIRST_ORDER_STEP, FirstOrderStep};
pub use fitted::Fitted;
pub use fitted_row::FittedRow;
pub use log_only::{LOG_ONLY, LogOnly};
pub use logistic::{LOGISTIC, Logistic};
pub use power_law::{POWER_LAW, PowerLaw};
pub use scheduled::{
    SCHEDULE_ANNEALING, SCHEDULE_DIP, SCHEDULE_EMERGENCE, SCHEDULE_LOG, ScheduleAnnealing,
    ScheduleDip, ScheduleEmergence, ScheduleLog,
};
pub use second_order_step::{SECOND_ORDER_STEP, SecondOrderStep};
pub use shared::{F_FIRST, F_LAST, F_MAX, T_HALF, T_PEAK};

use crate::Result;
use crate::observations::Observations;

/// A form that a trajectory may have, fitted by the projected solver.
///
/// What it declares in [`About::quantities`] is what its rows of the fits table hold. `tests/own_hypothesis.rs` adds
/// one from outside.
pub trait Hypothesis: Send + Sync {
    /// Name, formula, quantities, limits, source.
    fn about(&self) -> &'static About;

    /// Its global optimum for one series.
    ///
    /// # Errors
    /// [`crate::Error::Solver`], should the optimiser fail.
    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted>;

    /// What it says of one series: [`Hypothesis::fit`] as a row. A hypothesis with intervals, a status of its own or a
    /// band at `steps` adds them here.
    ///
    /// # Errors
    /// As [`Hypothesis::fit`].
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let _ = steps;
        Ok(FittedRow::new(self.fit(observations)?))
    }
}

/// Every hypothesis: the emergence curve, its nested limits, its rivals; then those that are fitted where they are named.
pub const HYPOTHESES: &[&dyn Hypothesis] = &[
    &EmergenceHypothesis,
    &LogOnly,
    &CriticallyDamped,
    &FirstOrderStep,
    &SecondOrderStep,
    &Logistic,
    &DeepLinearMode,
    &PowerLaw,
    &DoubleRise,
    &ScheduleLog,
    &ScheduleEmergence,
    &ScheduleAnnealing,
    &ScheduleDip,
];

/// The first six of [`HYPOTHESES`], which are fitted unless others are named: the emergence curve, its limits, and the
/// rivals that the paper compares with it. AICc weights of tables that were written with them stay comparable.
pub const DEFAULT_HYPOTHESES: &[&dyn Hypothesis] = HYPOTHESES.split_at(6).0;
