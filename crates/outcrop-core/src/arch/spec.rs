use serde::{Deserialize, Serialize};

use super::{Activation, Attention, Bias, Init, Norm, NormPlacement, Position, Residual, Window};
use crate::{Error, Result, sha256_hex};

/// The architecture of a decoder-only transformer. Defaults are those of Pythia (GPT-NeoX).
///
/// | field | default | range |
/// |---|---|---|
/// | `layers` | required | 1 to 1024 |
/// | `d_model` | required | 1 to 65536, a multiple of `heads` unless `head_dim` is given |
/// | `heads` | required | 1 to `d_model` |
/// | `kv_heads` | `heads` | a divisor of `heads` |
/// | `head_dim` | `d_model` / `heads` | 1 to 65536 |
/// | `d_ff` | 4 `d_model` | 1 to 1048576 |
/// | `vocab` | 50304 | 2 to 2^24 |
/// | `context` | 2048 | 2 to 2^20 |
/// | `norm`, `norm_placement`, `norm_eps` | `layer-norm`, `pre`, 1e-5 | eps above 0, at most 0.1 |
/// | `residual` | `parallel` | |
/// | `position` | rotary, fraction 0.25, base 10000 | |
/// | `attention`, `qk_norm` | `softmax`, false | |
/// | `window` | none | `width` at least 1, `layers` ascending, 1 to `layers` |
/// | `activation` | `gelu` | |
/// | `tied` | false | |
/// | `bias` | true | true, false, `qkv`, `attention` |
/// | `init` | `small-wang` | |
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArchSpec {
    /// Number of blocks, L.
    pub layers: usize,
    /// Width of the residual stream, d.
    pub d_model: usize,
    /// Number of attention heads, H.
    pub heads: usize,
    /// Number of key-value heads; fewer than `heads` is grouped-query attention.
    pub kv_heads: usize,
    /// Width of one head where it is not d_model / heads; see [`ArchSpec::d_head`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_dim: Option<usize>,
    /// Width of the MLP.
    pub d_ff: usize,
    /// Number of rows of the embedding.
    pub vocab: usize,
    /// Longest sequence.
    pub context: usize,
    /// Which normalisation.
    pub norm: Norm,
    /// Where it stands.
    pub norm_placement: NormPlacement,
    /// Added to the variance in the normalisation.
    pub norm_eps: f64,
    /// How sublayers are added.
    pub residual: Residual,
    /// How positions enter.
    pub position: Position,
    /// How scores become weights.
    pub attention: Attention,
    /// Layers that see only the latest positions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Whether each head of queries and keys passes an RMSNorm with gain before the rotary
    /// embedding, as in Qwen3; one gain of d_head for all queries of a block, one for all keys.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub qk_norm: bool,
    /// Nonlinearity of the MLP.
    pub activation: Activation,
    /// Whether the unembedding shares the embedding's weights.
    pub tied: bool,
    /// Which linear maps inside blocks have biases.
    pub bias: Bias,
    /// How weights are drawn.
    pub init: Init,
}

/// An architecture with the name under which tables mention it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedArch {
    /// Name of the model, as in the `model` column of tables.
    pub model: String,
    /// Its architecture.
    pub arch: ArchSpec,
}

impl ArchSpec {
    /// An architecture of this shape, everything else as in Pythia.
    pub fn new(layers: usize, d_model: usize, heads: usize) -> Self {
        Self {
            layers,
            d_model,
            heads,
            kv_heads: heads,
            head_dim: None,
            d_ff: d_model.saturating_mul(4),
            vocab: 50304,
            context: 2048,
            norm: Norm::default(),
            norm_placement: NormPlacement::default(),
            norm_eps: 1e-5,
            residual: Residual::default(),
            position: Position::default(),
            attention: Attention::default(),
            window: None,
            qk_norm: false,
            activation: Activation::default(),
            tied: false,
            bias: Bias::default(),
            init: Init::default(),
        }
    }

    /// Width of one attention head: `head_dim`, or d_model / heads where it is not given.
    pub fn d_head(&self) -> usize {
        self.head_dim.unwrap_or_else(|| self.d_model / self.heads)
    }

    /// The same with `head_dim` given only where it says something, so that one architecture has
    /// one hash.
    pub(super) fn with_head_dim(self, head_dim: Option<usize>) -> Self {
        let common = |h: &usize| h.checked_mul(self.heads) == Some(self.d_model);
        Self {
            head_dim: head_dim.filter(|h| !common(h)),
            ..self
        }
    }

    /// How many positions one sees in `layer`, counted from 1, itself among them; none where it sees all
    /// earlier ones.
    pub fn window_width(&self, layer: usize) -> Option<usize> {
        let window = self.window.as_ref()?;
        window.layers.contains(&layer).then_some(window.width)
    }

    /// Number of channels of each head that are rotated (even); 0 without rotary embedding.
    pub fn rotary_dims(&self) -> usize {
        match self.position {
            Position::Rotary { fraction, .. } => (self.d_head() as f64 * fraction) as usize / 2 * 2,
            _ => 0,
        }
    }

    /// SHA-256 of the architecture in its canonical JSON.
    ///
    /// # Errors
    /// [`Error::Parse`] where a number is not finite.
    pub fn sha256(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(|e| Error::parse("architecture", e))?;
        Ok(sha256_hex(&json))
    }

    /// Makes sure that every field is in its range and that the fields agree.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the field, its value and the range.
    pub fn check(&self) -> Result<()> {
        let within = |field: &str, value: usize, low: usize, high: usize| {
            let allowed = format!("{low} to {high}");
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(Error::range(format!("arch.{field}"), value, allowed))
            }
        };
        within("layers", self.layers, 1, 1024)?;
        within("d_model", self.d_model, 1, 1 << 16)?;
        within("heads", self.heads, 1, self.d_model)?;
        within("kv_heads", self.kv_heads, 1, self.heads)?;
        within("d_ff", self.d_ff, 1, 1 << 20)?;
        within("vocab", self.vocab, 2, 1 << 24)?;
        within("context", self.context, 2, 1 << 20)?;
        if let Some(width) = self.head_dim {
            within("head_dim", width, 1, 1 << 16)?;
        } else if !self.d_model.is_multiple_of(self.heads) {
            let allowed = format!("a divisor of d_model = {}", self.d_model);
            return Err(Error::range("arch.heads", self.heads, allowed));
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            let allowed = format!("a divisor of heads = {}", self.heads);
            return Err(Error::range("arch.kv_heads", self.kv_heads, allowed));
        }
        if !(self.norm_eps > 0.0 && self.norm_eps <= 0.1) {
            return Err(Error::range(
                "arch.norm_eps",
                self.norm_eps,
                "above 0, at most 0.1",
            ));
        }
        self.check_position()?;
        self.check_window()?;
        match self.init {
            Init::Normal { std } if !(std > 0.0 && std <= 10.0) => {
                Err(Error::range("arch.init.std", std, "above 0, at most 10"))
            }
            _ => Ok(()),
        }
    }

    fn check_window(&self) -> Result<()> {
        let Some(Window { width, layers }) = &self.window else {
            return Ok(());
        };
        if *width == 0 {
            return Err(Error::range("arch.window.width", width, "at least 1"));
        }
        let within = layers.iter().all(|layer| (1..=self.layers).contains(layer));
        if layers.is_empty() || !within || !layers.is_sorted_by(|a, b| a < b) {
            let allowed = format!("one or more of 1 to {}, ascending", self.layers);
            return Err(Error::range(
                "arch.window.layers",
                format!("{layers:?}"),
                allowed,
            ));
        }
        Ok(())
    }

    fn check_position(&self) -> Result<()> {
        let Position::Rotary { fraction, base } = self.position else {
            return Ok(());
        };
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(Error::range(
                "arch.position.fraction",
                fraction,
                "above 0, at most 1",
            ));
        }
        if !(base > 1.0 && base.is_finite()) {
            return Err(Error::range("arch.position.base", base, "above 1"));
        }
        if self.rotary_dims() < 2 {
            let allowed = format!("at least 2 / d_head = {}", 2.0 / self.d_head() as f64);
            return Err(Error::range("arch.position.fraction", fraction, allowed));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_json_print_back() {
        let mut spec = ArchSpec::new(3, 64, 4);
        spec.init = Init::Normal { std: 0.02 };
        spec.activation = Activation::SwiGlu;
        spec.bias = Bias::Qkv;
        spec.qk_norm = true;
        spec.head_dim = Some(24);
        spec.window = Some(Window {
            width: 8,
            layers: vec![1, 3],
        });
        // A number that only an exact reader of JSON gives back.
        let base = 3.9942895337654323e18;
        spec.position = Position::Rotary {
            fraction: 0.5,
            base,
        };
        let text = toml::to_string(&spec).unwrap();
        assert_eq!(ArchSpec::from_toml(&text).unwrap(), spec);
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ArchSpec>(&json).unwrap(), spec);
    }

    #[test]
    fn every_range_is_named() {
        let base = "layers = 2\nd_model = 64\nheads = 4\n";
        for (line, field) in [
            ("kv_heads = 3", "arch.kv_heads"),
            ("head_dim = 0", "arch.head_dim"),
            ("head_dim = 65537", "arch.head_dim"),
            ("vocab = 1", "arch.vocab"),
            ("context = 0", "arch.context"),
            ("norm_eps = 0.0", "arch.norm_eps"),
            (
                "position = { kind = \"rotary\", fraction = 1.5, base = 1e4 }",
                "arch.position.fraction",
            ),
            (
                "position = { kind = \"rotary\", fraction = 0.01, base = 1e4 }",
                "arch.position.fraction",
            ),
            (
                "position = { kind = \"rotary\", fraction = 0.5, base = 0.5 }",
                "arch.position.base",
            ),
            ("init = { kind = \"normal\", std = -1.0 }", "arch.init.std"),
            ("window = { width = 0, layers = [1] }", "arch.window.width"),
            ("window = { width = 4, layers = [] }", "arch.window.layers"),
            (
                "window = { width = 4, layers = [2, 1] }",
                "arch.window.layers",
            ),
            (
                "window = { width = 4, layers = [1, 3] }",
                "arch.window.layers",
            ),
        ] {
            let error = ArchSpec::from_toml(&format!("{base}{line}"))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(field) && error.contains("allowed"),
                "{line}: {error}"
            );
        }
    }

    /// Runs are found again by these hashes: fields added later must not change them. The digests
    /// are those that `sha256sum` prints of the JSON, which is spelled out for the second.
    #[test]
    fn hashes_stay_what_they_were() {
        let pythia = ArchSpec::pythia("70m").unwrap().sha256().unwrap();
        let expected = "7db023f9b6d65a77eadc445aa48286a335d4789f4aa90d77bccd63fd3fab02f7";
        assert_eq!(pythia, expected);
        let json = r#"{"layers":3,"d_model":64,"heads":4,"kv_heads":2,"d_ff":100,"vocab":66,"context":64,"norm":"rms-norm","norm_placement":"pre","norm_eps":0.00001,"residual":"sequential","position":{"kind":"learned"},"attention":"softmax","activation":"relu","tied":true,"bias":false,"init":{"kind":"normal","std":0.02}}"#;
        let spec: ArchSpec = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&spec).unwrap(), json);
        let expected = "8b94f0b6edc6328d3c0c6c54f1b0d869c820d96c8a5b16486cb3bac10dc4c40a";
        assert_eq!(spec.sha256().unwrap(), expected);
    }

    #[test]
    fn a_head_width_frees_d_model_from_heads_and_the_common_one_is_left_out() {
        let base = "layers = 2\nd_model = 64\nheads = 4\n";
        let common = ArchSpec::from_toml(&format!("{base}head_dim = 16")).unwrap();
        assert_eq!(common, ArchSpec::from_toml(base).unwrap());
        let wide = ArchSpec::from_toml("layers = 2\nd_model = 64\nheads = 5\nhead_dim = 32");
        assert_eq!(wide.unwrap().d_head(), 32);
    }

    #[test]
    fn a_mistyped_value_is_no_panic() {
        for text in [
            "layers = -1\nd_model = 8\nheads = 1",
            "layers = 2",
            "layers = \"two\"",
        ] {
            assert!(ArchSpec::from_toml(text).is_err());
        }
    }
}
