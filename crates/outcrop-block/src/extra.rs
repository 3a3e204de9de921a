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
    /// That of a key of each key-value head, whose value may be 0.
    Key { key: T, value: Option<T> },
}

impl<T> Extra<T> {
    /// The same of something else that is learned.
    pub(crate) fn map<U>(self, mut of: impl FnMut(T) -> U) -> Extra<U> {
        match self {
            Self::None => Extra::None,
            Self::Zero => Extra::Zero,
            Self::Logits(logits) => Extra::Logits(of(logits)),
            Self::Key { key, value } => Extra::Key {
                key: of(key),
                value: value.map(of),
            },
        }
    }

    pub(crate) fn as_ref(&self) -> Extra<&T> {
        match self {
            Self::None => Extra::None,
            Self::Zero => Extra::Zero,
            Self::Logits(logits) => Extra::Logits(logits),
            Self::Key { key, value } => Extra::Key {
                key,
                value: value.as_ref(),
            },
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
        let key = TensorRole::ExtraKey;
        Ok(match score {
            None => Self::None,
            Some(ExtraScore::Zero) => Self::Zero,
            Some(ExtraScore::Logits) => {
                Self::Logits(vector(TensorRole::SinkLogits, "logits of heads")?)
            }
            Some(ExtraScore::Key) => Self::Key {
                key: vector(key, "key")?,
                value: None,
            },
            Some(ExtraScore::KeyValue) => Self::Key {
                key: vector(key, "key")?,
                value: Some(vector(TensorRole::ExtraValue, "value")?),
            },
        })
    }
}

/// What is learned of the extra score of one head.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HeadExtra<'a> {
    /// The score of every query.
    Score(f32),
    /// The key [d_head] that makes it, and the value that its weight is of, where that is not 0.
    Key(&'a [f32], Option<&'a [f32]>),
}

impl<'a> Extra<&'a [f32]> {
    /// Of a head, whose key-value head and width are these.
    pub(crate) fn of_head(&self, head: usize, [kv_head, d]: [usize; 2]) -> Option<HeadExtra<'a>> {
        let own = |values: &'a [f32]| &values[kv_head * d..][..d];
        match *self {
            Self::None => None,
            Self::Zero => Some(HeadExtra::Score(0.0)),
            Self::Logits(logits) => Some(HeadExtra::Score(logits[head])),
            Self::Key { key, value } => Some(HeadExtra::Key(own(key), value.map(own))),
        }
    }
}
