use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, any};

pub(super) static MPT: Known = Known {
    is: any,
    name: "mpt",
    model_type: "mpt",
    blocks: "transformer.blocks",
    modules: MODULES,
    change: as_it_is,
    gains: false,
    config: mpt,
};

const MODULES: &[(&str, &str)] = &[
    ("token_embd", "transformer.wte"),
    ("output_norm", "transformer.norm_f"),
    ("output", "lm_head"),
    ("attn_norm", "norm_1"),
    ("attn_qkv", "attn.Wqkv"),
    ("attn_output", "attn.out_proj"),
    ("ffn_norm", "norm_2"),
    ("ffn_up", "ffn.up_proj"),
    ("ffn_down", "ffn.down_proj"),
];

fn mpt(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let keys = said.count_or("attention.head_count_kv", heads)?;
    let inner = said.count("feed_forward_length")?;
    let epsilon = said.number("attention.layer_norm_epsilon", 1e-5)?;
    if keys != heads || inner.checked_rem(width) != Some(0) || epsilon != 1e-5 {
        return Err(format!(
            "it has {keys} key-value heads of {heads}, an MLP of {inner} channels, of which its width {width} is to be \
             a divisor, and an epsilon of {epsilon}; MPT of transformers has one each, and 0.00001"
        ));
    }
    let slope = said.number("attention.max_alibi_bias", 0.0)?;
    let clipped = said.number("attention.clamp_kqv", 0.0)?;
    let settings = json!({
        "d_model": width,
        "n_layers": said.count("block_count")?,
        "n_heads": heads,
        "max_seq_len": said.count("context_length")?,
        "expansion_ratio": inner / width,
        "no_bias": !said.has("blk.0.attn_qkv.bias"),
        "attn_config": {
            "alibi": slope > 0.0,
            "alibi_bias_max": whole(if slope > 0.0 { slope } else { 8.0 }),
            "clip_qkv": (clipped > 0.0).then_some(clipped),
        },
    });
    add(config, settings);
    Ok(())
}

/// A number that configs have without a point.
fn whole(number: f64) -> Value {
    match number.fract() == 0.0 && (0.0..1e9).contains(&number) {
        true => (number as u64).into(),
        false => number.into(),
    }
}
