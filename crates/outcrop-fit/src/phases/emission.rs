use std::f64::consts::PI;

/// How many checkpoints the variance of the whole run counts for in the variance of a phase: a phase of three checkpoints
/// would fit its noise exactly (Fraley and Raftery 2007).
const PRIOR: f64 = 3.0;
/// The least variance, where a run follows itself exactly.
const LEAST_VARIANCE: f64 = 1e-6;
/// The largest |a|: no phase runs away.
const MOST_MEMORY: f64 = 0.99;

/// How one observable, standardised to mean 0 and variance 1 over the run, moves in one phase:
/// x_t = c + a x_(t-1) + noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseDynamics {
    /// c, in standard deviations of the observable.
    pub constant: f64,
    /// a, -0.99 to 0.99; 0 without autoregression.
    pub memory: f64,
    /// The variance of the noise; that of one phase for the whole run counts for three checkpoints.
    pub variance: f64,
}

/// Weighted sums of pairs of neighbouring values.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    weight: f64,
    /// Means of the earlier and the later value.
    mean: [f64; 2],
    /// Sums of squares about the means: of the earlier, of both, of the later.
    squares: [f64; 3],
}

impl Moments {
    fn new(values: &[f64], weights: impl Iterator<Item = f64> + Clone) -> Self {
        let pairs = || {
            values
                .windows(2)
                .map(|pair| (pair[0], pair[1]))
                .zip(weights.clone())
        };
        let sum =
            |of: &dyn Fn(f64, f64) -> f64| -> f64 { pairs().map(|((x, y), w)| w * of(x, y)).sum() };
        let weight = sum(&|_, _| 1.0);
        let over = weight.max(f64::MIN_POSITIVE);
        let mean = [sum(&|x, _| x) / over, sum(&|_, y| y) / over];
        let [x, y] = mean;
        Self {
            weight,
            mean,
            squares: [
                sum(&|a, _| (a - x).powi(2)),
                sum(&|a, b| (a - x) * (b - y)),
                sum(&|_, b| (b - y).powi(2)),
            ],
        }
    }

    /// The sum of the squared errors with memory `a` and the best constant.
    fn error(&self, a: f64) -> f64 {
        let [xx, xy, yy] = self.squares;
        (yy - 2.0 * a * xy + a * a * xx).max(0.0)
    }
}

/// The memory with the least squares over all of these, each about its own constant.
fn memory(moments: &[Moments], autoregressive: bool) -> f64 {
    let sum = |of: fn(&Moments) -> f64| moments.iter().map(of).sum::<f64>();
    let (xx, xy) = (sum(|m| m.squares[0]), sum(|m| m.squares[1]));
    match autoregressive && xx > 1e-9 * sum(|m| m.weight) {
        true => (xy / xx).clamp(-MOST_MEMORY, MOST_MEMORY),
        false => 0.0,
    }
}

impl PhaseDynamics {
    /// The level to which the observable tends in the phase, c / (1 - a), in standard deviations from its mean.
    pub fn level(&self) -> f64 {
        self.constant / (1.0 - self.memory)
    }

    /// ln of the density of `now` after `before`.
    pub(super) fn log_density(&self, before: f64, now: f64) -> f64 {
        let error = now - self.constant - self.memory * before;
        -0.5 * ((2.0 * PI * self.variance).ln() + error * error / self.variance)
    }

    /// The dynamics of one phase for all `values`.
    pub(super) fn whole(values: &[f64], autoregressive: bool) -> Self {
        let moments = Moments::new(values, std::iter::repeat(1.0));
        Self::of(&[moments], autoregressive, 0.0)[0]
    }

    /// The dynamics of `values` (from the second on) in each phase with the greatest likelihood, `weights` being the
    /// probabilities of the phases at each time and `whole` the variance of the whole run.
    pub(super) fn weighted(
        values: &[f64],
        weights: &[Vec<f64>],
        shape: PhaseShape,
        whole: f64,
    ) -> Vec<Self> {
        let states = weights.first().map_or(0, Vec::len);
        let of_state =
            |state: usize| Moments::new(values, weights.iter().map(move |row| row[state]));
        let moments: Vec<Moments> = (0..states).map(of_state).collect();
        match shape.shared {
            true => Self::of(&moments, shape.autoregressive, whole),
            false => {
                let each = moments.chunks(1);
                each.flat_map(|m| Self::of(m, shape.autoregressive, whole))
                    .collect()
            }
        }
    }

    /// The dynamics of phases that share memory and noise.
    fn of(moments: &[Moments], autoregressive: bool, whole: f64) -> Vec<Self> {
        let memory = memory(moments, autoregressive);
        let weight: f64 = moments.iter().map(|m| m.weight).sum();
        let errors: f64 = moments.iter().map(|m| m.error(memory)).sum();
        let prior = if whole > 0.0 { PRIOR } else { 0.0 };
        let variance = (errors + prior * whole) / (weight + prior).max(f64::MIN_POSITIVE);
        let of_state = |m: &Moments| Self {
            constant: m.mean[1] - memory * m.mean[0],
            memory,
            variance: variance.max(LEAST_VARIANCE),
        };
        moments.iter().map(of_state).collect()
    }
}

/// What is estimated of each phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhaseShape {
    /// Whether a value depends on the one before.
    pub(super) autoregressive: bool,
    /// Whether memory and noise are the same in all phases.
    pub(super) shared: bool,
}

impl PhaseShape {
    /// Free parameters of one observable.
    pub(super) fn parameters(self, states: usize) -> usize {
        let noise = if self.autoregressive { 2 } else { 1 };
        states + if self.shared { noise } else { noise * states }
    }
}
