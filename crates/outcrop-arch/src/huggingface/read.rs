use serde_json::Value;

use super::{HuggingFace, ours};
use crate::family::{self, Config};
use crate::{ArchSpec, Error, FAMILIES, Family, Result, Rotary, known_types, nearest};

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
        few_layers(&config)?;
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
    let word = given.as_str().unwrap_or_default();
    let called = |family: &&&'static Family| family.is_called(word);
    families.iter().find(called).copied().ok_or_else(|| {
        let names = families.iter().map(|family| family.model_type);
        let known = known_types().iter().find(|known| known.name == word);
        let reason = known.and_then(|known| known.refused.as_deref());
        let hint = match (reason, nearest(word, names)) {
            (Some(reason), _) => format!("; {word} is not: {reason}"),
            (None, Some(meant)) => format!("; is `{meant}` meant?"),
            (None, None) => String::new(),
        };
        let count = families.len();
        let supported = format!("one of the {count} types that `outcrop families` lists{hint}");
        config.unsupported("model_type", given, supported)
    })
}

/// What families call their number of layers.
const LAYERS: [&str; 4] = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"];
/// Families make lists with an entry for each layer, which must not take all memory.
const MOST_LAYERS: u64 = 1 << 16;

fn few_layers(config: &Config<'_>) -> Result<()> {
    let mut given = LAYERS
        .iter()
        .filter_map(|name| Some((*name, config.get(name)?)));
    match given.find(|(_, value)| value.as_u64().is_some_and(|n| n > MOST_LAYERS)) {
        None => Ok(()),
        Some((name, value)) => {
            Err(config.unsupported(name, value, format!("at most {MOST_LAYERS}")))
        }
    }
}

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
