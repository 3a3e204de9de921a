use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT as LLAMA_LAYOUT, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, module, rope, window};
use crate::TensorRole as R;
use crate::{ArchSpec, Result};

const LAYERS: &str = "num_layers";
const EPS: &str = "layer_norm_epsilon";
const ACTIVATION: &str = "activation_function";
const NAMES: &[[&str; 2]] = &[
    [name::LAYERS, LAYERS],
    [name::RMS_EPS, EPS],
    [name::ACTIVATION, ACTIVATION],
];

/// EXAONE 3: Llama with the names of GPT-Neo.
pub static EXAONE: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "EXAONE",
        model_type: "exaone",
        classes: &[
            "LlamaForCausalLM",
            "LlamaModel",
            "ExaoneForCausalLM",
            "ExaoneModel",
        ],
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(name::ATTENTION_BIAS),
                Read(name::MLP_BIAS),
                Read(LAYERS),
                Read(EPS),
                Read(ACTIVATION),
                Harmless("embed_dropout"),
            ],
        ]),
        read: Some(read_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "transformer.",
    start: &[module("wte", &[R::TokenEmbedding])],
    blocks: "h",
    block: &[
        module("ln_1", &[R::AttentionNorm]),
        module("attn.attention.q_proj", &[R::Query]),
        module("attn.attention.k_proj", &[R::Key]),
        module("attn.attention.v_proj", &[R::Value]),
        module("attn.attention.out_proj", &[R::AttentionOutput]),
        module("ln_2", &[R::MlpNorm]),
        module("mlp.c_fc_0", &[R::MlpGate]),
        module("mlp.c_fc_1", &[R::MlpUp]),
        module("mlp.c_proj", &[R::MlpDown]),
    ],
    end: &[module("ln_f", &[R::FinalNorm])],
    ..LLAMA_LAYOUT
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    // versions have different defaults
    rope::base_is_said(config)?;
    let config = &config.renamed(NAMES)?;
    let arch = grouped(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
