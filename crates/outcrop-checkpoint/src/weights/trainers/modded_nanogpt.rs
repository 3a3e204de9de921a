use super::{Found, Model, Result, Trainer};

/// modded-nanogpt: each of its records is another architecture, which the checkpoint has as code.
pub(super) static MODDED_NANOGPT: Trainer = Trainer {
    name: "modded-nanogpt",
    read,
};

fn read(found: &Found<'_>) -> Result<Option<Model>> {
    let has = |key| found.said.get(key).is_some();
    if !(has("code") && has("step")) {
        return Ok(None);
    }
    Ok(Some(Model {
        tensors: found.tensors.clone(),
        config: Err(
            "modded-nanogpt changes its architecture with each record, and a checkpoint has it as code, which is \
             not run; save the model anew under the names of a family of transformers, if one computes the same"
                .into(),
        ),
    }))
}
