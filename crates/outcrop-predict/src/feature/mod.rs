//! Numbers computed from (architecture, layer): what predictions are made from.

mod formulas;
mod group;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::LazyLock;

use outcrop_arch::{ArchSpec, FeatureName, Number, numbers};
use outcrop_core::nearest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::formulas::Feature;
use self::formulas::{FORMULAS, Symbols};
pub use self::group::Group;
use crate::{Error, Recipe, Result};

/// The numbers of switches that have no formula.
static OF_SWITCHES: LazyLock<Vec<(&Number, FeatureName)>> =
    LazyLock::new(|| without_formula(numbers()));

fn without_formula(
    numbers: impl Iterator<Item = &'static Number>,
) -> Vec<(&'static Number, FeatureName)> {
    let named = numbers.filter_map(|number| Some((number, number.feature?)));
    let other = |name: &FeatureName| FORMULAS.iter().all(|(known, ..)| *known != name.symbol);
    named.filter(|(_, name)| other(name)).collect()
}

impl Feature {
    /// All features: the paper's sixteen, ours, and the numbers of switches that name another.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_switches = (0..=u8::MAX).zip(&*OF_SWITCHES);
        let of_switches = of_switches.map(|(place, _)| Self::Switch(place));
        Self::FORMULAS.into_iter().chain(of_switches)
    }

    /// Its number and name, if it has no formula.
    fn of_switch(self) -> Option<(&'static Number, FeatureName)> {
        let place = self.index().checked_sub(FORMULAS.len())?;
        OF_SWITCHES.get(place).copied()
    }

    /// The paper's sixteen: its ten and the raw specs.
    pub const PAPER: [Self; 16] = [
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

    /// The depth spline, which the baseline `depth profile` is made of.
    pub const DEPTH: [Self; 3] = [Self::RelativeDepth, Self::DepthSpline1, Self::DepthSpline2];

    /// The logarithms of the four numbers that make the shape of a transformer, which the regressor
    /// `shape` adds to depth.
    pub const SHAPE: [Self; 4] = [
        Self::LnWidth,
        Self::LnHeadWidth,
        Self::LnLayers,
        Self::LnMlpExpansion,
    ];

    /// What else a run is known by before it is trained: corpus and recipe. Left out of training where models do not differ in
    /// them or lack a recipe.
    pub const RECIPE: [Self; 6] = [
        Self::LnVocab,
        Self::BigramEntropy,
        Self::LnUpdates,
        Self::LnLearningRate,
        Self::LnBatch,
        Self::LnContext,
    ];

    /// Few enough for a dozen architectures: the depth spline, ln d, ln d_head, ln L, and [`Feature::RECIPE`].
    pub const FEW: [Self; 12] = joined([
        &Self::DEPTH,
        &[Self::LnWidth, Self::LnHeadWidth, Self::LnLayers],
        &Self::RECIPE,
    ]);

    /// Features that describe the training range, whatever a regressor uses: numbers that an architecture
    /// is written down with, those of switches without a formula, and two quotients.
    pub fn range() -> impl Iterator<Item = Self> {
        let of_switches = Self::all().skip(FORMULAS.len());
        Self::RANGE.into_iter().chain(of_switches)
    }

    const RANGE: [Self; 7] = [
        Self::Layers,
        Self::Width,
        Self::Heads,
        Self::HeadWidth,
        Self::MlpExpansion,
        Self::RotaryFraction,
        Self::RotaryBase,
    ];

    /// Its name in sentences, with fields as specs of runs have them, and whether it is the logarithm of
    /// what that names.
    ///
    /// ```
    /// use outcrop_predict::Feature;
    ///
    /// assert_eq!(Feature::Width.words(), ("d_model", false));
    /// assert_eq!(Feature::LnMlpExpansion.words(), ("d_ff/d_model", true));
    /// ```
    pub fn words(self) -> (&'static str, bool) {
        match self {
            Self::Layers => ("layers", false),
            Self::LnLayers => ("layers", true),
            Self::Width => ("d_model", false),
            Self::LnWidth => ("d_model", true),
            Self::Heads => ("heads", false),
            Self::LnHeadWidth => ("d_head", true),
            Self::MlpExpansion => ("d_ff/d_model", false),
            Self::LnMlpExpansion => ("d_ff/d_model", true),
            Self::RelativeDepth => ("layer/layers", false),
            Self::LnVocab => ("vocab", true),
            Self::UnigramEntropy => ("unigram entropy", false),
            Self::BigramEntropy => ("bigram entropy", false),
            Self::LnUpdates => ("updates at the highest rate", true),
            Self::LnLearningRate => ("learning_rate", true),
            Self::LnBatch => ("batch", true),
            Self::LnContext => ("context", true),
            other => {
                let number = other.of_switch().map(|(number, _)| number.name);
                (number.unwrap_or_else(|| other.name()), false)
            }
        }
    }

    /// The formula, as tables and figures name it.
    pub fn name(self) -> &'static str {
        match self.of_switch() {
            Some((_, name)) => name.symbol,
            None => FORMULAS[self.index()].0,
        }
    }

    /// Its subject.
    pub fn group(self) -> Group {
        match self.of_switch() {
            Some((_, name)) => Group::of(name.subject),
            None => FORMULAS[self.index()].1,
        }
    }

    /// Whether layers of one architecture differ in it.
    pub fn varies_within_model(self) -> bool {
        self.group() == Group::Depth || self == Self::DepthInteraction
    }

    /// The feature of this name.
    ///
    /// ```
    /// use outcrop_predict::Feature;
    ///
    /// assert_eq!(Feature::from_name("ln d")?, Feature::LnWidth);
    /// let error = Feature::from_name("ln D").unwrap_err().to_string();
    /// assert!(error.contains("did you mean `ln d`"), "{error}");
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownFeature`] with the nearest name.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::all().find(|f| f.name() == name);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            Error::UnknownFeature {
                name: name.into(),
                nearest: nearest(name, names.iter().copied()).map(str::to_owned),
                known: names.join(", "),
            }
        })
    }

    /// Its value for `layer` (from 1) of `arch`; finite for every architecture that passes
    /// [`ArchSpec::check`], but NaN for features of corpus and recipe: see [`Feature::of_run`].
    pub fn value(self, arch: &ArchSpec, layer: u32) -> f64 {
        self.at(arch, f64::from(layer))
    }

    /// The same of a model that is trained by `recipe`.
    pub fn of_run(self, arch: &ArchSpec, recipe: Option<&Recipe>, layer: u32) -> f64 {
        match self.of_switch() {
            Some((number, _)) => number.of(arch).unwrap_or_default(),
            None => FORMULAS[self.index()].2(&Symbols::new(arch, recipe, f64::from(layer))),
        }
    }

    /// Its value at a depth that need not be a whole layer: `layer` above 0, at most L.
    pub(crate) fn at(self, arch: &ArchSpec, layer: f64) -> f64 {
        match self.of_switch() {
            Some((number, _)) => number.of(arch).unwrap_or_default(),
            None => FORMULAS[self.index()].2(&Symbols::new(arch, None, layer)),
        }
    }
}

/// The features of all `lists` in order; `N` is their number.
const fn joined<const N: usize>(lists: [&[Feature]; 3]) -> [Feature; N] {
    let mut all = [Feature::RelativeDepth; N];
    let (mut list, mut count) = (0, 0);
    while list < lists.len() {
        let mut place = 0;
        while place < lists[list].len() {
            all[count] = lists[list][place];
            (place, count) = (place + 1, count + 1);
        }
        list += 1;
    }
    assert!(count == N);
    all
}

impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Feature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).map_err(de::Error::custom)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
