use std::collections::BTreeMap;

use outcrop_core::Extent;
use serde::{Deserialize, Serialize};

use crate::key::Key;

/// The inputs and progress of a series: `state.json`. A folder is resumed only with the same inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesState {
    /// Name of the model in the tables.
    pub model: String,
    /// The stage of training in which the steps count, if their names have one.
    #[serde(default)]
    pub stage: Option<String>,
    /// SHA-256 of the token sequences.
    pub tokens_sha256: String,
    /// SHA-256 of the architecture; empty before the first checkpoint was opened.
    pub arch_sha256: String,
    /// Whether attention sinks are measured.
    pub sinks: bool,
    /// The steps in the tables, each with its inputs.
    pub steps: BTreeMap<u64, Key>,
    /// How much of each table is good, by name; nothing where an earlier version wrote it.
    #[serde(default)]
    pub tables: BTreeMap<String, Good>,
}

/// How much of a table is good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Good {
    /// Its first bytes.
    pub now: Extent,
    /// The table that is about to replace it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Extent>,
}
