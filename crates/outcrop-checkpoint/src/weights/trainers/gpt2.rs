//! GPT-2 as nanoGPT and llm.c have it: with transformers' names, and matrices as [out, in].

use serde_json::json;

use super::super::stored::Stored;
use super::{Model, Named, Names, Result, Tensors};

/// Its numbers.
pub(in super::super) struct Gpt2 {
    pub(in super::super) layers: usize,
    pub(in super::super) d_model: usize,
    pub(in super::super) heads: usize,
    pub(in super::super) context: usize,
    pub(in super::super) vocab: usize,
    /// Whether linear maps have biases, and norms have shifts.
    pub(in super::super) bias: bool,
    /// Whether GELU is computed by tanh.
    pub(in super::super) tanh: bool,
}

/// Names that transformers has too.
const SAME: Names = Names {
    blocks: ["transformer.h", "transformer.h"],
    outside: &[
        ("transformer.wte", "transformer.wte"),
        ("transformer.wpe", "transformer.wpe"),
        ("transformer.ln_f", "transformer.ln_f"),
        ("lm_head", "lm_head"),
    ],
    inside: &[
        ("ln_1", "ln_1"),
        ("attn.c_attn", "attn.c_attn"),
        ("attn.c_proj", "attn.c_proj"),
        ("ln_2", "ln_2"),
        ("mlp.c_fc", "mlp.c_fc"),
        ("mlp.c_proj", "mlp.c_proj"),
    ],
    buffers: BUFFERS,
};

/// Those of Outcrop, for models without biases, which transformers lacks.
const OURS: Names = Names {
    blocks: ["transformer.h", "gpt_neox.layers"],
    outside: &[
        ("transformer.wte", "gpt_neox.embed_in"),
        ("transformer.wpe", "gpt_neox.embed_positions"),
        ("transformer.ln_f", "gpt_neox.final_layer_norm"),
        ("lm_head", "embed_out"),
    ],
    inside: &[
        ("ln_1", "input_layernorm"),
        ("attn.c_attn", "attention.query_key_value"),
        ("attn.c_proj", "attention.dense"),
        ("ln_2", "post_attention_layernorm"),
        ("mlp.c_fc", "mlp.dense_h_to_4h"),
        ("mlp.c_proj", "mlp.dense_4h_to_h"),
    ],
    buffers: BUFFERS,
};

/// The mask of attention, which older versions keep.
const BUFFERS: &[&str] = &[".attn.bias"];

impl Gpt2 {
    /// The model of these tensors.
    pub(in super::super) fn model(&self, tensors: &Tensors) -> Result<Model> {
        let change = |named: &Named<'_>, stored: &Stored| {
            let stored = match (self.bias, named.in_block && stored.info.shape.len() == 2) {
                (true, true) => stored.transposed()?,
                (false, true) if named.from == "attn.c_attn" => self.by_head(stored)?,
                _ => stored.clone(),
            };
            named.as_it_is(&stored)
        };
        let names = if self.bias { SAME } else { OURS };
        let tensors = names.all(tensors, change)?;
        Ok(Model {
            tensors,
            config: Ok(self.config()),
        })
    }

    /// Queries, keys and values of each head one after another, as Outcrop has them.
    fn by_head(&self, stored: &Stored) -> Result<Stored> {
        let each = self.d_model.checked_div(self.heads).unwrap_or(0);
        let shape = [3, self.heads, each, self.d_model];
        let made = stored.reordered(&shape, &[1, 0, 2, 3], 3)?;
        made.reshaped(stored.info.shape.clone())
    }

    fn config(&self) -> String {
        let config = match self.bias {
            true => json!({
                "model_type": "gpt2",
                "n_layer": self.layers,
                "n_embd": self.d_model,
                "n_head": self.heads,
                "n_positions": self.context,
                "vocab_size": self.vocab,
                "activation_function": if self.tanh { "gelu_new" } else { "gelu" },
                "layer_norm_epsilon": 1e-5,
                "tie_word_embeddings": true,
            }),
            false => json!({
                "model_type": "outcrop",
                "arch": {
                    "layers": self.layers,
                    "d_model": self.d_model,
                    "heads": self.heads,
                    "context": self.context,
                    "vocab": self.vocab,
                    "norm": "layer-norm-gain",
                    "norm_eps": 1e-5,
                    "residual": "sequential",
                    "position": { "kind": "learned" },
                    "activation": if self.tanh { "gelu-tanh" } else { "gelu" },
                    "bias": false,
                    "tied": true,
                },
            }),
        };
        config.to_string()
    }
}
