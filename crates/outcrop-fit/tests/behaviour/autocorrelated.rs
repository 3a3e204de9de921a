//! Intervals under noise of which neighbouring checkpoints correlate; `posterior` has those under independent noise.

use outcrop_fit::{Emergence, FitOptions, Observations, Posterior, Series};

use crate::simulate::{eq9, normal, seeded, steps, uniform};

/// Values with a noise of 7 %, an AR(1) sequence over the checkpoints.
fn noisy(f: &dyn Fn(f64) -> f64, rho: f64, seed: u64) -> Vec<f64> {
    let mut rng = seeded(seed);
    let mut state = normal(&mut rng);
    let value = |t: &f64| {
        let value = f(*t) * (1.0 + 0.07 * state);
        state = rho * state + (1.0 - rho * rho).sqrt() * normal(&mut rng);
        value
    };
    steps().iter().map(value).collect()
}

/// Whether the nominal 90 % intervals of f_last and f_max hold the truth.
fn held(f: &dyn Fn(f64) -> f64, values: &[f64]) -> [bool; 2] {
    let (series, options) = (
        Series::new(&steps(), values).unwrap(),
        FitOptions::default(),
    );
    let observations = Observations::new(&series, &options).unwrap();
    let posterior = Posterior::new(&observations, &Emergence::fit(&observations).unwrap());
    let found = posterior.intervals(&[], 0.9);
    let fine = (0..=4000).map(|i| (f64::from(i) / 4000.0 * 143e3f64.ln_1p()).exp_m1());
    let most = fine.map(f).fold(f64::NEG_INFINITY, f64::max);
    let pairs = [(found.f_last, f(143e3)), (found.f_max, most)];
    pairs.map(|(interval, truth)| interval.lo <= Some(truth) && Some(truth) <= interval.hi)
}

/// The shares of 120 series of an early peak and of a rise to the end, over both intervals.
fn coverage(rho: f64) -> f64 {
    let mut all = Vec::new();
    for seed in 0..60 {
        let mut rng = seeded(1000 + seed);
        let size = uniform(&mut rng, 100.0, 400.0);
        let early = eq9(size, uniform(&mut rng, 1e-4, 1e-3), 0.1, 5.0, 30.0);
        let late = eq9(size, 1e-6, uniform(&mut rng, 0.005, 0.05), 1.5, 30.0);
        let curves: [&dyn Fn(f64) -> f64; 2] = [&early, &late];
        for f in curves {
            all.extend(held(f, &noisy(f, rho, seed)));
        }
    }
    let inside = all.iter().filter(|held| **held).count();
    inside as f64 / all.len() as f64
}

#[test]
fn intervals_hold_the_truth_under_correlated_noise() {
    for rho in [0.3, 0.6] {
        let share = coverage(rho);
        println!("{rho}: {share}");
        assert!((0.85..=0.95).contains(&share), "{rho}: {share}");
    }
}
