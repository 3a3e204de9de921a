use serde_json::{Value, json};

use super::layout::ROTARY;
use super::rope::{self, Spelling};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, fused, module, read, scaling, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, Result, Scale};

const EPS: &str = "layer_norm_eps";
const PARALLEL: &str = "use_parallel_residual";
const FRACTION: &str = "rotary_pct";
const BASE: &str = "rotary_emb_base";

/// GPT-NeoX, as Pythia: LayerNorm, rotary positions, one fused projection of queries, keys and
/// values laid out by head.
pub static GPT_NEOX: Family = {
    use super::Setting::Read;
    Family {
        name: "GPT-NeoX",
        model_type: "gpt_neox",
        aliases: &[],
        classes: &["GPTNeoXForCausalLM", "GPTNeoXModel"],
        base: None,
        settings: Some(&[
            SHAPE,
            &[
                Read(EPS),
                Read(PARALLEL),
                Read(FRACTION),
                Read(BASE),
                Read(name::ATTENTION_BIAS),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        holds: Some(holds),
        layout: Some(&LAYOUT),
    }
};

pub(super) const LAYOUT: Layout = Layout {
    body: "gpt_neox.",
    start: &[
        module("embed_in", &[R::TokenEmbedding]),
        module("embed_positions", &[R::PositionEmbedding]),
    ],
    blocks: "layers",
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        fused("attention.query_key_value"),
        module("attention.dense", &[R::AttentionOutput]),
        module("mlp.dense_h_to_4h", &[R::MlpUp]),
        module("mlp.dense_4h_to_h", &[R::MlpDown]),
    ],
    end: &[module("final_layer_norm", &[R::FinalNorm])],
    head: module("embed_out", &[R::Unembedding]),
    transposed: false,
    by_head: true,
    buffers: &[".attention.bias", ".attention.masked_bias", ROTARY],
    reference: 2048,
    ..Layout::NONE
};

const ROPE: [Spelling; 2] = [
    Spelling {
        nested: name::THETA,
        own: BASE,
        ignored: Some(name::THETA),
        default: 10_000.0,
    },
    Spelling {
        nested: name::FRACTION,
        own: FRACTION,
        ignored: Some(name::FRACTION),
        default: 0.25,
    },
];

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    // the MLP has biases in either case
    let attention = config.flag(name::ATTENTION_BIAS, true)?;
    let arch = ArchSpec {
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: read::residual(config.flag(PARALLEL, true)?),
        activation: read::activation(config, name::ACTIVATION, false, Activation::Gelu)?,
        tied: config.flag(name::TIED, false)?,
        bias: Bias::of([attention, attention, true]),
        ..read::shape(config)?
    };
    let arch = ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    };
    rope::read(config, &ROPE, arch)
}

fn holds(family: &Family, arch: &ArchSpec) -> Result<()> {
    family.same("norm", arch.norm, Norm::LayerNorm)?;
    family.same("scale", arch.scale, Scale::default())?;
    family.rotary(arch)?;
    if arch.bias != Bias::Mlp {
        family.same("bias", arch.bias, Bias::All)?;
    }
    read::plain(family, arch)
}

fn write_config(arch: &ArchSpec) -> Value {
    let rotary = arch.position.rotary();
    let (fraction, base) = rotary.map(|rotary| (rotary.fraction, rotary.base)).unzip();
    json!({
        FRACTION: fraction,
        BASE: base,
        name::ROPE: write::with(
            scaling::write(arch.rotary_scaling.as_ref()),
            json!({ name::FRACTION: fraction, name::THETA: base }),
        ),
        "hidden_dropout": 0.0,
    })
}
