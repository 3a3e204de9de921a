use serde::{Deserialize, Serialize};

/// Which normalisation a block applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// LayerNorm with gain and shift (Ba et al. 2016).
    #[default]
    LayerNorm,
    /// RMSNorm with gain (Zhang and Sennrich 2019).
    RmsNorm,
}

/// Where a block applies its normalisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NormPlacement {
    /// Before each sublayer.
    #[default]
    Pre,
    /// After each residual addition.
    Post,
    /// Before each sublayer and on its output (Peri-LN).
    Peri,
}

/// How a block adds its two sublayers to the residual stream x.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Residual {
    /// x + attn(ln1(x)) + mlp(ln2(x)), as Pythia.
    #[default]
    Parallel,
    /// y = x + attn(ln1(x)), then y + mlp(ln2(y)), as GPT-2.
    Sequential,
}

/// How positions enter the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Position {
    /// Rotary embedding of the first part of each head, halves rotated (Su et al. 2021).
    Rotary {
        /// Share of each head that is rotated, above 0 and at most 1.
        fraction: f64,
        /// Base of the geometric series of wavelengths.
        base: f64,
    },
    /// A learned vector for each position, added to the token embedding.
    Learned,
    /// Linear biases on the attention scores (Press et al. 2021).
    Alibi,
    /// None.
    None,
}

impl Default for Position {
    /// Pythia's: a quarter of each head, base 10000.
    fn default() -> Self {
        Self::Rotary {
            fraction: 0.25,
            base: 10_000.0,
        }
    }
}

/// How attention scores become weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attention {
    /// Causal softmax.
    #[default]
    Softmax,
}

/// Layers in which a position sees only the latest ones, itself among them (Beltagy et al. 2020), as in
/// some of Mistral and Qwen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How many positions one sees, at least 1.
    pub width: usize,
    /// These layers, counted from 1, in ascending order; the others see all earlier positions.
    pub layers: Vec<usize>,
}

/// The nonlinearity of the MLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// x * Phi(x), exact.
    #[default]
    Gelu,
    /// The tanh approximation of GELU.
    GeluTanh,
    /// max(x, 0).
    Relu,
    /// silu(x W_gate) * (x W_up): an MLP of three matrices, as Llama (Shazeer 2020).
    #[serde(rename = "swiglu", alias = "swi-glu")]
    SwiGlu,
}

/// How weights are drawn before training. Biases start at 0, norm gains at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Init {
    /// Pythia's: normal with standard deviation sqrt(2 / (5 d_model)) (small_init), for the two
    /// output projections of a block 2 / (layers sqrt(d_model)) (wang_init).
    #[default]
    SmallWang,
    /// Normal with one standard deviation for every matrix.
    Normal {
        /// Standard deviation, above 0.
        std: f64,
    },
}
