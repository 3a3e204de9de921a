//! Normalisations, one a file. A new one is its file and its row below: parts of a plan, counts, initialisation,
//! weight decay and names follow from its properties.

mod dynamic_tanh;
mod layer_norm;
mod layer_norm_gain;
mod layer_norm_plain;
mod rms_norm;
mod rms_norm_plain;
mod ss_norm;

use super::Word;
use super::one_of::one_of;

/// Normalisation of a row x of d_model numbers: (x - m) / sqrt(mean((x - m)^2) + eps), times the gain, plus the
/// shift. m is the mean of x, or 0. Or tanh(alpha x) in the place of the fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormProperties {
    /// Whether it is tanh(alpha x), alpha one learned number, which starts at 0.5.
    pub tanh: bool,
    /// Whether m is the mean.
    pub centred: bool,
    /// The gain, which starts at 1.
    pub gain: Gain,
    /// Whether there is a shift \[d_model\], which starts at 0.
    pub shift: bool,
}

/// The gain of a norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gain {
    /// None.
    None,
    /// One number for each channel, \[d_model\].
    Channels,
    /// One number for all, \[1\].
    Single,
}

one_of! {
    "norm", "Which normalisation a block applies", default "`layer-norm`";
    /// Which normalisation a block applies.
    Norm: NormProperties;
    /// LayerNorm with gain and shift (Ba et al. 2016).
    LayerNorm = layer_norm::ROW;
    /// RMSNorm with gain (Zhang and Sennrich 2019).
    RmsNorm = rms_norm::ROW;
    /// LayerNorm with gain alone, as MPT.
    LayerNormGain = layer_norm_gain::ROW;
    /// LayerNorm without parameters, as OLMo (Groeneveld et al. 2024).
    LayerNormPlain = layer_norm_plain::ROW;
    /// RMSNorm without parameters.
    RmsNormPlain = rms_norm_plain::ROW;
    /// RMSNorm with one gain for all channels (Park et al. 2025).
    SsNorm = ss_norm::ROW;
    /// gain * tanh(alpha x) + shift (Zhu et al. 2025).
    DynamicTanh = dynamic_tanh::ROW;
}
