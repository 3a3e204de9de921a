//! Which settings may stand in a `config.json`: those that are read, those with one supported
//! value, and those that do not change what a model computes. Any other is refused, for it may.

use serde_json::Value;

use super::config::Config;
use super::model_type::ModelType;
use crate::{Result, nearest};

/// Settings that are read, by the name that most types give them.
const SHAPE: &[&str] = &[
    "num_hidden_layers",
    "hidden_size",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "hidden_act",
    "rope_theta",
    "partial_rotary_factor",
    "rope_parameters",
    "rope_scaling",
];
const NEOX: &[&str] = &[
    "layer_norm_eps",
    "use_parallel_residual",
    "rotary_pct",
    "rotary_emb_base",
    "attention_bias",
];
const GPT2: &[&str] = &[
    "n_layer",
    "n_embd",
    "n_head",
    "n_inner",
    "n_positions",
    "activation_function",
    "layer_norm_epsilon",
];
const LLAMA: &[&str] = &["num_key_value_heads", "head_dim", "rms_norm_eps"];
const LLAMA_BIAS: &[&str] = &["attention_bias", "mlp_bias"];
const WINDOW: &[&str] = &["layer_types", "sliding_window", "use_sliding_window"];
const FIRST_WINDOW: &[&str] = &["max_window_layers"];

/// Settings of which one value is supported, spelled as in JSON.
type Fixed = &'static [(&'static str, &'static str)];

const FIXED: Fixed = &[
    ("add_cross_attention", "false"),
    ("is_causal", "true"),
    ("is_encoder_decoder", "false"),
    ("per_layer_config", "{}"),
    ("pruned_heads", "{}"),
    ("quantization_config", "null"),
];
const FIXED_GPT2: Fixed = &[
    ("scale_attn_weights", "true"),
    ("scale_attn_by_inverse_layer_idx", "false"),
];
const FIXED_LLAMA: Fixed = &[("rope_interleaved", "false")];
const FIXED_MISTRAL: Fixed = &[("attention_bias", "false"), ("mlp_bias", "false")];
const FIXED_QWEN: Fixed = &[("mlp_bias", "false"), ("use_mrope", "false")];

/// Settings that say where code stands; that of a tokenizer computes nothing.
const CODE: &str = "auto_map";
const HARMLESS_CODE: &[&str] = &["AutoTokenizer"];

/// Settings of training, generation, storage and bookkeeping. `pretraining_tp` splits products of
/// matrices, `reorder_and_upcast_attn` and the data types set the precision.
const HARMLESS: &[&str] = &[
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_attn_implementation_internal",
    "_commit_hash",
    "_flash_attn_2_enabled",
    "_from_model_config",
    "_model_name_or_path",
    "_name_or_path",
    "_num_labels",
    "architectures",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "attn_implementation",
    "bad_words_ids",
    "begin_suppress_tokens",
    "bos_token_id",
    "chunk_size_feed_forward",
    "classifier_dropout",
    "cross_attention_hidden_size",
    "custom_pipelines",
    "decoder_start_token_id",
    "diversity_penalty",
    "do_sample",
    "dtype",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "eos_token_id",
    "exponential_decay_length_penalty",
    "finetuning_task",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "gradient_checkpointing",
    "hidden_dropout",
    "hidden_dropout_prob",
    "id2label",
    "initializer_range",
    "is_decoder",
    "label2id",
    "length_penalty",
    "max_length",
    "max_new_tokens",
    "min_length",
    "model_type",
    "name_or_path",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_labels",
    "num_return_sequences",
    "output_attentions",
    "output_hidden_states",
    "output_scores",
    "pad_token_id",
    "prefix",
    "pretraining_tp",
    "problem_type",
    "remove_invalid_values",
    "repetition_penalty",
    "return_dict",
    "return_dict_in_generate",
    "sep_token_id",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tie_word_embeddings",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "torchscript",
    "transformers.js_config",
    "transformers_version",
    "typical_p",
    "unk_token_id",
    "unsloth_fixed",
    "unsloth_version",
    "use_bfloat16",
    "use_cache",
    "use_return_dict",
    "vocab_size",
];
const HARMLESS_GPT2: &[&str] = &[
    "attn_pdrop",
    "embd_pdrop",
    "n_ctx",
    "n_special",
    "predict_special_tokens",
    "reorder_and_upcast_attn",
    "resid_pdrop",
    "summary_activation",
    "summary_first_dropout",
    "summary_proj_to_labels",
    "summary_type",
    "summary_use_proj",
];
const HARMLESS_LLAMA: &[&str] = &["is_llama_config", "max_sequence_length"];

impl ModelType {
    fn known(self, config: &Config<'_>) -> impl Iterator<Item = &'static str> {
        let lists: &[&[&str]] = match self {
            Self::NeoX => &[SHAPE, NEOX],
            Self::Gpt2 => &[GPT2, HARMLESS_GPT2],
            Self::Llama => &[SHAPE, LLAMA, LLAMA_BIAS, HARMLESS_LLAMA],
            Self::Mistral => &[SHAPE, LLAMA],
            Self::Qwen2 => &[SHAPE, LLAMA, FIRST_WINDOW],
            Self::Qwen3 => &[SHAPE, LLAMA, FIRST_WINDOW, &["attention_bias"]],
        };
        // of no effect where no window is in use, whatever the type
        let unused = config
            .get("use_sliding_window")
            .is_some_and(|u| *u == false);
        let windows = [WINDOW, if unused { FIRST_WINDOW } else { &[] }];
        let lists = lists.iter().copied().chain(windows).chain([HARMLESS]);
        lists.flatten().copied()
    }

    fn fixed(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let own = match self {
            Self::NeoX => &[],
            Self::Gpt2 => FIXED_GPT2,
            Self::Llama => FIXED_LLAMA,
            Self::Mistral => FIXED_MISTRAL,
            Self::Qwen2 | Self::Qwen3 => FIXED_QWEN,
        };
        FIXED.iter().chain(own).copied()
    }
}

/// Refuses the first setting whose meaning is not known or not supported. Null is nothing, but for what
/// is true unless a file says otherwise.
pub(super) fn check(config: &Config<'_>, model_type: ModelType) -> Result<()> {
    for (name, value) in config.settings() {
        if let Some((_, only)) = model_type.fixed().find(|(fixed, _)| *fixed == name) {
            let nothing = value.is_null() && only != "true";
            let spelled = value.to_string();
            if !nothing && spelled != only {
                return Err(config.unsupported(name, value, only));
            }
        } else if name == CODE {
            code(config, value)?;
        } else if !value.is_null() && !model_type.known(config).any(|known| known == name) {
            let nearest = nearest(name, model_type.known(config));
            return Err(config.unknown(name, value, nearest));
        }
    }
    classes(config, model_type)
}

/// Refuses code that may compute something else.
fn code(config: &Config<'_>, given: &Value) -> Result<()> {
    let harmless = |map: &serde_json::Map<String, Value>| {
        map.keys()
            .all(|kind| HARMLESS_CODE.contains(&kind.as_str()))
    };
    match given.is_null() || given.as_object().is_some_and(harmless) {
        true => Ok(()),
        false => {
            let supported = format!("null, or {} alone", HARMLESS_CODE.join(", "));
            Err(config.unsupported(CODE, given, supported))
        }
    }
}

/// Refuses an architecture of another class: its code may compute something else.
fn classes(config: &Config<'_>, model_type: ModelType) -> Result<()> {
    let Some(given) = config.get("architectures") else {
        return Ok(());
    };
    let classes = model_type.classes();
    let known = |v: &Value| v.as_str().is_some_and(|class| classes.contains(&class));
    match given.as_array() {
        Some(all) if all.iter().all(known) => Ok(()),
        _ => Err(config.unsupported("architectures", given, classes.join(", "))),
    }
}
