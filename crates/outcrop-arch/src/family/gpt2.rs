use serde_json::{Value, json};

use super::settings::name;
use super::{Config, Family, Layout, Setting, fused, module, read, window};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, Position, Residual, Result, Scale};

const LAYERS: &str = "n_layer";
const WIDTH: &str = "n_embd";
const HEADS: &str = "n_head";
const D_FF: &str = "n_inner";
const CONTEXT: &str = "n_positions";
const ACTIVATION: &str = "activation_function";
const EPS: &str = "layer_norm_epsilon";
pub(super) const SCALED: &str = "scale_attn_weights";
const BY_LAYER: &str = "scale_attn_by_inverse_layer_idx";

/// GPT-2: LayerNorm, learned positions, matrices stored as [in, out].
pub static GPT2: Family = Family {
    name: "GPT-2",
    model_type: "gpt2",
    aliases: &["gpt-sw3"],
    classes: &["GPT2LMHeadModel", "GPT2Model"],
    base: None,
    settings: Some(&[SETTINGS]),
    read: Some(read_config),
    write: Some(write_config),
    holds: Some(holds),
    layout: Some(&LAYOUT),
};

const SETTINGS: &[Setting] = {
    use Setting::{Harmless, Read};
    &[
        Read(LAYERS),
        Read(WIDTH),
        Read(HEADS),
        Read(D_FF),
        Read(CONTEXT),
        Read(ACTIVATION),
        Read(EPS),
        Read(SCALED),
        Read(BY_LAYER),
        Harmless("attn_pdrop"),
        Harmless("embd_pdrop"),
        Harmless("n_ctx"),
        Harmless("n_special"),
        Harmless("predict_special_tokens"),
        Harmless("reorder_and_upcast_attn"),
        Harmless("resid_pdrop"),
        Harmless("summary_activation"),
        Harmless("summary_first_dropout"),
        Harmless("summary_proj_to_labels"),
        Harmless("summary_type"),
        Harmless("summary_use_proj"),
    ]
};

/// Names and layout of GPT-2, which others share.
pub(super) const NAMES: Layout = Layout {
    body: "transformer.",
    start: &[
        module("wte", &[R::TokenEmbedding]),
        module("wpe", &[R::PositionEmbedding]),
    ],
    blocks: "h",
    block: &[
        module("ln_1", &[R::AttentionNorm]),
        fused("attn.c_attn"),
        module("attn.c_proj", &[R::AttentionOutput]),
        module("ln_2", &[R::MlpNorm]),
        module("mlp.c_fc", &[R::MlpUp]),
        module("mlp.c_proj", &[R::MlpDown]),
    ],
    end: &[module("ln_f", &[R::FinalNorm])],
    head: module("lm_head", &[R::Unembedding]),
    transposed: true,
    by_head: false,
    buffers: &[".attn.bias", ".attn.masked_bias"],
    reference: 1024,
    ..Layout::NONE
};

static LAYOUT: Layout = NAMES;

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    let new = ArchSpec::new(count(LAYERS)?, count(WIDTH)?, count(HEADS)?);
    let arch = ArchSpec {
        d_ff: config.optional_count(D_FF)?.unwrap_or(new.d_ff),
        vocab: count(name::VOCAB)?,
        context: count(CONTEXT)?,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::Sequential,
        position: Position::Learned,
        activation: read::activation(config, ACTIVATION, false, Activation::GeluTanh)?,
        scale: Scale {
            attention: scores(config)?,
            by_layer: config.flag(BY_LAYER, false)?,
            ..Scale::default()
        },
        tied: config.flag(name::TIED, true)?,
        ..new
    };
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// What scores are multiplied by where the file says that they are not divided by sqrt(d_head).
pub(super) fn scores(config: &Config<'_>) -> Result<Option<f64>> {
    Ok((!config.flag(SCALED, true)?).then_some(1.0))
}

fn write_config(arch: &ArchSpec) -> Value {
    json!({ SCALED: arch.scale.attention.is_none(), BY_LAYER: arch.scale.by_layer })
}

fn holds(family: &Family, arch: &ArchSpec) -> Result<()> {
    family.same("norm", arch.norm, Norm::LayerNorm)?;
    family.same("position", arch.position, Position::Learned)?;
    family.same("residual", arch.residual, Residual::Sequential)?;
    family.same("bias", arch.bias, Bias::All)?;
    let only = Scale {
        attention: arch.scale.attention.map(|_| 1.0),
        by_layer: arch.scale.by_layer,
        ..Scale::default()
    };
    family.same("scale", arch.scale, only)?;
    read::plain(family, arch)
}
