use serde_json::{Value, json};

use super::config::Config;
use super::model_type::ModelType;
use super::{HuggingFace, ours, rope, settings, window};
use crate::{Activation, ArchSpec, Bias, Norm, Position, Residual};
use crate::{Error, Result};

impl HuggingFace {
    /// Reads a `config.json` of model type `gpt_neox`, `gpt2`, `llama`, `mistral`, `qwen2` or
    /// `qwen3`, as any version of transformers writes it, or of our own ([`ArchSpec::to_config`]);
    /// `context` names the file in errors.
    ///
    /// Nothing that may change what the model computes is passed over: a setting must be read, or
    /// known to be harmless (dropout, data types, token ids, generation). Where versions of transformers
    /// read a file differently, it is refused.
    ///
    /// ```
    /// use outcrop_arch::{Family, HuggingFace};
    ///
    /// let text = r#"{"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12,
    ///     "n_positions": 1024, "vocab_size": 50257, "activation_function": "gelu_new"}"#;
    /// let gpt2 = HuggingFace::parse(text, "config.json")?;
    /// assert_eq!(gpt2.family, Family::Gpt2);
    /// assert_eq!(gpt2.arch.parameters().total, 124_439_808);
    ///
    /// let text = text.replace("}", r#", "logit_scale": 0.5}"#);
    /// let error = HuggingFace::parse(&text, "config.json").unwrap_err().to_string();
    /// assert!(error.contains("`logit_scale` = 0.5"));
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parse`] for text that is no JSON object and for a required setting that is missing
    /// or mistyped, [`Error::Unsupported`] for a setting that would compute something else,
    /// [`Error::UnknownSetting`], [`Error::OutOfRange`] where values disagree.
    pub fn parse(text: &str, context: &str) -> Result<Self> {
        if let Some(read) = ours::read(text, context) {
            return read;
        }
        let config = Config::parse(text, context)?;
        let model_type = model_type(&config)?;
        settings::check(&config, model_type)?;
        let read = match model_type {
            ModelType::NeoX => neox(&config)?,
            ModelType::Gpt2 => gpt2(&config)?,
            ModelType::Llama | ModelType::Mistral | ModelType::Qwen2 | ModelType::Qwen3 => {
                llama(&config, model_type)?
            }
        };
        let arch = ArchSpec {
            window: window::read(&config, model_type, read.layers)?,
            ..read
        };
        arch.check()?;
        whole_pairs(&arch)?;
        let family = model_type.family();
        family.check(&arch)?;
        Ok(Self { arch, family })
    }
}

fn model_type(config: &Config<'_>) -> Result<ModelType> {
    let given = config.get("model_type").unwrap_or(&Value::Null);
    ModelType::ALL
        .into_iter()
        .find(|known| given == known.name())
        .ok_or_else(|| {
            let names = ModelType::ALL.map(ModelType::name).join(", ");
            config.unsupported("model_type", given, names)
        })
}

fn neox(config: &Config<'_>) -> Result<ArchSpec> {
    if !config.flag("attention_bias", true)? {
        // transformers then leaves the biases of the MLP where they are.
        return Err(config.unsupported("attention_bias", &json!(false), true));
    }
    Ok(ArchSpec {
        norm_eps: config.number("layer_norm_eps")?.unwrap_or(1e-5),
        residual: match config.flag("use_parallel_residual", true)? {
            true => Residual::Parallel,
            false => Residual::Sequential,
        },
        position: rope::position(config, ModelType::NeoX)?,
        activation: gelu(config, "hidden_act", Activation::Gelu)?,
        tied: config.flag("tie_word_embeddings", false)?,
        ..shape(config)?
    })
}

fn gpt2(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    let new = ArchSpec::new(count("n_layer")?, count("n_embd")?, count("n_head")?);
    Ok(ArchSpec {
        d_ff: config.optional_count("n_inner")?.unwrap_or(new.d_ff),
        vocab: count("vocab_size")?,
        context: count("n_positions")?,
        norm_eps: config.number("layer_norm_epsilon")?.unwrap_or(1e-5),
        residual: Residual::Sequential,
        position: Position::Learned,
        activation: gelu(config, "activation_function", Activation::GeluTanh)?,
        tied: config.flag("tie_word_embeddings", true)?,
        ..new
    })
}

fn llama(config: &Config<'_>, model_type: ModelType) -> Result<ArchSpec> {
    let shape = shape(config)?;
    let arch = ArchSpec {
        kv_heads: kv_heads(config, model_type, shape.heads)?,
        norm: Norm::RmsNorm,
        norm_eps: config.number("rms_norm_eps")?.unwrap_or(1e-6),
        residual: Residual::Sequential,
        position: rope::position(config, model_type)?,
        qk_norm: model_type == ModelType::Qwen3,
        activation: silu(config)?,
        tied: config.flag("tie_word_embeddings", false)?,
        bias: bias(config, model_type)?,
        ..shape
    };
    let head_dim = match model_type {
        ModelType::Qwen3 if !config.names("head_dim") => Some(128),
        // null is no width to these
        ModelType::Qwen2 | ModelType::Qwen3 if config.names("head_dim") => {
            Some(config.count("head_dim")?)
        }
        ModelType::NeoX
        | ModelType::Gpt2
        | ModelType::Llama
        | ModelType::Mistral
        | ModelType::Qwen2
        | ModelType::Qwen3 => config.optional_count("head_dim")?,
    };
    Ok(arch.with_head_dim(head_dim))
}

fn shape(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    Ok(ArchSpec {
        d_ff: count("intermediate_size")?,
        vocab: count("vocab_size")?,
        context: count("max_position_embeddings")?,
        ..ArchSpec::new(
            count("num_hidden_layers")?,
            count("hidden_size")?,
            count("num_attention_heads")?,
        )
    })
}

/// Null stands for as many as heads, and so does nothing in Llama; the other types have defaults
/// of their own that no file relies on.
fn kv_heads(config: &Config<'_>, model_type: ModelType, heads: usize) -> Result<usize> {
    const NAME: &str = "num_key_value_heads";
    if model_type != ModelType::Llama && !config.names(NAME) {
        return Err(config.mistyped(NAME, "a whole number"));
    }
    Ok(config.optional_count(NAME)?.unwrap_or(heads))
}

fn bias(config: &Config<'_>, model_type: ModelType) -> Result<Bias> {
    if model_type == ModelType::Qwen2 {
        return Ok(Bias::Qkv);
    }
    match (
        config.flag("attention_bias", false)?,
        config.flag("mlp_bias", false)?,
    ) {
        (false, false) => Ok(Bias::None),
        (true, false) => Ok(Bias::Attention),
        (true, true) => Ok(Bias::All),
        (false, true) => {
            let supported = "false where `attention_bias` is false";
            Err(config.unsupported("mlp_bias", &json!(true), supported))
        }
    }
}

fn gelu(config: &Config<'_>, name: &str, default: Activation) -> Result<Activation> {
    let Some(given) = config.given(name) else {
        return Ok(default);
    };
    match given.as_str() {
        Some("gelu") => Ok(Activation::Gelu),
        Some("gelu_new" | "gelu_fast" | "gelu_pytorch_tanh") => Ok(Activation::GeluTanh),
        Some("relu") => Ok(Activation::Relu),
        _ => {
            let supported = "gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu";
            Err(config.unsupported(name, given, supported))
        }
    }
}

fn silu(config: &Config<'_>) -> Result<Activation> {
    match config.given("hidden_act") {
        Some(given) if given != "silu" && given != "swish" => {
            Err(config.unsupported("hidden_act", given, "silu, swish"))
        }
        _ => Ok(Activation::SwiGlu),
    }
}

/// Rotation turns channels in pairs: a head with an odd number of rotated channels has no meaning.
fn whole_pairs(arch: &ArchSpec) -> Result<()> {
    let Position::Rotary { fraction, .. } = arch.position else {
        return Ok(());
    };
    let width = arch.d_head();
    if (width as f64 * fraction) as usize == arch.rotary_dims() {
        return Ok(());
    }
    let allowed = format!("an even number of the d_head = {width} channels");
    Err(Error::range("arch.position.fraction", fraction, allowed))
}
