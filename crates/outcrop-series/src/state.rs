use std::collections::BTreeMap;

use outcrop_core::table::Columns;
use outcrop_core::{Extent, Stage};
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
    /// Steps of all stages before it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<u64>,
    /// Whether rows name the stage; earlier versions named the model after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub staged: bool,
    /// SHA-256 of the token sequences.
    pub tokens_sha256: String,
    /// SHA-256 of the architecture; empty before the first checkpoint was opened.
    pub arch_sha256: String,
    /// Whether attention sinks are measured.
    pub sinks: bool,
    /// The backend that computes; none where `outcrop-forward` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// The names of the observables, in order; none where nothing is observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observables: Vec<String>,
    /// Whether there are rows of single sequences, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed_sequences: bool,
    /// At how many positions the logit lens looks; empty for all of them, and where it is not observed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lens_positions: String,
    /// SHA-256 of labels and targets; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations_sha256: Option<String>,
    /// The steps in the tables, each with its inputs.
    pub steps: BTreeMap<u64, Key>,
    /// How much of each table is good, by name; nothing where an earlier version wrote it.
    #[serde(default)]
    pub tables: BTreeMap<String, Good>,
}

impl SeriesState {
    /// The stage that rows name.
    pub(crate) fn row_stage(&self) -> Option<Stage> {
        let name = self.stage.clone().filter(|_| self.staged)?;
        Some(Stage {
            name,
            begins: self.begins,
        })
    }

    /// The columns of the measurements.
    pub(crate) fn columns(&self) -> Columns {
        match self.row_stage() {
            Some(_) => Columns::Staged,
            None => Columns::Detailed,
        }
    }

    /// The settings in which this differs from what is wanted. An earlier version, which named a model after
    /// its stage or seed, is gone on with as it is.
    pub(crate) fn differences(&self, wanted: &Self) -> Option<&'static str> {
        let older = |stage: &String| {
            let named = format!("{}-{stage}", wanted.model);
            self.model == named || self.model == wanted.model
        };
        let is_older = !self.staged && self.stage.as_ref().is_some_and(older);
        let is_stage = self.stage == wanted.stage || (is_older && wanted.stage.is_none());
        let differs = [
            ("model", self.model != wanted.model && !is_older),
            ("--stage", !is_stage),
            ("tokens", self.tokens_sha256 != wanted.tokens_sha256),
            ("--sinks", self.sinks != wanted.sinks),
            ("--backend", self.backend != wanted.backend),
            ("--observe", self.observables != wanted.observables),
            (
                "--observe-per-sequence",
                self.observed_sequences != wanted.observed_sequences,
            ),
            (
                "--lens-positions",
                self.lens_positions != wanted.lens_positions,
            ),
            (
                "--labels or --targets",
                self.annotations_sha256 != wanted.annotations_sha256,
            ),
        ];
        let first = differs.iter().find(|(_, differs)| *differs);
        first.map(|(what, _)| *what)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn state(model: &str, stage: Option<&str>, staged: bool) -> SeriesState {
        SeriesState {
            model: model.into(),
            stage: stage.map(str::to_owned),
            staged,
            ..SeriesState::default()
        }
    }

    #[test]
    fn a_folder_of_an_earlier_version_is_gone_on_with() {
        let wanted = state("olmo", Some("stage1"), true);
        assert_eq!(wanted.differences(&wanted), None);
        for older in ["olmo-stage1", "olmo"] {
            let held = state(older, Some("stage1"), false);
            assert_eq!(held.differences(&wanted), None, "{older}");
            assert_eq!(held.row_stage(), None);
        }
        // a seed was a stage once
        let seed = state("dd-seed-2", None, false);
        assert_eq!(
            state("dd-seed-2", Some("seed-2"), false).differences(&seed),
            None
        );
        let other = state("olmo", Some("stage2"), true);
        assert_eq!(other.differences(&wanted), Some("--stage"));
        let other = state("pythia", Some("stage1"), true);
        assert_eq!(other.differences(&wanted), Some("model"));
    }

    #[test]
    fn a_folder_with_other_observables_is_another_series() {
        let of = |names: &[&str]| SeriesState {
            observables: names.iter().map(|name| (*name).to_owned()).collect(),
            ..state("m", None, false)
        };
        assert_eq!(of(&["write"]).differences(&of(&["write"])), None);
        let differs = of(&["write"]).differences(&of(&[]));
        assert_eq!(differs, Some("--observe"));
        let sequences = SeriesState {
            observed_sequences: true,
            ..of(&["write"])
        };
        let differs = sequences.differences(&of(&["write"]));
        assert_eq!(differs, Some("--observe-per-sequence"));
        let lens = SeriesState {
            lens_positions: "64".to_owned(),
            ..of(&["write"])
        };
        let differs = lens.differences(&of(&["write"]));
        assert_eq!(differs, Some("--lens-positions"));
    }

    #[test]
    fn what_an_earlier_version_wrote_is_read() {
        let old = r#"{"model":"m","tokens_sha256":"t","arch_sha256":"","sinks":false,"steps":{}}"#;
        let read: SeriesState = serde_json::from_str(old).unwrap();
        assert_eq!((read.staged, read.begins, read.stage), (false, None, None));
        let unstaged = serde_json::to_string(&state("m", None, false)).unwrap();
        assert!(!unstaged.contains("staged") && !unstaged.contains("begins"));
    }
}
