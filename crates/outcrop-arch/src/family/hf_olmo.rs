use super::llama::DEFAULTS;
use super::settings::name;
use super::{Config, Family, Layout, Module, Setting, fused, module, rope, window};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, Residual, Result};

const LAYERS: &str = "n_layers";
const WIDTH: &str = "d_model";
const HEADS: &str = "n_heads";
const D_FF: &str = "mlp_hidden_size";
const RATIO: &str = "mlp_ratio";
const CONTEXT: &str = "max_sequence_length";
const ROWS: &str = "embedding_size";
const TIED: &str = "weight_tying";
const CLIP: &str = "clip_qkv";
const NORM: &str = "layer_norm_type";
const ROTARY: &str = "rope";
const AFFINE: &str = "layer_norm_with_affine";

/// OLMo as its own code writes it, beside which transformers needs that code.
pub static HF_OLMO: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "OLMo (hf_olmo)",
        model_type: "hf_olmo",
        classes: &["OLMoForCausalLM", "OLMoModelForCausalLM"],
        settings: Some(&[&[
            Read(LAYERS),
            Read(WIDTH),
            Read(HEADS),
            Read(D_FF),
            Read(RATIO),
            Read(CONTEXT),
            Read(ROWS),
            Read(TIED),
            Read(CLIP),
            Read(NORM),
            Read(ROTARY),
            Read(AFFINE),
            Read(name::THETA),
            Fixed("activation_type", "\"swiglu\""),
            Fixed("alibi", "false"),
            Fixed("attention_layer_norm", "false"),
            Fixed("block_group_size", "1"),
            Fixed("block_type", "\"sequential\""),
            Fixed("include_bias", "false"),
            Fixed("multi_query_attention", "false"),
            Fixed("n_kv_heads", "null"),
            Fixed("scale_logits", "false"),
            Harmless("alibi_bias_max"),
            Harmless("attention_layer_norm_with_affine"),
            Harmless("auto_map"),
            Harmless("bias_for_layer_norm"),
            Harmless("embedding_dropout"),
            Harmless("flash_attention"),
            Harmless("init_cutoff_factor"),
            Harmless("init_device"),
            Harmless("init_fn"),
            Harmless("init_std"),
            Harmless("precision"),
            Harmless("residual_dropout"),
            Harmless("rope_full_precision"),
        ]]),
        read: Some(read_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "model.transformer.",
    start: &[module("wte", &[R::TokenEmbedding])],
    blocks: "blocks",
    block: &[
        fused("att_proj"),
        module("attn_out", &[R::AttentionOutput]),
        Module {
            name: "ff_proj",
            role: R::MlpGateUp,
            holds: &[R::MlpUp, R::MlpGate],
            stack: None,
            bare: false,
        },
        module("ff_out", &[R::MlpDown]),
    ],
    end: &[module("ln_f", &[R::FinalNorm])],
    head: module("model.transformer.ff_out", &[R::Unembedding]),
    reference: 2048,
    ..Layout::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    for (setting, only, default) in [(ROTARY, true, false), (AFFINE, false, true)] {
        let found = config.flag(setting, default)?;
        if found != only {
            return Err(config.unsupported(setting, &found.into(), only));
        }
    }
    let norm = config
        .get(NORM)
        .filter(|norm| !["default", "low_precision"].contains(&norm.as_str().unwrap_or_default()));
    if let Some(norm) = norm {
        return Err(config.unsupported(NORM, norm, "default, low_precision"));
    }
    let new = ArchSpec::new(count(LAYERS)?, count(WIDTH)?, count(HEADS)?);
    // gate and first matrix of the MLP together
    let both = match config.optional_count(D_FF)? {
        Some(both) => both,
        None => {
            let ratio = config.optional_count(RATIO)?.unwrap_or(4);
            ratio.saturating_mul(new.d_model)
        }
    };
    let rows = config.optional_count(ROWS)?;
    let arch = ArchSpec {
        d_ff: both / 2,
        vocab: rows.map_or_else(|| count(name::VOCAB), Ok)?,
        context: count(CONTEXT)?,
        norm: Norm::LayerNormPlain,
        norm_eps: 1e-5,
        residual: Residual::Sequential,
        activation: Activation::SwiGlu,
        tied: config.flag(TIED, true)?,
        bias: Bias::None,
        clip_qkv: config.optional_number(CLIP)?,
        ..new
    };
    let arch = ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    };
    rope::read(config, &DEFAULTS.rope(), arch)
}
