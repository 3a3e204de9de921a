//! Which checkpoints of a series a process measures.

use std::collections::BTreeSet;

/// Some checkpoints of a series, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Share {
    /// All of them.
    #[default]
    All,
    /// That of this step, as an element of a job array.
    Only(u64),
    /// All but those of these steps, which no element has measured yet.
    Without(BTreeSet<u64>),
}

impl Share {
    /// Whether the checkpoint of a step belongs to it.
    pub(super) fn has(&self, step: u64) -> bool {
        match self {
            Self::All => true,
            Self::Only(one) => *one == step,
            Self::Without(missing) => !missing.contains(&step),
        }
    }
}
