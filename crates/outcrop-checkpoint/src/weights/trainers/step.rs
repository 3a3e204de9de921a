//! At which step of the optimiser weights were saved, as trainers say it in or beside them.

use std::path::Path;

use serde_json::Value;

use super::{Found, nanochat};
use crate::near::json;

/// What trainers call it; the first that is there counts. Lightning and many scripts, DeepSpeed, litgpt (whose
/// `iter_num` counts micro-batches), Megatron, nanoGPT, modded-nanogpt.
const NAMES: [&str; 6] = [
    "global_step",
    "global_steps",
    "step_count",
    "iteration",
    "iter_num",
    "step",
];
/// What transformers' Trainer writes beside weights.
const TRAINER_STATE: &str = "trainer_state.json";

/// The step, and who says it.
pub(in super::super) fn step(found: &Found<'_>) -> Option<(u64, String)> {
    let in_file = NAMES.iter().find_map(|name| {
        let step = found.said.get(name)?.as_u64()?;
        Some((step, format!("`{name}` in the file")))
    });
    let meta = || {
        let meta = nanochat::meta(found.file)?;
        Some((meta.get("step")?.as_u64()?, "its `meta` file".into()))
    };
    in_file
        .or_else(meta)
        .or_else(|| of_trainer(found.folder).map(|step| (step, format!("`{TRAINER_STATE}`"))))
}

/// None where the Trainer may have put back the best weights in the end.
fn of_trainer(folder: &Path) -> Option<u64> {
    let state = json(&folder.join(TRAINER_STATE))?;
    let best = state.get("best_model_checkpoint");
    best.is_none_or(Value::is_null).then_some(())?;
    state.get("global_step")?.as_u64()
}
