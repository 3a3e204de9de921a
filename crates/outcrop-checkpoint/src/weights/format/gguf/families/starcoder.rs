use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, gpt2};

/// GPT-2 with one key-value head and matrices as [out, in].
pub(super) static STARCODER: Known = Known {
    name: "starcoder",
    model_type: "gpt_bigcode",
    change: as_it_is,
    config: starcoder,
    ..gpt2::GPT2
};

fn starcoder(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let keys = said.count("attention.head_count_kv")?;
    if keys != 1 {
        return Err(format!(
            "it has {keys} key-value heads, and StarCoder has 1"
        ));
    }
    let settings = json!({
        "n_embd": said.count("embedding_length")?,
        "n_inner": said.count("feed_forward_length")?,
        "n_layer": said.count("block_count")?,
        "n_head": said.count("attention.head_count")?,
        "n_positions": said.count("context_length")?,
        "layer_norm_epsilon": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "activation_function": "gelu_pytorch_tanh",
        "multi_query": true,
    });
    add(config, settings);
    Ok(())
}
