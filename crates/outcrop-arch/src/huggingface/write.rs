use serde_json::Value;

use super::HuggingFace;
use crate::{ArchSpec, FAMILIES, Family, OUTCROP, Plan};

impl ArchSpec {
    /// The `config.json` with which Hugging Face transformers loads this architecture, as one of the first family of
    /// [`FAMILIES`] that computes it; none where no family does (GPT-NeoX may have ReLU, but no learned positions).
    ///
    /// ```
    /// use outcrop_arch::{Activation, ArchSpec, Bias, Norm, Residual};
    ///
    /// let mut arch = ArchSpec { norm: Norm::RmsNorm, ..ArchSpec::new(2, 64, 4) };
    /// assert_eq!(arch.to_huggingface(), None);
    /// (arch.activation, arch.residual, arch.bias) = (Activation::SwiGlu, Residual::Sequential, Bias::None);
    /// arch.position = outcrop_arch::Position::Rotary { fraction: 1.0, base: 10_000.0 };
    /// assert_eq!(arch.to_huggingface().unwrap()["model_type"], "llama");
    /// arch.qk_norm = outcrop_arch::QkNorm::Head;
    /// assert_eq!(arch.to_huggingface().unwrap()["model_type"], "qwen3");
    /// ```
    pub fn to_huggingface(&self) -> Option<Value> {
        self.written().map(|(_, config)| config)
    }

    /// The family under whose names and in whose layout a checkpoint of this architecture is written, beside
    /// [`ArchSpec::to_config`]: one of transformers where there is one, else [`OUTCROP`].
    pub fn family(&self) -> &'static Family {
        self.written().map_or(&OUTCROP, |(family, _)| family)
    }

    /// The first family whose config says this architecture, with the config.
    pub(super) fn written(&self) -> Option<(&'static Family, Value)> {
        let written = |family: &'static Family| Some((family.stored_as(), family.config(self)?));
        FAMILIES.into_iter().find_map(written)
    }
}

impl Family {
    /// The `config.json` with which transformers loads an architecture as one of this family; none where it cannot
    /// say all of it, or its files have no name for a weight.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, GPT2, GPT_NEOX};
    ///
    /// let arch = ArchSpec::pythia("70m")?;
    /// assert_eq!(GPT_NEOX.config(&arch).unwrap()["model_type"], "gpt_neox");
    /// assert_eq!(GPT2.config(&arch), None); // rotary positions
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    pub fn config(&'static self, arch: &ArchSpec) -> Option<Value> {
        let config = self.says(arch)?;
        let read = HuggingFace::parse_among(&[self], &config.to_string(), "config.json").ok()?;
        let init = arch.init; // no config says it
        let same = ArchSpec { init, ..read.arch } == *arch;
        let named = || self.name_parts(&Plan::new(arch)).is_ok();
        (same && named()).then_some(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Position};

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
            ("gpt_neox", "rwkv", "model_type"),
            ("\"gelu\"", "\"mish\"", "hidden_act"),
            (
                "\"rotary_pct\": 0.25",
                "\"rope_scaling\": {\"factor\": 2}",
                "rope_scaling",
            ),
            (
                "\"rotary_pct\": 0.25",
                "\"rope_parameters\": {\"rope_type\": \"axial\"}",
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
        // the files of GPT-NeoX have no names for the weights of this activation
        let weighted = ArchSpec {
            activation: Activation::Xielu,
            ..ArchSpec::pythia("70m").unwrap()
        };
        assert!(weighted.to_huggingface().is_none());
    }
}
