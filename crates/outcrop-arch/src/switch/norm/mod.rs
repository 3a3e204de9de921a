//! Normalisations, one a file. A new one is its file and its row below: parts of a plan, counts, initialisation,
//! weight decay and names follow from its properties.

mod layer_norm;
mod layer_norm_gain;
mod layer_norm_plain;
mod rms_norm;
mod rms_norm_plain;

use super::Word;
use super::one_of::one_of;

/// Normalisation of a row x of d_model numbers: (x - m) / sqrt(mean((x - m)^2) + eps), times the gain, plus the
/// shift. m is the mean of x, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormProperties {
    /// Whether m is the mean.
    pub centred: bool,
    /// Whether there is a gain \[d_model\], which starts at 1.
    pub gain: bool,
    /// Whether there is a shift \[d_model\], which starts at 0.
    pub shift: bool,
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
}
