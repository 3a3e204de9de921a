use outcrop_arch::{ExtraScore, TensorKind, TensorRole};

use crate::input::Inputs;
use crate::{Error, Result};

/// One more score of each query beside those of its keys. `T` is what is learned: the number of an input, or its values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Extra<T> {
    #[default]
    None,
    /// 0.
    Zero,
    /// One a head.
    Logits(T),
}

impl<T> Extra<T> {
    /// The same of something else that is learned.
    pub(crate) fn map<U>(self, mut of: impl FnMut(T) -> U) -> Extra<U> {
        match self {
            Self::None => Extra::None,
            Self::Zero => Extra::Zero,
            Self::Logits(logits) => Extra::Logits(of(logits)),
        }
    }
}

impl Extra<usize> {
    /// The inputs of what a step asks for.
    pub(crate) fn of(score: Option<ExtraScore>, inputs: &mut Inputs<'_>) -> Result<Self> {
        let mut vector = |role, kind: &'static str| {
            let missing = || Error::Part {
                role: format!("{role:?}"),
                kind,
            };
            (inputs.vector(role, TensorKind::Bias)).ok_or_else(missing)
        };
        Ok(match score {
            None => Self::None,
            Some(ExtraScore::Zero) => Self::Zero,
            Some(ExtraScore::Logits) => {
                Self::Logits(vector(TensorRole::SinkLogits, "logits of heads")?)
            }
        })
    }
}

impl<T: AsRef<[f32]>> Extra<T> {
    /// The values, borrowed.
    pub(crate) fn borrowed(&self) -> Extra<&[f32]> {
        match self {
            Self::None => Extra::None,
            Self::Zero => Extra::Zero,
            Self::Logits(logits) => Extra::Logits(logits.as_ref()),
        }
    }
}

impl Extra<&[f32]> {
    /// The score of all queries of a head, where there is one.
    pub(crate) fn score(&self, head: usize) -> Option<f32> {
        match self {
            Self::None => None,
            Self::Zero => Some(0.0),
            Self::Logits(logits) => logits.get(head).copied(),
        }
    }
}
