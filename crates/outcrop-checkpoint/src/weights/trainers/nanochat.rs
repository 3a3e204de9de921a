use super::{Found, Model, Result, Trainer};

/// nanochat: named, as no architecture here computes what it does.
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
            "a model of nanochat has norms without gain, squared ReLU, normed embeddings and capped logits at once, \
             which is not computed here"
                .into(),
        ),
    }))
}
