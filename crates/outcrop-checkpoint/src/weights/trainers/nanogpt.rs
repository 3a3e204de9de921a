use super::{Found, Gpt2, Model, Result, Settings, Trainer};

/// nanoGPT: `ckpt.pt` with `model` and `model_args`; GELU is exact there, not by tanh.
pub(super) static NANOGPT: Trainer = Trainer {
    name: "nanoGPT",
    read,
};

fn read(found: &Found<'_>) -> Result<Option<Model>> {
    let is_one = found.tensors.contains_key("transformer.wpe.weight");
    let Some(all) = found.said.get("model_args").filter(|_| is_one) else {
        return Ok(None);
    };
    let args = Settings {
        of: "`model_args`",
        all,
    };
    let gpt2 = Gpt2 {
        layers: args.count("n_layer")?,
        d_model: args.count("n_embd")?,
        heads: args.count("n_head")?,
        context: args.count("block_size")?,
        vocab: args.count("vocab_size")?,
        bias: args.flag("bias", true)?,
        tanh: false,
    };
    gpt2.model(found.tensors).map(Some)
}
