//! The settings that a `config.json` may have: those that are read, those with one supported value, and those that do
//! not change what a model computes. Any other setting is refused, because it may change this.

use serde_json::Value;

use super::{Config, Family};
use crate::{Result, nearest};

/// The rule for one setting of a `config.json`.
#[derive(Clone, Copy, Debug)]
pub enum Setting {
    /// It is read.
    Read(&'static str),
    /// One value is supported, spelled as in JSON.
    Fixed(&'static str, &'static str),
    /// It does not change what a model computes.
    Harmless(&'static str),
}

impl Setting {
    fn known(&self) -> Option<&'static str> {
        match self {
            Self::Read(name) | Self::Harmless(name) => Some(name),
            Self::Fixed(..) => None,
        }
    }

    pub(super) fn fixed(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Fixed(name, only) => Some((name, only)),
            Self::Read(_) | Self::Harmless(_) => None,
        }
    }
}

use Setting::{Fixed, Harmless, Read};

/// Names that more than one place reads.
pub(super) mod name {
    pub(in crate::family) const EXPERTS: &str = "num_experts";
    pub(in crate::family) const LOCAL_EXPERTS: &str = "num_local_experts";
    pub(in crate::family) const CHOSEN_EXPERTS: &str = "num_experts_per_tok";
    pub(in crate::family) const EXPERT_WIDTH: &str = "moe_intermediate_size";
    pub(in crate::family) const NORMALISED_EXPERTS: &str = "norm_topk_prob";
    pub(in crate::family) const EXPERTS_STEP: &str = "decoder_sparse_step";
    pub(in crate::family) const DENSE_LAYERS: &str = "mlp_only_layers";
    pub(crate) const LAYERS: &str = "num_hidden_layers";
    pub(crate) const WIDTH: &str = "hidden_size";
    pub(crate) const HEADS: &str = "num_attention_heads";
    pub(crate) const D_FF: &str = "intermediate_size";
    pub(crate) const CONTEXT: &str = "max_position_embeddings";
    pub(crate) const VOCAB: &str = "vocab_size";
    pub(crate) const ACTIVATION: &str = "hidden_act";
    pub(crate) const TIED: &str = "tie_word_embeddings";
    pub(crate) const THETA: &str = "rope_theta";
    pub(crate) const FRACTION: &str = "partial_rotary_factor";
    pub(crate) const ROPE: &str = "rope_parameters";
    pub(crate) const OLDER_ROPE: &str = "rope_scaling";
    pub(crate) const ORIGINAL_CONTEXT: &str = "original_max_position_embeddings";
    pub(crate) const KV_HEADS: &str = "num_key_value_heads";
    pub(crate) const HEAD_DIM: &str = "head_dim";
    pub(crate) const RMS_EPS: &str = "rms_norm_eps";
    pub(crate) const ATTENTION_BIAS: &str = "attention_bias";
    pub(crate) const MLP_BIAS: &str = "mlp_bias";
    pub(crate) const WINDOW: &str = "sliding_window";
    pub(crate) const KINDS: &str = "layer_types";
    pub(crate) const USE_WINDOW: &str = "use_sliding_window";
    pub(crate) const FIRST_WINDOW: &str = "max_window_layers";
}

/// What most families read of shapes and positions.
pub(super) const SHAPE: &[Setting] = &[
    Read(name::LAYERS),
    Read(name::WIDTH),
    Read(name::HEADS),
    Read(name::D_FF),
    Read(name::CONTEXT),
    Read(name::ACTIVATION),
    Read(name::THETA),
    Read(name::FRACTION),
    Read(name::ROPE),
    Read(name::OLDER_ROPE),
    Read(name::ORIGINAL_CONTEXT),
];

/// Of older families: how a head of classification summarises a sequence.
pub(super) const SUMMARY: &[Setting] = &[
    Harmless("summary_activation"),
    Harmless("summary_first_dropout"),
    Harmless("summary_proj_to_labels"),
    Harmless("summary_type"),
    Harmless("summary_use_proj"),
];

/// Of every family, as files may say that no window is in use.
const WINDOWS: &[Setting] = &[
    Read(name::KINDS),
    Read(name::WINDOW),
    Read(name::USE_WINDOW),
];

/// Of every family: training, generation, storage and bookkeeping. `pretraining_tp` splits products of
/// matrices, `reorder_and_upcast_attn` and the data types set the precision.
const EVERYWHERE: &[Setting] = &[
    Fixed("add_cross_attention", "false"),
    Fixed("is_causal", "true"),
    Fixed("is_encoder_decoder", "false"),
    Fixed("per_layer_config", "{}"),
    Fixed("pruned_heads", "{}"),
    Fixed(QUANTISED, "null"),
    Fixed(QUANTISED_BY_MLX, "null"),
    Harmless("_attn_implementation"),
    Harmless("_attn_implementation_autoset"),
    Harmless("_attn_implementation_internal"),
    Harmless("_commit_hash"),
    Harmless("_flash_attn_2_enabled"),
    Harmless("_from_model_config"),
    Harmless("_model_name_or_path"),
    Harmless("_name_or_path"),
    Harmless("_num_labels"),
    Read("architectures"),
    Harmless("attention_dropout"),
    Harmless("attention_probs_dropout_prob"),
    Harmless("attn_implementation"),
    Harmless("bad_words_ids"),
    Harmless("begin_suppress_tokens"),
    Harmless("bos_token_id"),
    Harmless("chunk_size_feed_forward"),
    Harmless("classifier_dropout"),
    Harmless("cross_attention_hidden_size"),
    Harmless("custom_pipelines"),
    Harmless("decoder_start_token_id"),
    Harmless("diversity_penalty"),
    Harmless("do_sample"),
    Harmless("dtype"),
    Harmless("early_stopping"),
    Harmless("encoder_no_repeat_ngram_size"),
    Harmless("eos_token_id"),
    Harmless("exponential_decay_length_penalty"),
    Harmless("finetuning_task"),
    Harmless("forced_bos_token_id"),
    Harmless("forced_eos_token_id"),
    Harmless("gradient_checkpointing"),
    Harmless("hidden_dropout"),
    Harmless("hidden_dropout_prob"),
    Harmless("id2label"),
    Harmless("initializer_range"),
    Harmless("is_decoder"),
    Harmless("label2id"),
    Harmless("length_penalty"),
    Harmless("max_length"),
    Harmless("max_new_tokens"),
    Harmless("min_length"),
    Read("model_type"),
    Harmless("name_or_path"),
    Harmless("no_repeat_ngram_size"),
    Harmless("num_beam_groups"),
    Harmless("num_beams"),
    Harmless("num_labels"),
    Harmless("num_return_sequences"),
    Harmless("output_attentions"),
    Harmless("output_hidden_states"),
    Harmless("output_scores"),
    Harmless("pad_token_id"),
    Harmless("prefix"),
    Harmless("pretraining_tp"),
    Harmless("problem_type"),
    Harmless("remove_invalid_values"),
    Harmless("repetition_penalty"),
    Harmless("return_dict"),
    Harmless("return_dict_in_generate"),
    Harmless("sep_token_id"),
    Harmless("suppress_tokens"),
    Harmless("task_specific_params"),
    Harmless("temperature"),
    Harmless("tf_legacy_loss"),
    Harmless("tie_encoder_decoder"),
    Read(name::TIED),
    Harmless("tokenizer_class"),
    Harmless("top_k"),
    Harmless("top_p"),
    Harmless("torch_dtype"),
    Harmless("torchscript"),
    Harmless("transformers.js_config"),
    Harmless("transformers_version"),
    Harmless("typical_p"),
    Harmless("unk_token_id"),
    Harmless("unsloth_fixed"),
    Harmless("unsloth_version"),
    Harmless("use_bfloat16"),
    Harmless("use_cache"),
    Harmless("use_return_dict"),
    Read(name::VOCAB),
];

/// How weights are stored in fewer bits; MLX says it under a name of its own.
const QUANTISED: &str = "quantization_config";
const QUANTISED_BY_MLX: &str = "quantization";

/// Settings that say where code stands; that of a tokenizer computes nothing.
const CODE: &str = "auto_map";
const HARMLESS_CODE: &[&str] = &["AutoTokenizer"];

/// Whether a setting of its own, or of every family, is read.
pub(super) fn reads(family: &Family, name: &str) -> bool {
    settings(family).any(|setting| matches!(setting, Read(read) if *read == name))
}

fn settings(family: &Family) -> impl Iterator<Item = &'static Setting> {
    let lists = family.settings().iter().copied();
    lists.chain([WINDOWS, EVERYWHERE]).flatten()
}

/// Whether a setting of that name changes nothing, whatever the family, where it has this value.
pub(super) fn harmless(name: &str, value: &Value) -> bool {
    let value = value.to_string();
    EVERYWHERE.iter().any(|setting| match setting {
        Harmless(known) => *known == name,
        Fixed(known, only) => *known == name && value == *only,
        Read(_) => false,
    })
}

/// The settings that may have any value.
fn known(family: &Family, config: &Config<'_>) -> impl Iterator<Item = &'static str> {
    // of no effect where no window is in use, whatever the family
    let unused = (config.get(name::USE_WINDOW)).is_some_and(|used| *used == false);
    let first = unused.then_some(name::FIRST_WINDOW);
    settings(family).filter_map(Setting::known).chain(first)
}

/// Refuses the first setting whose meaning is not known or not supported. Null is nothing, but for what
/// is true unless a file says otherwise.
pub(crate) fn check(config: &Config<'_>, family: &Family) -> Result<()> {
    for (name, value) in config.settings() {
        let mut fixed = settings(family).filter_map(Setting::fixed);
        if let Some((_, only)) = fixed.find(|(fixed, _)| *fixed == name) {
            let nothing = value.is_null() && only != "true";
            let spelled = value.to_string();
            if !nothing && spelled != only {
                return Err(config.unsupported(name, value, way_out(name, only)));
            }
        } else if name == CODE && !known(family, config).any(|known| known == name) {
            code(config, value)?;
        } else if !value.is_null() && !known(family, config).any(|known| known == name) {
            let nearest = nearest(name, known(family, config));
            return Err(config.unknown(name, value, nearest));
        }
    }
    classes(config, family)
}

/// What is supported in the place of another value, and how one gets there.
fn way_out(name: &str, only: &str) -> String {
    match name {
        QUANTISED => format!(
            "{only}: load the model in transformers with its weights dequantised (of MXFP4 with \
             `quantization_config=Mxfp4Config(dequantize=True)`), save it, and measure that; of MLX {OF_MLX}"
        ),
        QUANTISED_BY_MLX => format!("{only}: MLX has quantised the weights; {OF_MLX}"),
        _ => only.to_owned(),
    }
}

const OF_MLX: &str =
    "take the model from which it was made, or write it anew with `mlx_lm.convert --dequantize`";

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
fn classes(config: &Config<'_>, family: &Family) -> Result<()> {
    let Some(given) = config.get("architectures") else {
        return Ok(());
    };
    let classes = family.classes;
    let known = |v: &Value| v.as_str().is_some_and(|class| classes.contains(&class));
    match given.as_array() {
        Some(all) if all.iter().all(known) => Ok(()),
        _ => Err(config.unsupported("architectures", given, classes.join(", "))),
    }
}
