use serde_json::{Value, json};

use super::settings::{SUMMARY, name};
use super::{Config, Family, Layout, Setting, fused, module, window};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, NormPlacement, Position, Residual, Result};

const LAYERS: &str = "n_layer";
const WIDTH: &str = "n_embd";
const HEADS: &str = "n_head";
const CONTEXT: &str = "n_positions";
const ACTIVATION: &str = "afn";
const EPS: &str = "layer_norm_epsilon";
/// Words of its own: `gelu` is the tanh approximation.
const ACTIVATIONS: [(&str, Activation); 4] = [
    ("gelu", Activation::GeluTanh),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
];

/// GPT, the first: learned positions, norms after additions, matrices stored as [in, out].
pub static OPENAI_GPT: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "GPT",
        model_type: "openai-gpt",
        classes: &["OpenAIGPTLMHeadModel", "OpenAIGPTModel"],
        settings: Some(&[
            SUMMARY,
            &[
                Read(LAYERS),
                Read(WIDTH),
                Read(HEADS),
                Read(CONTEXT),
                Read(ACTIVATION),
                Read(EPS),
                Harmless("attn_pdrop"),
                Harmless("embd_pdrop"),
                Harmless("n_ctx"),
                Harmless("n_special"),
                Harmless("predict_special_tokens"),
                Harmless("resid_pdrop"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "transformer.",
    start: &[
        module("tokens_embed", &[R::TokenEmbedding]),
        module("positions_embed", &[R::PositionEmbedding]),
    ],
    blocks: "h",
    block: &[
        fused("attn.c_attn"),
        module("attn.c_proj", &[R::AttentionOutput]),
        module("ln_1", &[R::AttentionNorm]),
        module("mlp.c_fc", &[R::MlpUp]),
        module("mlp.c_proj", &[R::MlpDown]),
        module("ln_2", &[R::MlpNorm]),
    ],
    transposed: true,
    buffers: &[".attn.bias", "position_ids"],
    reference: 512,
    ..Layout::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    let new = ArchSpec::new(count(LAYERS)?, count(WIDTH)?, count(HEADS)?);
    let arch = ArchSpec {
        vocab: count(name::VOCAB)?,
        context: count(CONTEXT)?,
        norm_placement: NormPlacement::Post,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::Sequential,
        position: Position::Learned,
        activation: activation(config)?,
        tied: config.flag(name::TIED, true)?,
        ..new
    };
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

fn activation(config: &Config<'_>) -> Result<Activation> {
    let Some(given) = config.given(ACTIVATION) else {
        return Ok(Activation::GeluTanh);
    };
    let known = ACTIVATIONS.iter().find(|(word, _)| given == word);
    known.map(|(_, activation)| *activation).ok_or_else(|| {
        let words = ACTIVATIONS.map(|(word, _)| word).join(", ");
        config.unsupported(ACTIVATION, given, words)
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    let word = ACTIVATIONS
        .iter()
        .find(|(_, known)| *known == arch.activation);
    json!({ ACTIVATION: word.map(|(word, _)| word) })
}
