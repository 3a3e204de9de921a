//! What llama.cpp calls the tensors and numbers of a family, and what transformers does.

use serde_json::{Map, Value, json};

use super::super::super::stored::Stored;
use super::header::{Header, Info};

type Result<T, E = String> = std::result::Result<T, E>;

/// A family of llama.cpp: its `general.architecture`.
struct Known {
    name: &'static str,
    /// The `model_type` of transformers.
    model_type: &'static str,
    /// Before the number of a block, in names of transformers.
    blocks: &'static str,
    /// Modules outside of blocks, then those of blocks, as llama.cpp and transformers call them.
    modules: &'static [(&'static str, &'static str)],
    /// How a tensor of a module is turned into that of transformers.
    change: fn(&Heads, &str, Stored) -> Result<Stored>,
    /// Settings of the `config.json` beside those that all have.
    config: fn(&mut Said<'_>, &mut Map<String, Value>) -> Result<()>,
}

/// Heads, as the metadata count them.
struct Heads {
    queries: usize,
    keys: usize,
}

const LLAMA: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

const GPT2: &[(&str, &str)] = &[
    ("token_embd", "transformer.wte"),
    ("position_embd", "transformer.wpe"),
    ("output_norm", "transformer.ln_f"),
    ("output", "lm_head"),
    ("attn_norm", "ln_1"),
    ("attn_qkv", "attn.c_attn"),
    ("attn_output", "attn.c_proj"),
    ("ffn_norm", "ln_2"),
    ("ffn_up", "mlp.c_fc"),
    ("ffn_down", "mlp.c_proj"),
];

const NEOX: &[(&str, &str)] = &[
    ("token_embd", "gpt_neox.embed_in"),
    ("output_norm", "gpt_neox.final_layer_norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_qkv", "attention.query_key_value"),
    ("attn_output", "attention.dense"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_up", "mlp.dense_h_to_4h"),
    ("ffn_down", "mlp.dense_4h_to_h"),
];

/// The families whose names are known.
static FAMILIES: [Known; 5] = [
    Known {
        name: "llama",
        model_type: "llama",
        blocks: "model.layers",
        modules: LLAMA,
        change: unpair,
        config: llama,
    },
    Known {
        name: "qwen2",
        model_type: "qwen2",
        blocks: "model.layers",
        modules: LLAMA,
        change: as_it_is,
        config: qwen,
    },
    Known {
        name: "qwen3",
        model_type: "qwen3",
        blocks: "model.layers",
        modules: LLAMA,
        change: as_it_is,
        config: qwen,
    },
    Known {
        name: "gpt2",
        model_type: "gpt2",
        blocks: "transformer.h",
        modules: GPT2,
        change: transpose,
        config: gpt2,
    },
    Known {
        name: "gptneox",
        model_type: "gpt_neox",
        blocks: "gpt_neox.layers",
        modules: NEOX,
        change: by_head,
        config: neox,
    },
];

/// Rotary frequencies that were divided beforehand, as for Llama 3.1.
const FREQUENCIES: &str = "rope_freqs.weight";

/// The family of a file.
pub(super) struct Names {
    known: &'static Known,
    heads: Heads,
}

impl Names {
    pub(super) fn of(header: &Header) -> Result<Self> {
        let given = header
            .metadata
            .get("general.architecture")
            .and_then(Value::as_str);
        let given = given.ok_or("`general.architecture` is missing")?;
        let known = FAMILIES.iter().find(|known| known.name == given);
        let known = known.ok_or_else(|| {
            let names: Vec<_> = FAMILIES.iter().map(|known| known.name).collect();
            format!(
                "`general.architecture` = \"{given}\"; read are {}: take the safetensors from which it was made",
                names.join(", ")
            )
        })?;
        let mut said = Said::new(known, header);
        let queries = said.count("attention.head_count")?;
        let keys = said.count_or("attention.head_count_kv", queries)?;
        Ok(Self {
            known,
            heads: Heads { queries, keys },
        })
    }

    /// The tensor under its name in transformers; none for what is no weight.
    pub(super) fn named(&self, info: &Info, stored: Stored) -> Result<Option<(String, Stored)>> {
        if info.name == FREQUENCIES {
            return Ok(None);
        }
        let (block, rest) = match info.name.strip_prefix("blk.") {
            None => (None, info.name.as_str()),
            Some(rest) => {
                let (number, rest) = rest.split_once('.').ok_or("has no number of a block")?;
                (Some(number), rest)
            }
        };
        let (module, part) = rest.rsplit_once('.').unwrap_or((rest, ""));
        let known = self.known.modules.iter().find(|(name, _)| *name == module);
        let Some((_, module)) = known else {
            return Err(format!(
                "is none of the {} family as llama.cpp has it",
                self.known.name
            ));
        };
        let name = match block {
            None => format!("{module}.{part}"),
            Some(number) => format!("{}.{number}.{module}.{part}", self.known.blocks),
        };
        let stored = match block {
            None => stored,
            Some(_) => (self.known.change)(&self.heads, module, stored)?,
        };
        Ok(Some((name, stored)))
    }

    /// The `config.json` that says what the metadata say.
    pub(super) fn config(&self, header: &Header) -> Result<String> {
        if header.tensors.iter().any(|info| info.name == FREQUENCIES) {
            return Err(format!(
                "`{FREQUENCIES}` has rotary frequencies that were scaled beforehand, as for Llama 3.1, and the \
                 file does not say how"
            ));
        }
        let mut said = Said::new(self.known, header);
        let mut config = Map::new();
        config.insert("model_type".into(), self.known.model_type.into());
        config.insert("vocab_size".into(), said.rows("token_embd.weight")?.into());
        config.insert(
            "tie_word_embeddings".into(),
            (!said.has("output.weight")).into(),
        );
        (self.known.config)(&mut said, &mut config)?;
        said.all_read()?;
        Ok(Value::Object(config).to_string())
    }
}

fn as_it_is(_: &Heads, _: &str, stored: Stored) -> Result<Stored> {
    Ok(stored)
}

/// Rows of queries and keys, which llama.cpp has in pairs.
fn unpair(heads: &Heads, module: &str, stored: Stored) -> Result<Stored> {
    match module {
        "self_attn.q_proj" => stored.unpaired(heads.queries),
        "self_attn.k_proj" => stored.unpaired(heads.keys),
        _ => Ok(stored),
    }
}

/// Matrices of blocks, which are [in, out] in GPT-2.
fn transpose(_: &Heads, _: &str, stored: Stored) -> Result<Stored> {
    match stored.info.shape.len() {
        2 => stored.transposed(),
        _ => Ok(stored),
    }
}

/// Queries, keys and values, which are laid out by head in GPT-NeoX, and one after another here.
fn by_head(heads: &Heads, module: &str, stored: Stored) -> Result<Stored> {
    if module != "attention.query_key_value" {
        return Ok(stored);
    }
    let shape = stored.info.shape.clone();
    let rows = shape.first().copied().unwrap_or(0);
    let rest = shape.iter().skip(1).product();
    let each = rows.checked_div(heads.queries).unwrap_or(0) / 3;
    let made = stored.reordered(&[3, heads.queries, each, rest], &[1, 0, 2, 3], 3)?;
    made.reshaped(shape)
}

/// The metadata of a family, each of which has to be read.
struct Said<'a> {
    known: &'static Known,
    header: &'a Header,
    /// What was asked for.
    read: Vec<&'static str>,
}

impl<'a> Said<'a> {
    fn new(known: &'static Known, header: &'a Header) -> Self {
        Self {
            known,
            header,
            read: Vec::new(),
        }
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.read.push(key);
        self.header
            .metadata
            .get(&format!("{}.{key}", self.known.name))
    }

    fn missing(&self, key: &str) -> String {
        format!("`{}.{key}` is missing", self.known.name)
    }

    fn count(&mut self, key: &'static str) -> Result<usize> {
        let missing = self.missing(key);
        self.optional_count(key)?.ok_or(missing)
    }

    fn count_or(&mut self, key: &'static str, default: usize) -> Result<usize> {
        Ok(self.optional_count(key)?.unwrap_or(default))
    }

    /// A number of all layers, or of each where they are alike.
    fn optional_count(&mut self, key: &'static str) -> Result<Option<usize>> {
        let Some(given) = self.get(key) else {
            return Ok(None);
        };
        let one = match given {
            Value::Array(of_layers) => {
                let first = of_layers.first();
                first.filter(|first| of_layers.iter().all(|other| other == *first))
            }
            other => Some(other),
        };
        let one = one
            .and_then(Value::as_u64)
            .and_then(|n| usize::try_from(n).ok());
        let name = self.known.name;
        let expected = || {
            format!("`{name}.{key}` = {given}, expected a whole number, the same for all layers")
        };
        one.map(Some).ok_or_else(expected)
    }

    fn number(&mut self, key: &'static str, default: f64) -> Result<f64> {
        let name = self.known.name;
        match self.get(key) {
            None => Ok(default),
            Some(given) => given
                .as_f64()
                .ok_or_else(|| format!("`{name}.{key}` = {given}, expected a number")),
        }
    }

    fn tensor(&self, name: &str) -> Option<&'a Info> {
        self.header.tensors.iter().find(|info| info.name == name)
    }

    fn has(&self, name: &str) -> bool {
        self.tensor(name).is_some()
    }

    fn rows(&self, name: &str) -> Result<usize> {
        let rows = self.tensor(name).and_then(|info| info.shape.first());
        rows.copied()
            .ok_or_else(|| format!("tensor `{name}` is missing"))
    }

    /// Makes sure that nothing was passed over that may change what the model computes.
    fn all_read(&self) -> Result<()> {
        let prefix = format!("{}.", self.known.name);
        let own = self
            .header
            .metadata
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?, value)));
        for (key, value) in own {
            if !self.read.contains(&key) && key != "vocab_size" {
                return Err(format!(
                    "`{prefix}{key}` = {value} is not known, and may change what the model computes"
                ));
            }
        }
        Ok(())
    }
}

/// What all that is built like Llama has.
fn llama(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let heads = said.count("attention.head_count")?;
    let width = said.count("embedding_length")?;
    let head_dim = said.count_or(
        "attention.key_length",
        width.checked_div(heads).unwrap_or(0),
    )?;
    let values = said.count_or("attention.value_length", head_dim)?;
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    if values != head_dim || rotated != head_dim {
        return Err(format!(
            "its heads have {head_dim} channels of queries, {values} of values, of which {rotated} are rotated; \
             read is what has the same of each"
        ));
    }
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "num_key_value_heads": said.count_or("attention.head_count_kv", heads)?,
        "head_dim": head_dim,
        "max_position_embeddings": said.count("context_length")?,
        "rms_norm_eps": said.number("attention.layer_norm_rms_epsilon", 1e-5)?,
        "rope_theta": said.number("rope.freq_base", 10_000.0)?,
        "hidden_act": "silu",
    });
    add(config, settings);
    if said.known.model_type == "llama" {
        config.insert(
            "attention_bias".into(),
            said.has("blk.0.attn_q.bias").into(),
        );
        config.insert("mlp_bias".into(), said.has("blk.0.ffn_up.bias").into());
    }
    scaling(said, config)
}

/// How wavelengths are stretched.
fn scaling(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let kind = said
        .get("rope.scaling.type")
        .and_then(Value::as_str)
        .unwrap_or("none");
    let factor = said.number("rope.scaling.factor", 1.0)?;
    let original = said.optional_count("rope.scaling.original_context_length")?;
    let finetuned = said.get("rope.scaling.finetuned");
    let _ = finetuned; // says how it was trained, not what it computes
    match kind {
        "none" => {}
        _ => {
            let mut scaling = json!({ "rope_type": kind, "factor": factor });
            if let Some(original) = original {
                scaling["original_max_position_embeddings"] = original.into();
            }
            config.insert("rope_scaling".into(), scaling);
        }
    }
    Ok(())
}

/// Qwen has windows only where its config switches them on, which llama.cpp leaves out.
fn qwen(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    config.insert("use_sliding_window".into(), false.into());
    llama(said, config)
}

fn gpt2(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let settings = json!({
        "n_embd": said.count("embedding_length")?,
        "n_inner": said.count("feed_forward_length")?,
        "n_layer": said.count("block_count")?,
        "n_head": said.count("attention.head_count")?,
        "n_positions": said.count("context_length")?,
        "layer_norm_epsilon": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "activation_function": "gelu_new",
    });
    add(config, settings);
    Ok(())
}

fn neox(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let heads = said.count("attention.head_count")?;
    let width = said.count("embedding_length")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    let parallel = said
        .get("use_parallel_residual")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "max_position_embeddings": said.count("context_length")?,
        "layer_norm_eps": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "rotary_pct": rotated as f64 / head_dim.max(1) as f64,
        "rotary_emb_base": said.number("rope.freq_base", 10_000.0)?,
        "use_parallel_residual": parallel,
        "hidden_act": "gelu",
    });
    add(config, settings);
    Ok(())
}

fn add(config: &mut Map<String, Value>, settings: Value) {
    if let Value::Object(settings) = settings {
        config.extend(settings);
    }
}
