use serde_json::Value;

use super::{HuggingFace, ours};
use crate::family::{self, Config};
use crate::{ArchSpec, Error, FAMILIES, Family, Result, Rotary};

impl HuggingFace {
    /// Reads a `config.json` of a type of [`FAMILIES`], as any version of transformers writes it, or of our own
    /// ([`ArchSpec::to_config`]); `context` names the file in errors.
    ///
    /// Nothing that may change what the model computes is skipped: a setting must be read, or
    /// known to be harmless (dropout, data types, token ids, generation). Where versions of transformers
    /// read a file differently, it is refused.
    ///
    /// ```
    /// use outcrop_arch::{GPT2, HuggingFace};
    ///
    /// let text = r#"{"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12,
    ///     "n_positions": 1024, "vocab_size": 50257, "activation_function": "gelu_new"}"#;
    /// let gpt2 = HuggingFace::parse(text, "config.json")?;
    /// assert_eq!(gpt2.family, &GPT2);
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
        Self::parse_among(&FAMILIES, text, context)
    }

    /// As [`HuggingFace::parse`], with families of your own.
    ///
    /// # Errors
    /// As [`HuggingFace::parse`].
    pub fn parse_among(families: &[&'static Family], text: &str, context: &str) -> Result<Self> {
        if let Some(read) = ours::read(text, context) {
            return read;
        }
        let config = Config::parse(text, context)?;
        let family = named(families, &config)?;
        family::check(&config, family)?;
        let arch = family.read(&config)?;
        arch.check()?;
        whole_pairs(&arch)?;
        family.check(&arch)?;
        let family = family.stored_as();
        Ok(Self { arch, family })
    }
}

/// The family of the `model_type`.
fn named(families: &[&'static Family], config: &Config<'_>) -> Result<&'static Family> {
    let given = config.get("model_type").unwrap_or(&Value::Null);
    let known = families.iter().find(|known| given == known.model_type);
    known.copied().ok_or_else(|| {
        let names: Vec<_> = families.iter().map(|family| family.model_type).collect();
        let reason = LACKING.iter().find(|(lacking, _)| given == lacking);
        let reason = reason.map_or_else(String::new, |(_, what)| {
            format!("; {what} is not computed here")
        });
        config.unsupported("model_type", given, names.join(", ") + &reason)
    })
}

/// Types that are asked for, and what of theirs no step of a plan is.
const LACKING: &[(&str, &str)] = &[
    ("deepseek_v2", "attention with latent keys and values"),
    ("deepseek_v3", "attention with latent keys and values"),
    ("qwen3_next", "linear attention with a gated delta rule"),
    ("mamba", "a state-space model"),
    ("mamba2", "a state-space model"),
    ("jamba", "a state-space model"),
    ("rwkv", "a recurrent network"),
];

/// Rotation turns channels in pairs: a head with an odd number of rotated channels has no meaning.
fn whole_pairs(arch: &ArchSpec) -> Result<()> {
    let Some(Rotary { fraction, .. }) = arch.position.rotary() else {
        return Ok(());
    };
    let width = arch.d_head();
    if (width as f64 * fraction) as usize == arch.rotary_dims() {
        return Ok(());
    }
    let allowed = format!("an even number of the d_head = {width} channels");
    Err(Error::range("arch.position.fraction", fraction, allowed))
}
