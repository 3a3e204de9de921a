use serde_json::{Value, json};

use super::settings::{SUMMARY, name};
use super::{Config, Family, Layout, Setting, module, read, window};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Position, Residual, Result, RotaryPairs};

const LAYERS: &str = "n_layer";
const WIDTH: &str = "n_embd";
const HEADS: &str = "n_head";
const D_FF: &str = "n_inner";
const CONTEXT: &str = "n_positions";
const ACTIVATION: &str = "activation_function";
const EPS: &str = "layer_norm_epsilon";
const ROTATED: &str = "rotary_dim";

/// GPT-J: attention and MLP read one norm, neighbouring channels are rotated, the unembedding has a bias.
pub static GPTJ: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "GPT-J",
        model_type: "gptj",
        classes: &["GPTJForCausalLM", "GPTJModel"],
        settings: Some(&[
            SUMMARY,
            &[
                Read(LAYERS),
                Read(WIDTH),
                Read(HEADS),
                Read(D_FF),
                Read(CONTEXT),
                Read(ACTIVATION),
                Read(EPS),
                Read(ROTATED),
                Fixed("rotary", "true"),
                Fixed("scale_attn_weights", "true"),
                Harmless("attn_pdrop"),
                Harmless("embd_pdrop"),
                Harmless("n_ctx"),
                Harmless("resid_pdrop"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

/// Names and layout, which CodeGen shares.
pub(super) const NAMES: Layout = Layout {
    body: "transformer.",
    start: &[module("wte", &[R::TokenEmbedding])],
    blocks: "h",
    block: &[
        module("ln_1", &[R::AttentionNorm]),
        module("attn.k_proj", &[R::Key]),
        module("attn.v_proj", &[R::Value]),
        module("attn.q_proj", &[R::Query]),
        module("attn.out_proj", &[R::AttentionOutput]),
        module("mlp.fc_in", &[R::MlpUp]),
        module("mlp.fc_out", &[R::MlpDown]),
    ],
    end: &[module("ln_f", &[R::FinalNorm])],
    buffers: &[
        ".attn.bias",
        ".attn.masked_bias",
        ".attn.causal_mask",
        ".attn.embed_positions",
    ],
    reference: 2048,
    ..Layout::NONE
};

static LAYOUT: Layout = NAMES;

/// What CodeGen reads too.
pub(super) fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    let new = ArchSpec::new(count(LAYERS)?, count(WIDTH)?, count(HEADS)?);
    let arch = ArchSpec {
        d_ff: config.optional_count(D_FF)?.unwrap_or(new.d_ff),
        vocab: count(name::VOCAB)?,
        context: count(CONTEXT)?,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::ParallelShared,
        rotary_pairs: RotaryPairs::Neighbours,
        activation: read::activation(config, ACTIVATION, false, Activation::GeluTanh)?,
        tied: config.flag(name::TIED, false)?,
        bias: Bias::Mlp,
        unembedding_bias: true,
        ..new
    };
    let position = rotated(config, &arch)?;
    Ok(ArchSpec {
        position,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// So many channels of each head.
fn rotated(config: &Config<'_>, arch: &ArchSpec) -> Result<Position> {
    let dims = match config.given(ROTATED) {
        None => 64,
        Some(_) => config.count(ROTATED)?,
    };
    let d_head = arch.d_model.checked_div(arch.heads).unwrap_or(0);
    if dims == 0 || dims % 2 == 1 || dims > d_head {
        let supported = format!("an even number up to the width of a head, {d_head}");
        return Err(config.unsupported(ROTATED, &json!(dims), supported));
    }
    // rounded so that the product with the width is `dims`
    let exact = dims as f64 / d_head as f64;
    let fits = |fraction: &f64| (d_head as f64 * fraction) as usize == dims;
    let fraction = [exact, exact.next_up().min(1.0)].into_iter().find(fits);
    Ok(Position::Rotary {
        fraction: fraction.unwrap_or(exact),
        base: 10_000.0, // no setting
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    json!({ ROTATED: arch.rotary_dims() })
}
