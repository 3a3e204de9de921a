//! A checkpoint with its phase as a row.

use outcrop_core::table::Row;
use serde::{Deserialize, Serialize};

use super::Found;
use crate::cli::output::significant;

/// A checkpoint of a run, or of a layer of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    model: String,
    /// Empty where the layers are taken together.
    layer: Option<u32>,
    step: u64,
    /// The most probable phase, from 1.
    phase: u64,
    /// Its probability.
    probability: f64,
    /// How many phases the run has, by BIC.
    phases: u64,
    /// How many observables decide.
    observables: u64,
    /// `shared`, where phases differ in their levels alone, or `own`.
    noise: String,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = &["model", "layer", "step", "phase", "probability"];
    const HEADER: &'static [&'static str] = &[
        "model",
        "layer",
        "step",
        "phase",
        "probability",
        "phases",
        "observables",
        "noise",
    ];
    const NAMED: &'static [&'static str] = &["model"];

    fn key(&self) -> String {
        format!(
            "model {:?}, layer {:?}, step {}",
            self.model, self.layer, self.step
        )
    }
}

impl Line {
    /// The checkpoints of a run.
    pub(super) fn all(model: &str, layer: Option<u32>, found: &Found) -> Vec<Self> {
        let path = found.phases.path();
        let checkpoints = found.steps.iter().zip(&path).zip(&found.phases.posterior);
        let line = |((step, phase), posterior): ((&u64, &usize), &Vec<f64>)| Self {
            model: model.to_owned(),
            layer,
            step: *step,
            phase: *phase as u64 + 1,
            probability: posterior[*phase],
            phases: found.phases.dynamics.len() as u64,
            observables: found.observables as u64,
            noise: if found.phases.shared { "shared" } else { "own" }.into(),
        };
        checkpoints.map(line).collect()
    }

    fn is_with(&self, other: &Self) -> bool {
        (&self.model, self.layer, self.phase) == (&other.model, other.layer, other.phase)
    }
}

/// The phases one after the other, for reading: from which step to which, and the least probability between.
pub(super) fn segments(lines: &[Line]) -> Vec<Vec<String>> {
    let header = [
        "model",
        "layer",
        "phase",
        "of",
        "first",
        "last",
        "checkpoints",
        "probability",
    ];
    let segment = |lines: &[Line]| {
        let [first, last] = [&lines[0], &lines[lines.len() - 1]];
        let least = lines
            .iter()
            .map(|line| line.probability)
            .fold(1.0, f64::min);
        vec![
            first.model.clone(),
            first
                .layer
                .map(|layer| layer.to_string())
                .unwrap_or_default(),
            first.phase.to_string(),
            first.phases.to_string(),
            first.step.to_string(),
            last.step.to_string(),
            lines.len().to_string(),
            significant(least),
        ]
    };
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(lines.chunk_by(Line::is_with).map(segment));
    rows
}
