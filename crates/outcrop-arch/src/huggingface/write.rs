use serde_json::{Value, json};

use crate::{ArchSpec, GPT_NEOX, Position};

impl ArchSpec {
    /// The `config.json` with which Hugging Face transformers loads this architecture; none where
    /// it is no GPT-NeoX (learned positions, ReLU is fine, RMSNorm is not).
    pub fn to_huggingface(&self) -> Option<Value> {
        let Position::Rotary { fraction, base } = self.position else {
            return None;
        };
        let activation = self.activation.properties().huggingface.first()?;
        GPT_NEOX.check(self).is_ok().then(|| {
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
                "use_parallel_residual": self.residual.properties().parallel,
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
            ("gpt_neox", "bloom", "model_type"),
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
