use serde::{Deserialize, Serialize};

/// A call of `outcrop measure`, whose checkpoints are shared among elements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measures {
    /// Its words, without those about the cluster.
    pub(crate) words: Vec<String>,
    /// The folder in which it was called.
    pub(crate) from: String,
}
