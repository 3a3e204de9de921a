use outcrop_core::Error as CoreError;
use outcrop_forward::LensPositions;
use outcrop_observe::Observable;
use serde::{Deserialize, Serialize};

use crate::Result;

/// The fields of [`ScheduleSpec`].
pub(super) const SCHEDULE_KEYS: [&str; 2] = ["measure", "save"];

/// The fields of [`MeasureSpec`].
pub(super) const MEASURE_KEYS: [&str; 7] = [
    "sequences",
    "observe",
    "observe_per_sequence",
    "lens_positions",
    "labels",
    "targets",
    "registers",
];

fn is_default(positions: &LensPositions) -> bool {
    *positions == LensPositions::default()
}

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
    /// Observables that are also computed, such as `tokens,attention_entropy`: names of observables, of families, or
    /// `all` ([`outcrop_observe::select`]); default none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub observe: String,
    /// Whether observables are also written of every single sequence; default false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub observe_per_sequence: bool,
    /// At how many positions of a longer sequence the logit lens looks, evenly spread, or `all`; default 64.
    #[serde(skip_serializing_if = "is_default")]
    pub lens_positions: LensPositions,
    /// A table of labels of the held-out sequences, or of their positions ([`outcrop_tokens::Labels`]); default none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub labels: String,
    /// A table of their targets ([`outcrop_tokens::Targets`]); default none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub targets: String,
    /// Whether hidden states of registers are measured with those of tokens, as the positions before them; by default they
    /// are left out, and position 0 is the first token.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub registers: bool,
}

impl MeasureSpec {
    /// The observables that it names.
    ///
    /// # Errors
    /// [`Error::Core`](crate::Error::Core) for a name that no observable and no family has.
    pub fn observables(&self) -> Result<Vec<&'static Observable>> {
        if self.observe.is_empty() {
            let more = [&self.labels, &self.targets].map(|path| !path.is_empty());
            let fields = [
                "observe_per_sequence",
                "lens_positions",
                "labels",
                "targets",
            ];
            let lens = !is_default(&self.lens_positions);
            let set = [self.observe_per_sequence, lens, more[0], more[1]];
            if let Some((field, _)) = fields.into_iter().zip(set).find(|(_, set)| *set) {
                let field = format!("measure.{field}");
                let allowed = "something only beside measure.observe, such as observe = \"cka\"";
                return Err(CoreError::range(field, "set", allowed).into());
            }
            return Ok(Vec::new());
        }
        let unknown = |error: outcrop_observe::Error| {
            let allowed = format!("what docs/observables.md lists: failed to {error}");
            CoreError::range("measure.observe", &self.observe, allowed)
        };
        Ok(outcrop_observe::select(&self.observe).map_err(unknown)?)
    }
}

impl Default for MeasureSpec {
    fn default() -> Self {
        Self {
            sequences: 10,
            observe: String::new(),
            observe_per_sequence: false,
            lens_positions: LensPositions::default(),
            labels: String::new(),
            targets: String::new(),
            registers: false,
        }
    }
}
