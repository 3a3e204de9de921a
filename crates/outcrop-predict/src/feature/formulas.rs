//! Features with a formula: one line each.

use outcrop_arch::{ArchSpec, AttentionGate, Nonlinearity, Position};

use super::group::Group;
use crate::Recipe;

/// What formulas are made of: one layer of one architecture, and how it was trained.
pub(super) struct Symbols<'a> {
    arch: &'a ArchSpec,
    recipe: Option<&'a Recipe>,
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

impl<'a> Symbols<'a> {
    pub(super) fn new(arch: &'a ArchSpec, recipe: Option<&'a Recipe>, layer: f64) -> Self {
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
            arch,
            recipe,
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

    /// NaN where the recipe or this number of it is not known.
    fn recipe(&self, number: impl Fn(&Recipe) -> Option<f64>) -> f64 {
        self.recipe.and_then(number).unwrap_or(f64::NAN)
    }
}

/// Knots of the depth spline, in l/L: the places that Harrell (2001, section 2.4.5) recommends for
/// four of them, quantiles of a uniform depth.
pub(super) const KNOTS: [f64; 4] = [0.05, 0.35, 0.65, 0.95];

/// Column `j` (0 or 1) of the restricted cubic spline of l/L: cubic between the knots, straight
/// outside them, so that the first and last layers cannot swing. Harrell, "Regression modeling
/// strategies" (2001), Eq. 2.25, in units of (last knot - first knot)^2.
pub(super) fn spline(depth: f64, j: usize) -> f64 {
    let [first, .., before, last] = KNOTS;
    let cube = |knot: f64| (depth - knot).max(0.0).powi(3);
    let share = |knot: f64| (knot - KNOTS[j]) / (last - before);
    (cube(KNOTS[j]) - cube(before) * share(last) + cube(last) * share(before))
        / (last - first).powi(2)
}

/// 1 or 0.
fn told(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// One line a feature: doc, name of the variant, name in tables, group, formula.
macro_rules! features {
    ($($(#[$doc:meta])* $id:ident, $name:literal, $group:ident, $formula:expr;)*) => {
        /// A number computed from (architecture, layer). The symbols are the paper's: l is the
        /// layer from 1, L the number of layers, d the width of the residual stream, H the number
        /// of attention heads, d_ff the width of the MLP.
        ///
        /// [`Feature::PAPER`] are the paper's sixteen, [`Feature::RECIPE`] those of training and corpus, which are NaN
        /// where no [`Recipe`](crate::Recipe) is known. The two of rotary embedding are 0 where an
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
        pub(super) const FORMULAS: [(&str, Group, fn(&Symbols<'_>) -> f64); Feature::FORMULAS.len()] =
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
    /// `ln V`, natural logarithm of the number of different tokens.
    LnVocab, "ln V", Corpus, |p| p.recipe(|r| Some((r.vocab? as f64).ln()));
    /// `H1`, entropy of a token, nats.
    UnigramEntropy, "H1", Corpus, |p| p.recipe(|r| r.unigram_entropy);
    /// `H2`, entropy of a token after the one before it, nats.
    BigramEntropy, "H2", Corpus, |p| p.recipe(|r| r.bigram_entropy);
    /// `ln S/eta`, natural logarithm of schedule time ([`Recipe::updates`](crate::Recipe::updates)): updates, as many of the
    /// highest rate as have the sum of all rates.
    LnUpdates, "ln S/eta", Recipe, |p| p.recipe(|r| Some(r.whole().ln()));
    /// `ln eta`, natural logarithm of the highest learning rate.
    LnLearningRate, "ln eta", Recipe, |p| p.recipe(|r| Some(r.learning_rate.ln()));
    /// `ln B`, natural logarithm of the sequences of an update.
    LnBatch, "ln B", Recipe, |p| p.recipe(|r| Some((r.batch as f64).ln()));
    /// `ln T`, natural logarithm of the tokens of a sequence.
    LnContext, "ln T", Recipe, |p| p.recipe(|r| Some((r.context as f64).ln()));
    /// `rms`, 1 with a norm that leaves the mean, such as RMSNorm, 0 with another.
    UncentredNorm, "rms", Norm, |p| told(!p.arch.norm.properties().centred);
    /// `relu`, 1 where the nonlinearity of the MLP is ReLU, 0 with another.
    Relu, "relu", Activation, |p| told(p.arch.activation.properties().kind == Nonlinearity::Relu);
    /// `gated`, 1 with an MLP of two factors, such as SwiGLU, 0 with another.
    Gated, "gated", Activation, |p| told(p.arch.activation.properties().gated);
    /// `learned positions`, 1 with a learned vector for each position, 0 with another position code.
    LearnedPositions, "learned positions", Position, |p| told(p.arch.position == Position::Learned);
    /// `alibi`, 1 with ALiBi, 0 with another position code.
    Alibi, "alibi", Position, |p| told(p.arch.position == Position::Alibi);
    /// `attention gate`, 1 with a gate of attention, 0 without.
    Gate, "attention gate", Heads, |p| told(p.arch.attention_gate != AttentionGate::None);
}
