//! Turnover against the last step, which is known once all steps are measured.

use std::collections::HashMap;

use outcrop_core::Observation;
use outcrop_forward::{LAST_STEP, StepChannels, compare_with_last};

use super::Measuring;
use crate::Result;

/// What a row is of: layer, place, sequence.
type Key = (u32, String, Option<u32>);

impl Measuring<'_> {
    /// Compares all steps with the last that was measured.
    pub(super) fn compare_with_last(&mut self) -> Result<()> {
        let steps = self.state.steps.keys().next_back();
        let last = steps.and_then(|last| self.compared.channels(*last));
        let Some(last) = last else {
            return Ok(());
        };
        let sequences = self.options.observe.sequences;
        let mut of_step = (None, HashMap::new());
        let (model, compared) = (self.state.model.clone(), &self.compared);
        self.tables.change_observations(&mut self.state, |row| {
            if row.observable != LAST_STEP {
                return;
            }
            if of_step.0 != Some(row.step) {
                let rows = rows(&model, compared.channels(row.step), &last, sequences);
                of_step = (Some(row.step), rows);
            }
            let key = (row.layer, row.place.clone(), row.sequence);
            if let Some(found) = of_step.1.remove(&key) {
                let stage = row.stage.take();
                *row = Observation { stage, ..found };
            }
        })
    }
}

fn rows(
    model: &str,
    of: Option<StepChannels>,
    last: &StepChannels,
    sequences: bool,
) -> HashMap<Key, Observation> {
    let rows = of.map(|of| compare_with_last(model, &of, last, sequences));
    let keyed = |row: Observation| ((row.layer, row.place.clone(), row.sequence), row);
    rows.into_iter().flatten().map(keyed).collect()
}
