use super::{Found, Model, Result, Trainer};

/// nanochat: named. The type `nanochat` of transformers is read, this form of its files is not: its settings are in a
/// file beside the weights, and which release of the trainer wrote them is not.
pub(super) static NANOCHAT: Trainer = Trainer {
    name: "nanochat",
    read,
};

fn read(found: &Found<'_>) -> Result<Option<Model>> {
    if !found
        .tensors
        .contains_key("transformer.h.0.attn.c_q.weight")
    {
        return Ok(None);
    }
    Ok(Some(Model {
        tensors: found.tensors.clone(),
        config: Err(
            "nanochat's own files do not say which form of its model they hold; store the model as transformers' \
             type `nanochat`, which is read"
                .into(),
        ),
    }))
}
