/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a fit. Each message completes "failed to ..." and names the series, and
/// where there is one the step and the value at fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are not as many steps as values.
    #[error("fit {series}: {steps} steps but {values} values")]
    Lengths {
        /// The series at fault.
        series: String,
        /// Number of steps.
        steps: usize,
        /// Number of values.
        values: usize,
    },
    /// Fewer points than the five parameters and two more.
    #[error("fit {series}: it has {found} points, at least {needed} are needed")]
    TooFewPoints {
        /// The series at fault.
        series: String,
        /// Number of points.
        found: usize,
        /// Number of points that are needed.
        needed: usize,
    },
    /// A step that is negative, not finite, or no larger than the one before it.
    #[error(
        "fit {series}: step {step} (value {value}) is out of order; steps are finite, at least 0 \
         and ascend, so sort the rows and keep one for each step"
    )]
    Step {
        /// The series at fault.
        series: String,
        /// The step at fault.
        step: f64,
        /// The value there.
        value: f64,
    },
    /// A value that no ratio can have.
    #[error(
        "fit {series}: value {value} at step {step}; values are finite and at least 0, so leave \
         that step out or measure it again"
    )]
    Value {
        /// The series at fault.
        series: String,
        /// The step at fault.
        step: f64,
        /// The value there.
        value: f64,
    },
    /// A value that the observable cannot have, or that its scale has no place for.
    #[error(
        "fit {series}: value {value} at step {step}; allowed is a finite number {allowed}, so leave that step out, or \
         choose other bounds or another scale"
    )]
    Shape {
        /// The series at fault.
        series: String,
        /// The step at fault.
        step: f64,
        /// The value there.
        value: f64,
        /// The allowed values, in words.
        allowed: String,
    },
    /// The largest value is so small or so large that its square is not a number.
    #[error(
        "fit {series}: the largest value, {value:e} at step {step}, is outside 1e-100 to 1e100, so \
         give the values in another unit"
    )]
    Size {
        /// The series at fault.
        series: String,
        /// The step at fault.
        step: f64,
        /// The value there.
        value: f64,
    },
    /// A value that is not finite, or so large that its square is not.
    #[error(
        "find transitions of {series}: value {value} at step {step}; values are finite and below 1e100, so leave \
         that step out or measure it again"
    )]
    NotFinite {
        /// The series at fault.
        series: String,
        /// The step at fault.
        step: f64,
        /// The value there.
        value: f64,
    },
    /// No number of phases explains the observables and the labels.
    #[error(
        "find phases of {observables}: no number of phases that was tried is possible; give fewer labels, or let phases return"
    )]
    Phases {
        /// The names of the observables.
        observables: String,
    },
    /// A standard error that is negative or not finite.
    #[error(
        "fit {series}: standard error {sem} at step {step}; allowed is a finite number of at least 0"
    )]
    StandardError {
        /// The series at fault.
        series: String,
        /// The step at fault.
        step: f64,
        /// The value there.
        sem: f64,
    },
    /// The weights go by standard errors, and there are none.
    #[error(
        "fit {series}: weights by standard error need one at every step (column `sem`); choose \
         other weights"
    )]
    NoStandardErrors {
        /// The series at fault.
        series: String,
    },
    /// A hypothesis in schedule time, and no learning rates.
    #[error(
        "fit {series} in schedule time: its learning rates are not known; name the folder of its run (run.toml or \
         loss.csv), or add a column `learning_rate` to the table"
    )]
    NoSchedule {
        /// The series at fault.
        series: String,
    },
    /// All values are equal, so that there is no curve.
    #[error("fit {series}: all {n} values are {value}, from step {first} to step {last}")]
    Constant {
        /// The series at fault.
        series: String,
        /// Number of points.
        n: usize,
        /// The value.
        value: f64,
        /// First step.
        first: f64,
        /// Last step.
        last: f64,
    },
    /// A step at which no curve has a value.
    #[error("forecast step {step} of {series}: allowed is a finite number of at least 0")]
    ForecastStep {
        /// The series at fault.
        series: String,
        /// The step at fault.
        step: f64,
    },
    /// An option outside its range.
    #[error("accept option {name} = {value}: allowed is {allowed}")]
    Option {
        /// The option at fault.
        name: &'static str,
        /// Its value as given.
        value: f64,
        /// The allowed values, in words.
        allowed: &'static str,
    },
    /// A hypothesis that does not exist.
    #[error("find hypothesis `{name}`{}; known are: {known}", hint(nearest))]
    Hypothesis {
        /// The name as given.
        name: String,
        /// The known name closest to it, if one is close.
        nearest: Option<String>,
        /// Every known name.
        known: String,
    },
    /// The optimiser stopped without a result.
    #[error("fit {series}: the solver stopped: {reason}")]
    Solver {
        /// The series at fault.
        series: String,
        /// The error of the optimiser.
        reason: String,
    },
    /// Too few trajectories to learn from.
    #[error(
        "learn from {known} of {all} trajectories: at least {least} that can be fitted and whose learning rates are known"
    )]
    TooFewToLearn {
        /// How many can be learned from.
        known: usize,
        /// How many there are.
        all: usize,
        /// How many are needed.
        least: usize,
    },
}

fn hint(nearest: &Option<String>) -> String {
    let hint = nearest.as_ref().map(|n| format!(" (did you mean `{n}`?)"));
    hint.unwrap_or_default()
}
