use super::isotonic::{self, Direction, Monotone};
use super::signal::check_values;
use crate::Result;
use crate::random::Source;

/// The autocorrelations of noise that the test allows for; 1 is a random walk.
const PHI: [f64; 14] = [
    0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 1.0,
];
/// How many sequences are drawn for each.
const DRAWS: usize = 1600;
/// The rate of false alarms for which `beta` is chosen, at every autocorrelation up to that of [`NEARLY_WALKS`].
const TARGET: f64 = 0.04;
const ALPHA: f64 = 0.05;
const NEARLY_WALKS: f64 = 0.98;
/// The choice.
const BETAS: [f64; 9] = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15];

/// The test of "there is no transition" for trajectories of one length.
///
/// **Statistic**: R^2 of the best monotone fit, rising or falling. **Null**: noise around one level that is AR(1) over
/// checkpoints, of any autocorrelation. How large R^2 gets is simulated for autocorrelations from 0 to 1 (a random walk).
/// That of a trajectory is not known, so p is the largest over all that its residuals about the fit do not exclude, as
/// Berger and Boos (1994) do. An autocorrelation is excluded where residuals are as little autocorrelated as these in
/// less than a share `beta` of the draws. `beta` is the largest of a few for which p <= 0.05 in at most 4 % of other
/// simulated trendless series, at every autocorrelation up to 0.98. So the rate of false alarms is at most 5 % whatever
/// the autocorrelation, and far below for most. A transition is found where noise is less smooth than the transition
/// itself, and for that 30 checkpoints are few: a transition of 3 standard deviations of white noise is found in two of
/// five trajectories with 30 checkpoints, in all with 80; the tests print more (`tests/transitions/transition.rs`).
///
/// A trajectory that rises and falls again has no monotone fit; cut it at its peak, or test both parts.
///
/// ```
/// let null = outcrop_fit::TransitionNull::new(120);
/// let noise = |i: usize| (i * i * 7919 % 1009) as f64 / 1009.0;
/// let switch: Vec<f64> = (0..120).map(|i| noise(i) + if i < 50 { 1.0 } else { 3.0 }).collect();
/// let found = null.test("sinks", &switch)?;
/// assert!(found.rises && found.p < 0.05);
/// let trendless: Vec<f64> = (0..120).map(noise).collect();
/// assert!(null.test("sinks", &trendless)?.p > 0.05);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TransitionNull {
    n: usize,
    draws: Vec<Draws>,
    beta: f64,
}

/// What the test says of one trajectory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransitionTest {
    /// Whether the monotone fit rises.
    pub rises: bool,
    /// R^2 of the monotone fit, 0 to 1.
    pub r2: f64,
    /// Mean autocorrelation of its residuals over the first 1 to 3 lags: of 20 checkpoints or more for each.
    pub autocorrelation: f64,
    /// Probability of such an R^2 without a transition, at least 1/1601, at most 1.
    pub p: f64,
}

impl TransitionNull {
    /// Simulates the null for trajectories of `n` checkpoints; it is the same every time.
    pub fn new(n: usize) -> Self {
        let mut source = Source::new(n as u64);
        let mut values = vec![0.0; n];
        let mut draw = |phi: f64| {
            source.autoregressive(phi, &mut values);
            statistics(&values, &isotonic::monotone(&values))
        };
        let mut simulate = || -> Vec<Vec<(f64, f64)>> {
            let of_phi = |phi: &f64| (0..DRAWS).map(|_| draw(*phi)).collect();
            PHI.iter().map(of_phi).collect()
        };
        let draws = simulate().into_iter().map(Draws::new).collect();
        let mut null = Self {
            n,
            draws,
            beta: BETAS[0],
        };
        let others = simulate();
        let calm = |beta: &&f64| {
            others
                .iter()
                .zip(PHI)
                .all(|(draws, phi)| phi > NEARLY_WALKS || null.alarms(draws, **beta) <= TARGET)
        };
        null.beta = BETAS.iter().rev().find(calm).copied().unwrap_or(BETAS[0]);
        null
    }

    /// The share of `draws` with p <= 0.05.
    fn alarms(&self, draws: &[(f64, f64)], beta: f64) -> f64 {
        let alarm = |draw: &&(f64, f64)| self.p(draw.0, draw.1, beta) <= ALPHA;
        draws.iter().filter(alarm).count() as f64 / draws.len() as f64
    }

    /// Tests the trajectory `name` of `values`, one a checkpoint.
    ///
    /// # Errors
    /// [`crate::Error::TooFewPoints`] below [`MIN_CHECKPOINTS`](super::MIN_CHECKPOINTS),
    /// [`crate::Error::Lengths`] where the null is for another length, [`crate::Error::NotFinite`],
    /// [`crate::Error::Constant`].
    pub fn test(&self, name: &str, values: &[f64]) -> Result<TransitionTest> {
        check_values(name, &[], values)?;
        if values.len() != self.n {
            return Err(crate::Error::Lengths {
                series: name.to_owned(),
                steps: self.n,
                values: values.len(),
            });
        }
        let fit = isotonic::monotone(values);
        let (r2, autocorrelation) = statistics(values, &fit);
        Ok(TransitionTest {
            rises: fit.direction == Direction::Up,
            r2,
            autocorrelation,
            p: self.p(r2, autocorrelation, self.beta),
        })
    }

    fn p(&self, r2: f64, autocorrelation: f64, beta: f64) -> f64 {
        // of noise that alternates more than white noise, white noise is the nearest null
        let (white, others) = self.draws.split_at(1);
        let possible = others
            .iter()
            .filter(|draws| draws.as_calm(autocorrelation) >= beta);
        let beyond = white.iter().chain(possible).map(|draws| draws.beyond(r2));
        beyond.fold(0.0, f64::max)
    }
}

/// R^2 and residual autocorrelations of one null, each in ascending order.
#[derive(Clone, Debug)]
struct Draws {
    r2: Vec<f64>,
    autocorrelations: Vec<f64>,
}

impl Draws {
    fn new(draws: Vec<(f64, f64)>) -> Self {
        let (mut r2, mut autocorrelations): (Vec<_>, Vec<_>) = draws.into_iter().unzip();
        r2.sort_by(f64::total_cmp);
        autocorrelations.sort_by(f64::total_cmp);
        Self {
            r2,
            autocorrelations,
        }
    }

    /// The share with at least this R^2, the observed one among them.
    fn beyond(&self, r2: f64) -> f64 {
        let below = self.r2.partition_point(|drawn| *drawn < r2);
        (self.r2.len() - below + 1) as f64 / (self.r2.len() + 1) as f64
    }

    /// The share with at most this autocorrelation.
    fn as_calm(&self, autocorrelation: f64) -> f64 {
        let count = self
            .autocorrelations
            .partition_point(|drawn| *drawn <= autocorrelation);
        count as f64 / self.autocorrelations.len() as f64
    }
}

/// Over how many lags residuals are correlated, 1 to 3. With several, noise of longer memory than AR(1) is taken for a
/// slower AR(1); short trajectories do not tell so much.
fn lags(n: usize) -> usize {
    (n / 20).clamp(1, 3)
}

/// R^2 and the mean autocorrelation of the residuals; 0 where they all vanish.
fn statistics(values: &[f64], fit: &Monotone) -> (f64, f64) {
    let residuals: Vec<f64> = values.iter().zip(&fit.fitted).map(|(v, f)| v - f).collect();
    let square: f64 = residuals.iter().map(|r| r * r).sum();
    let lagged = |lag: usize| {
        residuals
            .iter()
            .zip(&residuals[lag..])
            .map(|(a, b)| a * b)
            .sum::<f64>()
    };
    let lags = lags(values.len());
    let sum: f64 = (1..=lags).map(lagged).sum();
    let autocorrelation = if square > 0.0 {
        sum / square / lags as f64
    } else {
        0.0
    };
    (fit.r2, autocorrelation)
}
