/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error in an expression. Each message completes "failed to ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A term that is not a number and begins with no keyword.
    #[error("read schedule term `{term}`{}: a term is {FORMS}", hint(nearest))]
    UnknownTerm {
        /// The term at fault.
        term: String,
        /// The keyword closest to it, if one is close.
        nearest: Option<String>,
    },
    /// A term whose keyword is followed by something else than it takes.
    #[error("read schedule term `{term}`: its form is `{form}`")]
    Form {
        /// The term at fault.
        term: String,
        /// The form of the keyword.
        form: &'static str,
    },
    /// A number outside its range.
    #[error("accept schedule term `{term}`: {field} = {value}, allowed is {allowed}")]
    OutOfRange {
        /// The term at fault.
        term: String,
        /// Which of its numbers.
        field: &'static str,
        /// The number as given, or the value of `last`.
        value: String,
        /// The allowed values, in words.
        allowed: String,
    },
    /// The last step of a run that is not known.
    #[error("read schedule term `{term}`: it needs the run's last step; write it as a number")]
    NoRun {
        /// The term at fault.
        term: String,
    },
    /// A number that is listed twice.
    #[error("accept schedule term `{term}`: step {step} is listed already; list it once")]
    Repeated {
        /// The term at fault.
        term: String,
        /// The step.
        step: u64,
    },
    /// More steps than a schedule holds.
    #[error("accept schedule term `{term}`: it makes {count} steps, at most {allowed} are allowed")]
    TooMany {
        /// The term at fault.
        term: String,
        /// The number of steps with it.
        count: u64,
        /// The largest number of steps.
        allowed: u64,
    },
}

const FORMS: &str = "a step, `last`, `pow2:LAST`, `every:STRIDE`, `every:STRIDE..LAST`, \
                     `geometric:FIRST..LAST*COUNT`, `pythia` or `pythia:LAST`";

fn hint(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|n| format!(" (did you mean `{n}`?)"))
        .unwrap_or_default()
}
