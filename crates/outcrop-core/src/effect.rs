/// How an effect is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum EffectScale {
    /// Value over baseline, from the mean difference of logarithms: 1 is no effect.
    Factor,
    /// Value less baseline: 0 is no effect.
    #[default]
    Difference,
}

impl EffectScale {
    /// The effect that is none: 1 or 0.
    pub fn none(self) -> f64 {
        match self {
            Self::Factor => 1.0,
            Self::Difference => 0.0,
        }
    }
}

/// What a change of the recipe does to one number, from runs paired by seed: a row of `effects.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct RecipeEffect {
    /// The variant of the recipe, such as `qk-norm`.
    pub variant: String,
    /// The number, such as `last_ratio`.
    pub quantity: String,
    /// Factor or difference.
    pub scale: EffectScale,
    /// Number of seeds that both the variant and the baseline have.
    pub n: u64,
    /// Mean of the baseline over these seeds, the geometric one of a factor.
    pub baseline: f64,
    /// Mean of the variant over them.
    pub value: f64,
    /// Value over baseline, or value less baseline.
    pub effect: f64,
    /// Lower end of the interval that holds together with those of the other variants; empty where it is unknown.
    pub lo: Option<f64>,
    /// Its upper end.
    pub hi: Option<f64>,
    /// Lower end of the interval of this effect alone.
    pub lo_alone: Option<f64>,
    /// Its upper end.
    pub hi_alone: Option<f64>,
    /// Probability of so large an effect of any variant if none had one.
    pub p: Option<f64>,
}
