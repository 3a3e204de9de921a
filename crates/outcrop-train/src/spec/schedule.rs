use serde::{Deserialize, Serialize};

/// The fields of [`ScheduleSpec`].
pub(super) const SCHEDULE_KEYS: [&str; 2] = ["measure", "save"];

/// The fields of [`MeasureSpec`].
pub(super) const MEASURE_KEYS: [&str; 1] = ["sequences"];

/// At which steps a model is measured and saved, in the grammar of [`outcrop_schedule`]. The last
/// step is always saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleSpec {
    /// Steps at which loss and hidden states are measured; default `0,geometric:1..last*40`.
    pub measure: String,
    /// Steps at which a checkpoint is written; default `last`.
    pub save: String,
}

impl Default for ScheduleSpec {
    fn default() -> Self {
        Self {
            measure: "0,geometric:1..last*40".into(),
            save: "last".into(),
        }
    }
}

/// The sequences on which a model is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MeasureSpec {
    /// Number of fixed held-out sequences; default 10 as in the paper, 1 to 10000.
    pub sequences: usize,
}

impl Default for MeasureSpec {
    fn default() -> Self {
        Self { sequences: 10 }
    }
}
