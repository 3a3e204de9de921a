//! Which errors of a run mean that a point is impossible.

use outcrop_core::Error as CoreError;

use crate::Error;

/// Why a point is not a run.
pub(super) enum Refusal {
    /// It cannot be one: it is left out.
    Impossible(String),
    /// The profile is wrong.
    Wrong(Error),
}

/// A value out of range is impossible together with others; anything else is a mistake in the profile.
pub(super) fn refusal(error: outcrop_train::Error) -> Refusal {
    match out_of_range(&error) {
        Some(reason) => Refusal::Impossible(reason),
        None => Refusal::Wrong(error.into()),
    }
}

fn out_of_range(error: &outcrop_train::Error) -> Option<String> {
    use outcrop_train::Error as TrainError;
    match error {
        TrainError::Arch(inner) => {
            matches!(inner, outcrop_arch::Error::OutOfRange { .. }).then(|| inner.to_string())
        }
        TrainError::Core(inner) => out_of_range_in_core(inner),
        _ => None,
    }
}

fn out_of_range_in_core(error: &CoreError) -> Option<String> {
    match error {
        CoreError::OutOfRange { .. } => Some(error.to_string()),
        CoreError::Arch(inner) => {
            matches!(inner, outcrop_arch::Error::OutOfRange { .. }).then(|| inner.to_string())
        }
        CoreError::At { source, .. } => {
            let train = source.downcast_ref().and_then(out_of_range);
            train.or_else(|| source.downcast_ref().and_then(out_of_range_in_core))
        }
        _ => None,
    }
}
