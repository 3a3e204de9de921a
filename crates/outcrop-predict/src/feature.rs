use std::fmt;
use std::sync::LazyLock;

use outcrop_arch::{ArchSpec, FeatureName, Number, numbers};
use outcrop_core::nearest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, Result};

/// The subject of a feature; the groups that explanations start from, see
/// [`Table::groups`](crate::Table::groups).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Group {
    /// Place of the layer in the model.
    Depth,
    /// Number of layers.
    Layers,
    /// Width of the residual stream.
    Width,
    /// Number or width of attention heads.
    Heads,
    /// Width of the MLP.
    Mlp,
    /// Position code.
    Position,
    /// Another subject, which a switch names.
    Switch(&'static str),
}

impl Group {
    /// One word for tables and figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Depth => "depth",
            Self::Layers => "layers",
            Self::Width => "width",
            Self::Heads => "heads",
            Self::Mlp => "mlp",
            Self::Position => "position",
            Self::Switch(subject) => subject,
        }
    }

    /// The group of the subject that a switch names.
    fn of(subject: &'static str) -> Self {
        let known = [
            Self::Layers,
            Self::Width,
            Self::Heads,
            Self::Mlp,
            Self::Position,
        ];
        let found = known.into_iter().find(|group| group.name() == subject);
        found.unwrap_or(Self::Switch(subject))
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What formulas are made of: one layer of one architecture.
struct Symbols {
    /// l, from 1; between layers in partial dependence.
    layer: f64,
    /// l/L.
    depth: f64,
    layers: f64,
    width: f64,
    heads: f64,
    /// Width of one head, d/H unless the architecture says otherwise.
    head: f64,
    mlp: f64,
    /// 0 without rotary embedding, as is the fraction.
    base: f64,
    fraction: f64,
}

impl Symbols {
    fn new(arch: &ArchSpec, layer: f64) -> Self {
        let [layers, width, heads, head, mlp] = [
            arch.layers,
            arch.d_model,
            arch.heads,
            arch.d_head(),
            arch.d_ff,
        ]
        .map(|v| v as f64);
        let (base, fraction) = match arch.position.rotary() {
            Some(rotary) => (rotary.base, rotary.fraction),
            None => (0.0, 0.0),
        };
        let depth = layer / layers;
        Self {
            layer,
            depth,
            layers,
            width,
            heads,
            head,
            mlp,
            base,
            fraction,
        }
    }
}

/// Knots of the depth spline, in l/L: the places that Harrell (2001, section 2.4.5) recommends for
/// four of them, quantiles of a uniform depth.
const KNOTS: [f64; 4] = [0.05, 0.35, 0.65, 0.95];

/// Column `j` (0 or 1) of the restricted cubic spline of l/L: cubic between the knots, straight
/// outside them, so that the first and last layers cannot swing. Harrell, "Regression modeling
/// strategies" (2001), Eq. 2.25, in units of (last knot - first knot)^2.
fn spline(depth: f64, j: usize) -> f64 {
    let [first, .., before, last] = KNOTS;
    let cube = |knot: f64| (depth - knot).max(0.0).powi(3);
    let share = |knot: f64| (knot - KNOTS[j]) / (last - before);
    (cube(KNOTS[j]) - cube(before) * share(last) + cube(last) * share(before))
        / (last - first).powi(2)
}

/// One line a feature: doc, name of the variant, name in tables, group, formula.
macro_rules! features {
    ($($(#[$doc:meta])* $id:ident, $name:literal, $group:ident, $formula:expr;)*) => {
        /// A number computed from (architecture, layer). The symbols are the paper's: l is the
        /// layer from 1, L the number of layers, d the width of the residual stream, H the number
        /// of attention heads, d_ff the width of the MLP.
        ///
        /// [`Feature::PAPER`] are the paper's sixteen. The two of rotary embedding are 0 where an
        /// architecture has none, so that they also tell rotary models from the others. Of the other switches
        /// of an architecture the numbers are seen that name a feature ([`outcrop_arch::Number`]), 0 where an
        /// architecture lacks one; none does today: normalisation, residual, activation, initialisation and
        /// key-value heads are not seen. Mix models that differ in those only on purpose.
        ///
        /// ```
        /// use outcrop_arch::ArchSpec;
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
            $($(#[$doc])* $id,)*
            /// The number of a switch that has no formula here, by its place among those.
            Switch(u8),
        }

        /// Places of the formulas.
        enum Formula { $($id,)* }

        impl Feature {
            /// Those with a formula here: the paper's sixteen, then ours.
            pub(crate) const FORMULAS: [Self; [$($name),*].len()] = [$(Self::$id),*];

            /// Its place among [`Feature::all`].
            pub(crate) fn index(self) -> usize {
                match self {
                    $(Self::$id => Formula::$id as usize,)*
                    Self::Switch(place) => Self::FORMULAS.len() + usize::from(place),
                }
            }
        }

        /// Name, group and formula of each, in that order.
        const FORMULAS: [(&str, Group, fn(&Symbols) -> f64); Feature::FORMULAS.len()] =
            [$(($name, Group::$group, $formula)),*];
    };
}

features! {
    /// `l/L`, relative depth, above 0 and at most 1.
    RelativeDepth, "l/L", Depth, |p| p.depth;
    /// `(l/L)^2`.
    RelativeDepthSquared, "(l/L)^2", Depth, |p| p.depth.powi(2);
    /// `(l/L)^3`.
    RelativeDepthCubed, "(l/L)^3", Depth, |p| p.depth.powi(3);
    /// `sqrt(l/L)`.
    RelativeDepthRoot, "sqrt(l/L)", Depth, |p| p.depth.sqrt();
    /// `H/d`, the paper's attention density: 1 over the width of a head.
    AttentionDensity, "H/d", Heads, |p| p.heads / p.width;
    /// `d_ff/d`, expansion of the MLP; 4 in all of Pythia.
    MlpExpansion, "d_ff/d", Mlp, |p| p.mlp / p.width;
    /// `d/L`, width over depth.
    WidthOverDepth, "d/L", Width, |p| p.width / p.layers;
    /// `H/L`, heads over depth.
    HeadsOverDepth, "H/L", Heads, |p| p.heads / p.layers;
    /// `ln d`, natural logarithm of the width.
    LnWidth, "ln d", Width, |p| p.width.ln();
    /// `l*L`, layer times number of layers.
    DepthInteraction, "l*L", Layers, |p| p.layer * p.layers;
    /// `L`, number of layers.
    Layers, "L", Layers, |p| p.layers;
    /// `d`, width of the residual stream.
    Width, "d", Width, |p| p.width;
    /// `H`, number of attention heads.
    Heads, "H", Heads, |p| p.heads;
    /// `d_ff`, width of the MLP.
    MlpWidth, "d_ff", Mlp, |p| p.mlp;
    /// `rotary base`; 0 without rotary embedding.
    RotaryBase, "rotary base", Position, |p| p.base;
    /// `rotary fraction`; 0 without rotary embedding.
    RotaryFraction, "rotary fraction", Position, |p| p.fraction;
    /// First curved column of the depth spline, a restricted cubic spline of l/L with knots at
    /// 0.05, 0.35, 0.65 and 0.95; `l/L` itself is its straight column.
    DepthSpline1, "s1(l/L)", Depth, |p| spline(p.depth, 0);
    /// Second curved column of the depth spline.
    DepthSpline2, "s2(l/L)", Depth, |p| spline(p.depth, 1);
    /// `ln L`, natural logarithm of the number of layers.
    LnLayers, "ln L", Layers, |p| p.layers.ln();
    /// `ln d_head`, natural logarithm of the width of a head: -ln(H/d) where heads share d.
    LnHeadWidth, "ln d_head", Heads, |p| p.head.ln();
    /// `ln(d_ff/d)`, natural logarithm of the expansion of the MLP.
    LnMlpExpansion, "ln(d_ff/d)", Mlp, |p| (p.mlp / p.width).ln();
    /// `d_head`, width of a head: d/H unless the architecture says otherwise.
    HeadWidth, "d_head", Heads, |p| p.head;
}

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

    /// Few enough for a dozen architectures: the depth spline, ln d, ln d_head, ln L.
    pub const FEW: [Self; 6] = [
        Self::RelativeDepth,
        Self::DepthSpline1,
        Self::DepthSpline2,
        Self::LnWidth,
        Self::LnHeadWidth,
        Self::LnLayers,
    ];

    /// What describes the range of training, whatever a regressor uses: numbers that an architecture
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
    /// [`ArchSpec::check`].
    pub fn value(self, arch: &ArchSpec, layer: u32) -> f64 {
        self.at(arch, f64::from(layer))
    }

    /// Its value at a depth that need not be a whole layer: `layer` above 0, at most L.
    pub(crate) fn at(self, arch: &ArchSpec, layer: f64) -> f64 {
        match self.of_switch() {
            Some((number, _)) => number.of(arch).unwrap_or_default(),
            None => FORMULAS[self.index()].2(&Symbols::new(arch, layer)),
        }
    }
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

#[cfg(test)]
mod tests {
    use outcrop_arch::{NumberKind, Position};

    use super::*;
    use crate::fixture::Fixture;

    /// Pythia 410m, layer 6 of 24, d = 1024, H = 16, worked by hand.
    #[test]
    fn every_formula_on_a_known_architecture() {
        let spec = ArchSpec::pythia("410m").unwrap();
        let ln2 = std::f64::consts::LN_2;
        let expected = [
            0.25,
            0.0625,
            0.015625,
            0.5,
            0.015625,
            4.0,
            1024.0 / 24.0,
            16.0 / 24.0,
            10.0 * ln2,
            144.0,
            24.0,
            1024.0,
            16.0,
            4096.0,
            10_000.0,
            0.25,
            0.008 / 0.81, // (0.25 - 0.05)^3 / (0.95 - 0.05)^2
            0.0,
            24f64.ln(),
            6.0 * ln2,
            2.0 * ln2,
            64.0,
        ];
        for (expected, feature) in expected.iter().zip(Feature::FORMULAS) {
            let value = feature.value(&spec, 6);
            assert!((value - expected).abs() < 1e-12, "{feature}: {value}");
        }
        assert_eq!(Feature::PAPER[..], Feature::FORMULAS[..16]);
    }

    /// A natural cubic spline is the sum of its values at the knots times cardinal splines, which
    /// the fixture has from SciPy.
    #[test]
    fn columns_of_depth_are_natural_cubic_splines() {
        let fixture = Fixture::load().natural_spline;
        assert_eq!(fixture.knots, KNOTS);
        for j in 0..2 {
            for (depth, cardinal) in fixture.at.iter().zip(&fixture.cardinal) {
                let knots = KNOTS.iter().zip(cardinal);
                let expected: f64 = knots.map(|(k, c)| spline(*k, j) * c).sum();
                let value = spline(*depth, j);
                assert!(
                    (value - expected).abs() < 1e-12,
                    "{depth}: {value} {expected}"
                );
            }
        }
    }

    /// What a switch names that is a formula here is that formula; others would follow.
    #[test]
    fn numbers_of_switches_are_the_features_that_they_name() {
        let spec = ArchSpec::pythia("410m").unwrap();
        for (number, name) in numbers().filter_map(|n| Some((n, n.feature?))) {
            let feature = Feature::from_name(name.symbol).unwrap();
            let value = number.of(&spec).unwrap();
            assert_eq!(feature.value(&spec, 3), value, "{}", number.name);
            assert_eq!(feature.group().name(), name.subject);
        }
        for (place, feature) in Feature::all().enumerate() {
            assert_eq!(feature.index(), place);
            assert_eq!(Feature::from_name(feature.name()).unwrap(), feature);
        }
    }

    #[test]
    fn a_number_without_a_formula_is_a_feature_of_its_own() {
        static NUMBERS: [Number; 2] = [
            Number {
                name: "layers",
                kind: NumberKind::Whole {
                    get: |a| a.layers,
                    set: |a, n| a.layers = n,
                },
                knob: true,
                feature: Some(FeatureName {
                    symbol: "L",
                    subject: "layers",
                }),
            },
            Number {
                name: "vocab",
                kind: NumberKind::Whole {
                    get: |a| a.vocab,
                    set: |a, n| a.vocab = n,
                },
                knob: true,
                feature: Some(FeatureName {
                    symbol: "V",
                    subject: "vocabulary",
                }),
            },
        ];
        let found = without_formula(NUMBERS.iter());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.name, found[0].1.symbol), ("vocab", "V"));
        assert_eq!(Group::of("vocabulary"), Group::Switch("vocabulary"));
        assert_eq!(Group::of("mlp"), Group::Mlp);
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
