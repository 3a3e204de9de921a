//! Hypotheses about a trajectory: the emergence curve, its limits and its rivals, behind one trait.

mod critically_damped;
mod emergence;
mod first_order_step;
mod fitted;
mod log_only;
mod logistic;
mod second_order_step;
mod shared;

pub use critically_damped::CriticallyDamped;
pub use emergence::{
    Covariance, Emergence, EmergenceCurve, EmergenceHypothesis, EmergenceParameters, Note,
    fit_emergence, lambert_w_of_exp,
};
pub use first_order_step::FirstOrderStep;
pub use fitted::Fitted;
pub use log_only::LogOnly;
pub use logistic::Logistic;
pub use second_order_step::SecondOrderStep;

use crate::Result;
use crate::names::place;
use crate::observations::Observations;

/// One parameter of a hypothesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterAbout {
    /// Symbol, as in the formula and in the header of the fits table.
    pub symbol: &'static str,
    /// Unit, empty where it has none.
    pub unit: &'static str,
    /// Meaning and range.
    pub meaning: &'static str,
}

/// The description of a hypothesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Name, as in the fits table.
    pub name: &'static str,
    /// The curve, t being the training step.
    pub formula: &'static str,
    /// Its parameters. With the noise variance they are the degrees of freedom that AICc counts.
    pub parameters: &'static [ParameterAbout],
    /// Its limits at the ends of its parameters, and the hypotheses that contain it.
    pub limits: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

impl About {
    /// Number of estimated quantities: the parameters and the noise variance.
    pub fn estimated(&self) -> usize {
        self.parameters.len() + 1
    }
}

/// A form that a trajectory may have, fitted by the projected solver.
pub trait Hypothesis: Send + Sync {
    /// Name, formula, parameters, limits, source.
    fn about(&self) -> &'static About;

    /// Its global optimum for one series.
    ///
    /// # Errors
    /// [`crate::Error::Solver`], should the optimiser fail.
    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted>;
}

/// Every hypothesis: the emergence curve, its nested limits, its rivals.
pub const HYPOTHESES: [&dyn Hypothesis; 6] = [
    &EmergenceHypothesis,
    &LogOnly,
    &CriticallyDamped,
    &FirstOrderStep,
    &SecondOrderStep,
    &Logistic,
];

/// The hypothesis of that name.
///
/// # Errors
/// [`crate::Error::Hypothesis`] with the known names and the nearest.
///
/// ```
/// use outcrop_fit::hypothesis;
///
/// assert_eq!(hypothesis("logistic")?.about().estimated(), 5);
/// let error = hypothesis("logistics").err().map(|e| e.to_string()).unwrap_or_default();
/// assert!(error.contains("did you mean `logistic`?"));
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn hypothesis(name: &str) -> Result<&'static dyn Hypothesis> {
    Ok(HYPOTHESES[place(name)?])
}
