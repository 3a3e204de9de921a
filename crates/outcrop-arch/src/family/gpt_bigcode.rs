use serde_json::{Value, json};

use super::settings::name;
use super::{Config, Family, Layout, Setting, gpt2, read, window};
use crate::{Activation, ArchSpec, Position, Residual, Result, Scale};

const LAYERS: &str = "n_layer";
const WIDTH: &str = "n_embd";
const HEADS: &str = "n_head";
const D_FF: &str = "n_inner";
const CONTEXT: &str = "n_positions";
const ACTIVATION: &str = "activation_function";
const EPS: &str = "layer_norm_epsilon";
const ONE_KEY: &str = "multi_query";

/// GPT-BigCode, as SantaCoder and StarCoder: GPT-2 with one key-value head.
pub static GPT_BIGCODE: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "GPT-BigCode",
        model_type: "gpt_bigcode",
        classes: &["GPTBigCodeForCausalLM", "GPTBigCodeModel"],
        settings: Some(&[&[
            Read(LAYERS),
            Read(WIDTH),
            Read(HEADS),
            Read(D_FF),
            Read(CONTEXT),
            Read(ACTIVATION),
            Read(EPS),
            Read(ONE_KEY),
            Read(gpt2::SCALED),
            Read(name::KV_HEADS),
            Harmless("attention_softmax_in_fp32"),
            Harmless("attn_pdrop"),
            Harmless("embd_pdrop"),
            Harmless("inference_runner"),
            Harmless("max_batch_size"),
            Harmless("max_sequence_length"),
            Harmless("pad_key_length"),
            Harmless("pre_allocate_kv_cache"),
            Harmless("resid_pdrop"),
            Harmless("scale_attention_softmax_in_fp32"),
            Harmless("summary_activation"),
            Harmless("summary_first_dropout"),
            Harmless("summary_proj_to_labels"),
            Harmless("summary_type"),
            Harmless("summary_use_proj"),
            Harmless("validate_runner_input"),
        ]]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    transposed: false,
    by_head: true,
    reference: 2048,
    ..gpt2::NAMES
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    let new = ArchSpec::new(count(LAYERS)?, count(WIDTH)?, count(HEADS)?);
    let kv_heads = match config.flag(ONE_KEY, true)? {
        true => 1,
        false => new.heads,
    };
    if let Some(given) = config
        .get(name::KV_HEADS)
        .filter(|given| **given != kv_heads)
    {
        let supported = format!("{kv_heads}, as `{ONE_KEY}` says");
        return Err(config.unsupported(name::KV_HEADS, given, supported));
    }
    let arch = ArchSpec {
        kv_heads,
        d_ff: config.optional_count(D_FF)?.unwrap_or(new.d_ff),
        vocab: count(name::VOCAB)?,
        context: count(CONTEXT)?,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::Sequential,
        position: Position::Learned,
        activation: read::activation(config, ACTIVATION, false, Activation::GeluTanh)?,
        scale: Scale {
            attention: gpt2::scores(config)?,
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

fn write_config(arch: &ArchSpec) -> Value {
    json!({ ONE_KEY: arch.kv_heads == 1, gpt2::SCALED: arch.scale.attention.is_none() })
}
