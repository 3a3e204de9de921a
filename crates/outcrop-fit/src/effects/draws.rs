use super::{EffectOptions, mean};
use crate::random::Source;

/// The bootstrap of all variants.
pub(super) struct Draws {
    /// The pooled standard deviation of a difference.
    pub(super) spread: f64,
    /// How many standard errors the interval of one variant reaches.
    pub(super) alone: f64,
    /// How many those of all variants together reach.
    pub(super) together: f64,
    /// The largest abs(t) of each sample, ascending.
    maxima: Vec<f64>,
}

impl Draws {
    /// None where no variant has two pairs.
    pub(super) fn new(pairs: &[Vec<f64>], options: EffectOptions) -> Option<Self> {
        let spread = spread(pairs)?;
        let pool = pool(pairs);
        let mut source = Source::new(options.seed);
        let (mut singles, mut maxima) = (Vec::new(), Vec::new());
        for _ in 0..options.samples.max(1) {
            let t = sample(pairs, &pool, &mut source);
            maxima.push(t.iter().copied().fold(0.0, f64::max));
            singles.extend(t);
        }
        singles.sort_by(f64::total_cmp);
        maxima.sort_by(f64::total_cmp);
        Some(Self {
            spread,
            alone: quantile(&singles, options.level),
            together: quantile(&maxima, options.level),
            maxima,
        })
    }

    /// The share of samples, the observed one among them, whose largest abs(t) is at least that of `mean`.
    pub(super) fn p(&self, mean: f64, se: f64) -> f64 {
        // without any spread only an effect of 0 may be chance
        let t = match mean == 0.0 {
            true => 0.0,
            false => mean.abs() / se,
        };
        let below = self.maxima.partition_point(|most| *most < t);
        (self.maxima.len() - below + 1) as f64 / (self.maxima.len() + 1) as f64
    }
}

/// sqrt(sum of squares around the means / sum of n - 1); none without a variant of two pairs.
fn spread<'a>(pairs: impl IntoIterator<Item = &'a Vec<f64>>) -> Option<f64> {
    let (mut squares, mut freedom) = (0.0, 0);
    for pairs in pairs {
        let Some(mean) = mean(pairs) else { continue };
        squares += pairs.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        freedom += pairs.len() - 1;
    }
    (freedom > 0).then(|| (squares / freedom as f64).sqrt())
}

/// Residuals as large as those of single runs.
fn pool(pairs: &[Vec<f64>]) -> Vec<f64> {
    let mut pool = Vec::new();
    for pairs in pairs.iter().filter(|pairs| pairs.len() > 1) {
        let (n, mean) = (pairs.len() as f64, mean(pairs).unwrap_or(0.0));
        let factor = (n / (n - 1.0) / 2.0).sqrt();
        pool.extend(pairs.iter().map(|x| factor * (x - mean)));
    }
    pool
}

/// abs(t) of every variant with pairs in one bootstrap sample.
fn sample(pairs: &[Vec<f64>], pool: &[f64], source: &mut Source) -> Vec<f64> {
    let seeds = pairs.iter().map(Vec::len).max().unwrap_or(0);
    let mut draw = || pool[source.below(pool.len())];
    let baseline: Vec<f64> = (0..seeds).map(|_| draw()).collect();
    let drawn: Vec<Vec<f64>> = pairs
        .iter()
        .map(|pairs| baseline[..pairs.len()].iter().map(|b| draw() - b).collect())
        .collect();
    let spread = spread(&drawn).unwrap_or(0.0);
    let t = |drawn: &Vec<f64>| {
        let t = mean(drawn)?.abs() * (drawn.len() as f64).sqrt() / spread;
        Some(if t.is_nan() { 0.0 } else { t })
    };
    drawn.iter().filter_map(t).collect()
}

/// The smallest of ascending values that at least a share `level` of them does not exceed.
fn quantile(ascending: &[f64], level: f64) -> f64 {
    let place = (level * ascending.len() as f64).ceil() as usize;
    ascending[place.clamp(1, ascending.len()) - 1]
}
