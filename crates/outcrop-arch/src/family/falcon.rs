use serde_json::{Value, json};

use super::llama::DEFAULTS;
use super::settings::name;
use super::{Config, Family, Layout, Setting, fused, module, read, rope, window, write};
use crate::TensorRole as R;
use crate::{Activation, Alibi, ArchSpec, Bias, Position, Residual, Result};

const LAYERS: &str = "n_layer";
const HEADS: &str = "n_head";
const WIDTH: &str = "n_embed";
const EPS: &str = "layer_norm_epsilon";
const NEW: &str = "new_decoder_architecture";
const ONE_KEY: &str = "multi_query";
const KV_HEADS: &str = "num_kv_heads";
const PARALLEL: &str = "parallel_attn";
const NORMS: &str = "num_ln_in_parallel_attn";
const LINEAR: &str = "alibi";
const D_FF: &str = "ffn_hidden_size";
const ACTIVATION: &str = "activation";

/// Falcon in its three forms: one norm and one key-value head; groups of heads, with one or two norms; sequential with
/// linear biases.
pub static FALCON: Family = {
    use Setting::{Fixed, Read};
    Family {
        name: "Falcon",
        model_type: "falcon",
        classes: &["FalconForCausalLM", "FalconModel"],
        settings: Some(&[&[
            Read(LAYERS),
            Read(HEADS),
            Read(WIDTH),
            Read(name::LAYERS),
            Read(name::HEADS),
            Read(name::WIDTH),
            Read(name::CONTEXT),
            Read(name::THETA),
            Read(name::FRACTION),
            Read(name::ROPE),
            Read(name::OLDER_ROPE),
            Read(name::ORIGINAL_CONTEXT),
            Read(EPS),
            Read(NEW),
            Read(ONE_KEY),
            Read(KV_HEADS),
            Read(PARALLEL),
            Read(NORMS),
            Read(LINEAR),
            Read(D_FF),
            Read(ACTIVATION),
            Read("bias"),
            Fixed("apply_residual_connection_post_layernorm", "false"),
        ]]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "transformer.",
    start: &[module("word_embeddings", &[R::TokenEmbedding])],
    blocks: "h",
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        fused("self_attention.query_key_value"),
        module("self_attention.dense", &[R::AttentionOutput]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        module("mlp.dense_h_to_4h", &[R::MlpUp]),
        module("mlp.dense_4h_to_h", &[R::MlpDown]),
    ],
    end: &[module("ln_f", &[R::FinalNorm])],
    by_head: true,
    aliases: &[
        ["ln_attn", "input_layernorm"],
        ["ln_mlp", "post_attention_layernorm"],
    ],
    aliased: Some(Residual::Parallel),
    reference: 2048,
    ..Layout::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let new = ArchSpec::new(
        read::one_of(config, [LAYERS, name::LAYERS])?,
        read::one_of(config, [WIDTH, name::WIDTH])?,
        read::one_of(config, [HEADS, name::HEADS])?,
    );
    let context = config.optional_count(name::CONTEXT)?.unwrap_or(2048);
    let arch = ArchSpec {
        kv_heads: kv_heads(config, new.heads)?,
        d_ff: config.optional_count(D_FF)?.unwrap_or(new.d_ff),
        vocab: config.count(name::VOCAB)?,
        context,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: residual(config)?,
        activation: read::activation(config, ACTIVATION, false, Activation::Gelu)?,
        tied: config.flag(name::TIED, true)?,
        bias: Bias::of([config.flag("bias", false)?; 3]),
        ..new
    };
    let arch = ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    };
    match config.flag(LINEAR, false)? {
        true => Ok(ArchSpec {
            position: Position::Alibi,
            alibi: Alibi {
                scaled: true,
                bf16: true,
                ..Alibi::default()
            },
            ..arch
        }),
        false => rope::read(config, &DEFAULTS.rope(), arch),
    }
}

fn kv_heads(config: &Config<'_>, heads: usize) -> Result<usize> {
    let given = config.optional_count(KV_HEADS)?;
    let new = config.flag(NEW, false)?;
    match (new, config.flag(ONE_KEY, true)?) {
        (true, _) => Ok(given.unwrap_or(heads)),
        (false, true) => Ok(1), // whatever is given
        (false, false) if given.is_some_and(|given| given != heads) => {
            let supported =
                format!("{heads}, as many as heads, where `{NEW}` and `{ONE_KEY}` are false");
            Err(config.unsupported(KV_HEADS, &json!(given), supported))
        }
        (false, false) => Ok(heads),
    }
}

/// transformers fails where the new form is not parallel, or another has two norms in parallel.
fn residual(config: &Config<'_>) -> Result<Residual> {
    let new = config.flag(NEW, false)?;
    let parallel = config.flag(PARALLEL, true)?;
    let norms = config.optional_count(NORMS)?;
    match (new, parallel, norms) {
        (true, true, None | Some(2)) => Ok(Residual::Parallel),
        (true, true, Some(1)) | (false, true, None | Some(1)) => Ok(Residual::ParallelShared),
        (false, false, _) => Ok(Residual::Sequential),
        (true, false, _) => Err(config.unsupported(PARALLEL, &json!(false), true)),
        (_, true, Some(other)) => {
            let supported = if new { "1, 2" } else { "null, 1" };
            Err(config.unsupported(NORMS, &json!(other), supported))
        }
    }
}

fn write_config(arch: &ArchSpec) -> Value {
    let grouped = arch.residual == Residual::Parallel || ![1, arch.heads].contains(&arch.kv_heads);
    let norms = match arch.residual {
        Residual::Parallel => Some(2),
        Residual::ParallelShared => Some(1),
        Residual::Sequential => None,
    };
    write::with(
        write::rope(arch),
        json!({
            NEW: grouped,
            ONE_KEY: arch.kv_heads == 1,
            PARALLEL: arch.residual.properties().parallel,
            NORMS: norms,
            LINEAR: arch.position.alibi(),
        }),
    )
}
