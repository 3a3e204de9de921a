//! How often the intervals of the newer hypotheses hold the truth, on simulated curves.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use outcrop_fit::{FitOptions, Hypothesis, Observations, Series, hypothesis};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};

/// 0, then two checkpoints a doubling.
fn steps(count: i32) -> Vec<f64> {
    let doubling = (0..count - 1).map(|i| 2f64.powf(f64::from(i) / 2.0).round());
    let mut steps: Vec<f64> = std::iter::once(0.0).chain(doubling).collect();
    steps.dedup();
    steps
}

/// A curve with the truth of some of its quantities.
type Truth = (Box<dyn Fn(f64) -> f64>, Vec<(&'static str, f64)>);

/// Makes the truth of a trial from a source of numbers between two bounds.
type Draw = dyn Fn(&mut dyn FnMut(f64, f64) -> f64) -> Truth;

/// The shares of intervals that hold the truth, in percent, by quantity, of those that there are, and of how many.
fn covered(
    name: &str,
    rounds: u64,
    noise: f64,
    draw: &Draw,
) -> BTreeMap<&'static str, (f64, usize)> {
    let hypothesis: &dyn Hypothesis = hypothesis(name).unwrap();
    let options = FitOptions::default().with_draws(400).unwrap();
    let steps = steps(34);
    let mut held: BTreeMap<&'static str, Vec<bool>> = BTreeMap::new();
    for round in 0..rounds {
        let mut rng = ChaCha8Rng::seed_from_u64(round);
        let mut uniform = |low, high| Uniform::new(low, high).unwrap().sample(&mut rng);
        let (curve, truth) = draw(&mut uniform);
        let normal = |_| -> f64 { StandardNormal.sample(&mut rng) };
        let factors: Vec<f64> = (0..steps.len()).map(normal).collect();
        let values: Vec<f64> = steps
            .iter()
            .zip(factors)
            .map(|(t, z)| curve(*t) * (1.0 + noise * z))
            .collect();
        let Ok(series) = Series::new(&steps, &values) else {
            continue;
        };
        let observations = Observations::new(&series, &options).unwrap();
        let row = hypothesis.row(&observations, &[]).unwrap();
        for (name, truth) in truth {
            let found = row.quantities.iter().find(|q| &*q.name == name).unwrap();
            if found.value.is_some() {
                let inside =
                    found.lo.is_none_or(|lo| lo <= truth) && found.hi.is_none_or(|hi| truth <= hi);
                held.entry(name).or_default().push(inside);
            }
        }
    }
    let share = |held: Vec<bool>| {
        let inside = held.iter().filter(|inside| **inside).count();
        (100.0 * inside as f64 / held.len() as f64, held.len())
    };
    held.into_iter()
        .map(|(name, held)| (name, share(held)))
        .collect()
}

fn mode(uniform: &mut dyn FnMut(f64, f64) -> f64) -> Truth {
    let (s, u0) = (
        10f64.powf(uniform(1.0, 3.0)),
        10f64.powf(uniform(-0.5, 0.5)),
    );
    let tau = 10f64.powf(uniform(1.5, 3.5));
    let curve = move |t: f64| s / (1.0 + (s / u0 - 1.0) * (-t / tau).exp());
    let t_mid = tau * (s / u0 - 1.0).ln();
    (
        Box::new(curve),
        vec![
            ("s", s),
            ("u0", u0),
            ("tau", tau),
            ("t_mid", t_mid),
            ("tau_learning", 2.0 * s * tau),
            ("f_last", curve(65_536.0)),
        ],
    )
}

fn power(uniform: &mut dyn FnMut(f64, f64) -> f64) -> Truth {
    let (k, span) = (10f64.powf(uniform(0.0, 1.0)), 10f64.powf(uniform(1.0, 2.0)));
    let (p, tau0) = (uniform(-1.5, -0.4), 10f64.powf(uniform(1.0, 2.5)));
    let curve = move |t: f64| k + span * (1.0 + t / tau0).powf(p);
    (
        Box::new(curve),
        vec![
            ("K", k),
            ("span", span),
            ("exponent", p),
            ("tau0", tau0),
            ("f_first", k + span),
            ("f_last", curve(65_536.0)),
        ],
    )
}

fn rises(uniform: &mut dyn FnMut(f64, f64) -> f64) -> Truth {
    let c = uniform(2.0, 6.0);
    let sizes = [10f64.powf(uniform(0.8, 1.8)), 10f64.powf(uniform(1.3, 2.2))];
    let mids = [10f64.powf(uniform(1.2, 1.9)), 10f64.powf(uniform(3.0, 3.9))];
    let h = [uniform(1.0, 3.0), uniform(1.0, 3.0)];
    let curve = move |t: f64| {
        let g = |k: usize| {
            if t > 0.0 {
                sizes[k] / (1.0 + (mids[k] / t).powf(h[k]))
            } else {
                0.0
            }
        };
        c + g(0) + g(1)
    };
    (
        Box::new(curve),
        vec![
            ("K1", sizes[0]),
            ("t_mid1", mids[0]),
            ("h1", h[0]),
            ("K2", sizes[1]),
            ("t_mid2", mids[1]),
            ("h2", h[1]),
            ("f_last", curve(65_536.0)),
        ],
    )
}

/// Intervals of 90 %; of 60 curves 80 to 99 % is what chance allows (binomial, three standard deviations).
#[test]
fn intervals_hold_the_truth() {
    let draws: [(&str, &Draw); 3] = [
        ("deep linear mode", &mode),
        ("power law", &power),
        ("double rise", &rises),
    ];
    let rounds = std::env::var("ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(60);
    let mut wrong = Vec::new();
    for (name, draw) in draws {
        for (quantity, (share, of)) in covered(name, rounds, 0.05, draw) {
            println!("{name}, {quantity}: {share:.1} % of {of}");
            let deviation = 100.0 * (0.9 * 0.1 / of as f64).sqrt();
            if (share - 90.0).abs() > 3.0 * deviation + 3.0 {
                wrong.push(format!("{name}, {quantity}: {share:.1} % of {of}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
