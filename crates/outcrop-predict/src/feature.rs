use std::fmt;

use outcrop_core::{ArchSpec, Position};

/// A number computed from (architecture, layer). The symbols are the paper's: l is the layer from
/// 1, L the number of layers, d the width of the residual stream, H the number of attention heads,
/// d_ff the width of the MLP.
///
/// All sixteen are the paper's features. The last two are 0 where an architecture has no rotary
/// embedding, so that they also tell rotary models from the others. Nothing else of an architecture
/// (normalisation, residual, activation, initialisation, key-value heads) is seen: mix models that
/// differ in those only on purpose.
///
/// ```
/// use outcrop_core::ArchSpec;
/// use outcrop_predict::Feature;
///
/// let spec = ArchSpec::pythia("1b")?; // L = 16, d = 2048, H = 8
/// assert_eq!(Feature::RelativeDepth.value(&spec, 4), 0.25);
/// assert_eq!(Feature::AttentionDensity.value(&spec, 4), 8.0 / 2048.0);
/// assert_eq!(Feature::DepthInteraction.value(&spec, 4), 64.0);
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Feature {
    /// `l/L`, relative depth, above 0 and at most 1.
    RelativeDepth,
    /// `(l/L)^2`.
    RelativeDepthSquared,
    /// `(l/L)^3`.
    RelativeDepthCubed,
    /// `sqrt(l/L)`.
    RelativeDepthRoot,
    /// `H/d`, the paper's attention density: 1 over the width of a head.
    AttentionDensity,
    /// `d_ff/d`, expansion of the MLP; 4 in all of Pythia.
    MlpExpansion,
    /// `d/L`, width over depth.
    WidthOverDepth,
    /// `H/L`, heads over depth.
    HeadsOverDepth,
    /// `ln d`, natural logarithm of the width.
    LnWidth,
    /// `l*L`, layer times number of layers.
    DepthInteraction,
    /// `L`, number of layers.
    Layers,
    /// `d`, width of the residual stream.
    Width,
    /// `H`, number of attention heads.
    Heads,
    /// `d_ff`, width of the MLP.
    MlpWidth,
    /// `rotary base`; 0 without rotary embedding.
    RotaryBase,
    /// `rotary fraction`, share of each head that is rotated; 0 without rotary embedding.
    RotaryFraction,
}

impl Feature {
    /// All features, in the order of the paper.
    pub const ALL: [Self; 16] = [
        Self::RelativeDepth,
        Self::RelativeDepthSquared,
        Self::RelativeDepthCubed,
        Self::RelativeDepthRoot,
        Self::AttentionDensity,
        Self::MlpExpansion,
        Self::WidthOverDepth,
        Self::HeadsOverDepth,
        Self::LnWidth,
        Self::DepthInteraction,
        Self::Layers,
        Self::Width,
        Self::Heads,
        Self::MlpWidth,
        Self::RotaryBase,
        Self::RotaryFraction,
    ];

    /// The features of relative depth alone, which the baseline `depth profile` is made of.
    pub const DEPTH: [Self; 4] = [
        Self::RelativeDepth,
        Self::RelativeDepthSquared,
        Self::RelativeDepthCubed,
        Self::RelativeDepthRoot,
    ];

    /// The four numbers that make the shape of a transformer, which the regressor `shape` adds.
    pub const SHAPE: [Self; 4] = [
        Self::LnWidth,
        Self::Layers,
        Self::AttentionDensity,
        Self::MlpExpansion,
    ];

    /// The formula, as tables and figures name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RelativeDepth => "l/L",
            Self::RelativeDepthSquared => "(l/L)^2",
            Self::RelativeDepthCubed => "(l/L)^3",
            Self::RelativeDepthRoot => "sqrt(l/L)",
            Self::AttentionDensity => "H/d",
            Self::MlpExpansion => "d_ff/d",
            Self::WidthOverDepth => "d/L",
            Self::HeadsOverDepth => "H/L",
            Self::LnWidth => "ln d",
            Self::DepthInteraction => "l*L",
            Self::Layers => "L",
            Self::Width => "d",
            Self::Heads => "H",
            Self::MlpWidth => "d_ff",
            Self::RotaryBase => "rotary base",
            Self::RotaryFraction => "rotary fraction",
        }
    }

    /// Its value for `layer` (from 1) of `arch`; finite for every architecture that passes
    /// [`ArchSpec::check`].
    pub fn value(self, arch: &ArchSpec, layer: u32) -> f64 {
        self.at(arch, f64::from(layer))
    }

    /// Its value at a depth that need not be a whole layer: `layer` above 0, at most L.
    pub(crate) fn at(self, arch: &ArchSpec, layer: f64) -> f64 {
        let [layers, width, heads, mlp] =
            [arch.layers, arch.d_model, arch.heads, arch.d_ff].map(|v| v as f64);
        let depth = layer / layers;
        let (base, fraction) = match arch.position {
            Position::Rotary { fraction, base } => (base, fraction),
            _ => (0.0, 0.0),
        };
        match self {
            Self::RelativeDepth => depth,
            Self::RelativeDepthSquared => depth.powi(2),
            Self::RelativeDepthCubed => depth.powi(3),
            Self::RelativeDepthRoot => depth.sqrt(),
            Self::AttentionDensity => heads / width,
            Self::MlpExpansion => mlp / width,
            Self::WidthOverDepth => width / layers,
            Self::HeadsOverDepth => heads / layers,
            Self::LnWidth => width.ln(),
            Self::DepthInteraction => layer * layers,
            Self::Layers => layers,
            Self::Width => width,
            Self::Heads => heads,
            Self::MlpWidth => mlp,
            Self::RotaryBase => base,
            Self::RotaryFraction => fraction,
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pythia 410m, layer 6 of 24, d = 1024, H = 16, worked by hand.
    #[test]
    fn every_formula_on_a_known_architecture() {
        let spec = ArchSpec::pythia("410m").unwrap();
        let values = Feature::ALL.map(|f| f.value(&spec, 6));
        let expected = [
            0.25,
            0.0625,
            0.015625,
            0.5,
            0.015625,
            4.0,
            1024.0 / 24.0,
            16.0 / 24.0,
            10.0 * std::f64::consts::LN_2,
            144.0,
            24.0,
            1024.0,
            16.0,
            4096.0,
            10_000.0,
            0.25,
        ];
        for ((value, expected), feature) in values.iter().zip(expected).zip(Feature::ALL) {
            assert!((value - expected).abs() < 1e-12, "{feature}: {value}");
        }
    }

    #[test]
    fn without_rotary_embedding_both_rotary_features_are_zero() {
        let spec = ArchSpec {
            position: Position::Learned,
            ..ArchSpec::new(2, 64, 4)
        };
        assert_eq!(Feature::RotaryBase.value(&spec, 1), 0.0);
        assert_eq!(Feature::RotaryFraction.value(&spec, 1), 0.0);
    }
}
