use serde::Serialize;

use crate::{Activation, Attention, Bias, Init, Norm, NormPlacement, Position, Residual, Window};
use crate::{Error, Result};

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
    pub(crate) fn with_head_dim(self, head_dim: Option<usize>) -> Self {
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
            Position::Learned | Position::Alibi | Position::None => 0,
        }
    }

    /// The JSON by whose hash an architecture is known: its fields in order, those left out that say
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Parse`] where a number is not finite.
    pub fn canonical_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::parse("architecture", e))
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
            Init::Normal { .. } | Init::SmallWang => Ok(()),
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
