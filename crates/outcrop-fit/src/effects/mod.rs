//! What a change of the recipe does to a number, from runs that are paired by seed.

mod draws;

use draws::Draws;

/// How effects are bootstrapped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EffectOptions {
    /// Probability that an interval holds the true effect, above 0 and below 1.
    pub level: f64,
    /// Number of bootstrap samples, at least 1.
    pub samples: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for EffectOptions {
    /// 95 %, 10,000 samples.
    fn default() -> Self {
        Self {
            level: 0.95,
            samples: 10_000,
            seed: 1,
        }
    }
}

/// The mean difference of a variant from the baseline, with what its spread allows to say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Number of pairs, such as seeds.
    pub n: usize,
    /// Mean of the differences, in their unit.
    pub mean: f64,
    /// Standard deviation of its own differences, with n - 1; none for fewer than two.
    pub sd: Option<f64>,
    /// The interval of this effect, looked at alone; none where no variant has two pairs.
    pub alone: Option<[f64; 2]>,
    /// The interval that holds together with those of all other variants, at least as wide; none as before.
    pub together: Option<[f64; 2]>,
    /// Probability of so large an effect in any of the variants if none had one, above 0, at most 1; none as before.
    pub p: Option<f64>,
}

/// The effects of variants from paired differences: `differences[g]` holds, for variant g, its value less that of the
/// baseline for each seed that both have. None for a variant without a pair.
///
/// Runs of three seeds do not tell the spread of one variant, so all variants are taken to scatter alike: residuals (the
/// differences less their mean, times sqrt(n / (n - 1)), over sqrt(2) since two runs make a difference) are pooled. A
/// bootstrap sample draws one for every run, the baseline's once a seed, and gives t*_g = mean / (s sqrt(1 / n_g)), with s the
/// pooled standard deviation of its differences. An interval is mean -+ q s / sqrt(n_g): q is the quantile of abs(t*_g) over
/// all variants for `alone`, of its maximum over the variants for `together` (Westfall and Young 1993, single step). The same
/// maximum gives p. Take logarithms first of what scatters by factors. Numbers that are not finite count as missing.
///
/// ```
/// use outcrop_fit::{EffectOptions, paired_effects};
///
/// let logs = [vec![-1.1, -0.9, -1.0], vec![0.1, -0.1, 0.06]];
/// let effects = paired_effects(&logs, EffectOptions::default());
/// let [strong, none] = [0, 1].map(|i| effects[i].expect("three pairs"));
/// assert!((strong.mean + 1.0).abs() < 1e-12 && strong.p < Some(0.05));
/// assert!(none.together.is_some_and(|[lo, hi]| lo < 0.0 && hi > 0.0));
/// ```
pub fn paired_effects(differences: &[Vec<f64>], options: EffectOptions) -> Vec<Option<Effect>> {
    let pairs: Vec<Vec<f64>> = differences.iter().map(|all| finite(all)).collect();
    let draws = Draws::new(&pairs, options);
    let effect = |pairs: &Vec<f64>| {
        let mean = mean(pairs)?;
        let n = pairs.len();
        let around = |q: f64, se: f64| [mean - q * se, mean + q * se];
        let se = draws.as_ref().map(|d| d.spread / (n as f64).sqrt());
        let with = |q: fn(&Draws) -> f64| Some(around(q(draws.as_ref()?), se?));
        Some(Effect {
            n,
            mean,
            sd: deviation(pairs, mean),
            alone: with(|d| d.alone),
            together: with(|d| d.together),
            p: draws.as_ref().zip(se).map(|(d, se)| d.p(mean, se)),
        })
    };
    pairs.iter().map(effect).collect()
}

fn finite(all: &[f64]) -> Vec<f64> {
    all.iter().copied().filter(|x| x.is_finite()).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// With n - 1.
fn deviation(values: &[f64], mean: f64) -> Option<f64> {
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests;
