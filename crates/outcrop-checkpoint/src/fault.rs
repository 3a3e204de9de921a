use serde::{Deserialize, Serialize};

/// A fault of published checkpoints that someone reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KnownFault {
    /// The models, as `Run::ids`.
    pub of: Vec<String>,
    /// The steps; empty where the whole run is meant.
    #[serde(default)]
    pub steps: Vec<u64>,
    /// Whether these steps should not enter a fit.
    pub suspect: bool,
    /// What it is.
    pub what: String,
    /// Who says so.
    pub source: String,
}
