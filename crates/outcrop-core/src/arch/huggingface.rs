//! Hugging Face `config.json` of GPT-NeoX models, in and out.

use serde_json::{Value, json};

use super::{Activation, ArchSpec, Position, Residual};
use crate::{Error, Result};

impl ArchSpec {
    /// Reads the `config.json` of a GPT-NeoX model, with the older or the newer rotary keys;
    /// `context` names the file in errors.
    ///
    /// # Errors
    /// [`Error::Parse`] for text that is no JSON object or lacks a required field,
    /// [`Error::Unsupported`] for a setting that would compute something else,
    /// [`Error::OutOfRange`] where the values disagree.
    pub fn from_huggingface(text: &str, context: &str) -> Result<Self> {
        let config: Value = serde_json::from_str(text).map_err(|e| Error::parse(context, e))?;
        let config = Config { config, context };
        config.supported("model_type", &json!("gpt_neox"), true)?;
        for field in ["attention_dropout", "hidden_dropout"] {
            config.supported(field, &json!(0.0), false)?;
        }
        config.supported("rope_scaling", &Value::Null, false)?;
        let count = |field: &str| config.count(field);
        let spec = Self {
            d_ff: count("intermediate_size")?,
            vocab: count("vocab_size")?,
            context: count("max_position_embeddings")?,
            norm_eps: config.number(&["layer_norm_eps"])?.unwrap_or(1e-5),
            residual: match config.flag("use_parallel_residual")?.unwrap_or(true) {
                true => Residual::Parallel,
                false => Residual::Sequential,
            },
            position: config.rotary()?,
            activation: config.activation()?,
            tied: config.flag("tie_word_embeddings")?.unwrap_or(false),
            bias: config.flag("attention_bias")?.unwrap_or(true).into(),
            ..Self::new(
                count("num_hidden_layers")?,
                count("hidden_size")?,
                count("num_attention_heads")?,
            )
        };
        spec.check()?;
        Ok(spec)
    }

    /// The `config.json` with which Hugging Face transformers loads this architecture; none where
    /// it is no GPT-NeoX (learned positions, ReLU is fine, RMSNorm is not).
    pub fn to_huggingface(&self) -> Option<Value> {
        let Position::Rotary { fraction, base } = self.position else {
            return None;
        };
        let activation = match self.activation {
            Activation::Gelu => "gelu",
            Activation::GeluTanh => "gelu_new",
            Activation::Relu => "relu",
            Activation::SwiGlu => return None,
        };
        let neox = Self {
            layers: self.layers,
            d_ff: self.d_ff,
            vocab: self.vocab,
            context: self.context,
            norm_eps: self.norm_eps,
            residual: self.residual,
            position: self.position,
            activation: self.activation,
            tied: self.tied,
            init: self.init,
            ..Self::new(self.layers, self.d_model, self.heads)
        };
        (*self == neox).then(|| {
            json!({
                "architectures": ["GPTNeoXForCausalLM"],
                "model_type": "gpt_neox",
                "num_hidden_layers": self.layers,
                "hidden_size": self.d_model,
                "num_attention_heads": self.heads,
                "intermediate_size": self.d_ff,
                "vocab_size": self.vocab,
                "max_position_embeddings": self.context,
                "layer_norm_eps": self.norm_eps,
                "use_parallel_residual": self.residual == Residual::Parallel,
                "hidden_act": activation,
                "rotary_pct": fraction,
                "rotary_emb_base": base,
                "rope_parameters": {
                    "rope_type": "default",
                    "partial_rotary_factor": fraction,
                    "rope_theta": base,
                },
                "attention_bias": true,
                "attention_dropout": 0.0,
                "hidden_dropout": 0.0,
                "tie_word_embeddings": self.tied,
                "torch_dtype": "float32",
            })
        })
    }
}

struct Config<'a> {
    config: Value,
    context: &'a str,
}

impl Config<'_> {
    fn field(&self, field: &str) -> Option<&Value> {
        self.config.get(field).filter(|v| !v.is_null())
    }

    fn mistyped(&self, field: &str, expected: &str) -> Error {
        let value = self.config.get(field).unwrap_or(&Value::Null);
        Error::parse(
            self.context,
            format!("`{field}` = {value}, expected {expected}"),
        )
    }

    fn unsupported(&self, field: &str, value: &Value, supported: impl ToString) -> Error {
        Error::Unsupported {
            context: self.context.into(),
            field: field.into(),
            value: value.to_string(),
            supported: supported.to_string(),
        }
    }

    fn supported(&self, field: &str, value: &Value, required: bool) -> Result<()> {
        match self.field(field) {
            None if !required => Ok(()),
            Some(v) if v == value || (v.is_number() && v.as_f64() == value.as_f64()) => Ok(()),
            other => Err(self.unsupported(field, other.unwrap_or(&Value::Null), value)),
        }
    }

    fn count(&self, field: &str) -> Result<usize> {
        let value = self.field(field).and_then(Value::as_u64);
        value
            .and_then(|v| usize::try_from(v).ok())
            .ok_or_else(|| self.mistyped(field, "a whole number"))
    }

    fn flag(&self, field: &str) -> Result<Option<bool>> {
        self.field(field)
            .map(|v| {
                v.as_bool()
                    .ok_or_else(|| self.mistyped(field, "true or false"))
            })
            .transpose()
    }

    /// A number, at the end of a path of keys.
    fn number(&self, path: &[&str]) -> Result<Option<f64>> {
        let mut value = &self.config;
        for key in path {
            match value.get(key).filter(|v| !v.is_null()) {
                Some(v) => value = v,
                None => return Ok(None),
            }
        }
        let number = value.as_f64();
        number
            .ok_or_else(|| self.mistyped(path[0], "a number"))
            .map(Some)
    }

    fn rotary(&self) -> Result<Position> {
        if let Some(kind) = self.config.pointer("/rope_parameters/rope_type")
            && kind != "default"
        {
            return Err(self.unsupported("rope_parameters.rope_type", kind, "default"));
        }
        let either = |new: &str, old: &str| -> Result<Option<f64>> {
            match self.number(&["rope_parameters", new])? {
                Some(v) => Ok(Some(v)),
                None => self.number(&[old]),
            }
        };
        Ok(Position::Rotary {
            fraction: either("partial_rotary_factor", "rotary_pct")?.unwrap_or(0.25),
            base: either("rope_theta", "rotary_emb_base")?.unwrap_or(10_000.0),
        })
    }

    fn activation(&self) -> Result<Activation> {
        match self.field("hidden_act").and_then(Value::as_str) {
            None | Some("gelu") => Ok(Activation::Gelu),
            Some("gelu_new" | "gelu_fast" | "gelu_pytorch_tanh") => Ok(Activation::GeluTanh),
            Some("relu") => Ok(Activation::Relu),
            Some(other) => {
                let supported = "gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, relu";
                Err(self.unsupported("hidden_act", &json!(other), supported))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{"model_type": "gpt_neox", "num_hidden_layers": 6, "hidden_size": 512,
        "num_attention_heads": 8, "intermediate_size": 2048, "vocab_size": 50304,
        "max_position_embeddings": 2048, "rotary_pct": 0.25, "rotary_emb_base": 10000,
        "hidden_act": "gelu", "use_parallel_residual": true, "layer_norm_eps": 1e-05,
        "tie_word_embeddings": false}"#;

    #[test]
    fn the_published_config_is_pythia_70m() {
        let spec = ArchSpec::from_huggingface(OLD, "config.json").unwrap();
        assert_eq!(spec, ArchSpec::pythia("70m").unwrap());
        let back = spec.to_huggingface().unwrap().to_string();
        assert_eq!(
            ArchSpec::from_huggingface(&back, "config.json").unwrap(),
            spec
        );
    }

    #[test]
    fn a_setting_that_changes_the_mathematics_is_refused() {
        for (old, new, field) in [
            ("gpt_neox", "llama", "model_type"),
            ("\"gelu\"", "\"silu\"", "hidden_act"),
            (
                "\"rotary_pct\": 0.25",
                "\"rope_scaling\": {\"factor\": 2}",
                "rope_scaling",
            ),
            (
                "\"rotary_pct\": 0.25",
                "\"rope_parameters\": {\"rope_type\": \"yarn\"}",
                "rope_type",
            ),
        ] {
            let text = OLD.replace(old, new);
            let error = ArchSpec::from_huggingface(&text, "config.json")
                .unwrap_err()
                .to_string();
            assert!(error.contains(field), "{error}");
        }
    }

    #[test]
    fn what_is_no_neox_has_no_config() {
        let learned = ArchSpec {
            position: Position::Learned,
            ..ArchSpec::new(2, 64, 4)
        };
        assert!(learned.to_huggingface().is_none());
    }
}
