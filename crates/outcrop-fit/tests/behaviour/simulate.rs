//! Series that are known, and the simulated trial.

use outcrop_core::{Trajectory, table};
use outcrop_fit::Series;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};

/// 37 checkpoints, as the paper measures at least.
pub(crate) fn steps() -> Vec<f64> {
    let doubling = (0..10).map(|i| 2f64.powi(i));
    let thousands = (1..=10).map(|i| 1e3 * f64::from(i));
    let late = [15e3, 20e3, 25e3].into_iter();
    let tens = (3..15).map(|i| 1e4 * f64::from(i));
    let all = [0.0].into_iter().chain(doubling).chain(thousands);
    all.chain(late).chain(tens).chain([143e3]).collect()
}

/// Eq. 9 of the paper.
pub(crate) fn eq9(a: f64, lambda: f64, gamma: f64, t0: f64, k: f64) -> impl Fn(f64) -> f64 {
    move |t| {
        let x = gamma * t + t0;
        a * (-lambda * x).exp() * x.ln() + k
    }
}

/// A curve with its maximum near step 2,750.
pub(crate) fn early_peak(t: f64) -> f64 {
    eq9(200.0, 1e-4, 0.5, 8.0, 30.0)(t)
}

pub(crate) fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

pub(crate) fn uniform(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    Uniform::new(low, high).unwrap().sample(rng)
}

/// `f` at the checkpoints with normal noise of coefficient of variation `cv`.
pub(crate) fn observed(f: impl Fn(f64) -> f64, cv: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut noisy = |t: &f64| (f(*t) * (1.0 + cv * normal(rng))).max(0.0);
    steps().iter().map(&mut noisy).collect()
}

/// The series of those values at the checkpoints.
pub(crate) fn series(values: &[f64]) -> Series {
    Series::new(&steps(), values).unwrap()
}

/// The trajectory of those values at the checkpoints.
pub(crate) fn trajectory(values: &[f64]) -> Trajectory {
    Trajectory {
        model: "m".into(),
        layer: 4,
        stage: None,
        steps: steps().iter().map(|&t| t as u64).collect(),
        ratios: values.to_vec(),
        sem: Vec::new(),
    }
}

pub(crate) fn fixture(name: &str) -> String {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Every `nth` series of the trial: both regimes, with noise and hard cases.
pub(crate) fn trial(nth: usize) -> Vec<Trajectory> {
    let text = fixture("trial_series.csv");
    let rows = table::trajectories_from(text.as_bytes(), "trial")
        .unwrap()
        .rows;
    rows.into_iter().step_by(nth).collect()
}

/// The series of the trial of that name.
pub(crate) fn trial_named(name: &str) -> Series {
    let all = trial(1);
    let found = all.iter().find(|t| t.model == name).unwrap();
    Series::from_trajectory(found).unwrap()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
