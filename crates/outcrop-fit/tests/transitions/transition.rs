//! How often the test is wrong, and how often it is right.

use outcrop_fit::{Error, TransitionNull};

use crate::noise::{Noise, logistic, steps};

/// The share of `rounds` trajectories with p <= 0.05.
fn alarms(n: usize, rounds: u64, mut draw: impl FnMut(&mut Noise) -> Vec<f64>) -> f64 {
    let null = TransitionNull::new(n);
    let alarm = |round| {
        null.test("simulated", &draw(&mut Noise::new(round)))
            .unwrap()
            .p
            <= 0.05
    };
    (0..rounds).map(alarm).filter(|alarm| *alarm).count() as f64 / rounds as f64
}

#[test]
fn false_alarms() {
    at_most_one_in_twenty(200, &[12, 80], &[-0.4, 0.3, 0.7, 0.97]);
}

#[test]
#[ignore = "a minute: false_alarms of 1000 series of more kinds"]
fn false_alarms_of_a_thousand_series() {
    let phi = [-0.4, 0.0, 0.3, 0.5, 0.7, 0.9, 0.95, 0.97];
    at_most_one_in_twenty(1000, &[8, 12, 20, 30, 50, 80, 150], &phi);
}

/// At most 5 % of trendless series, whatever their autocorrelation.
fn at_most_one_in_twenty(rounds: u64, lengths: &[usize], correlations: &[f64]) {
    let mut largest: f64 = 0.0;
    for &n in lengths {
        for &phi in correlations {
            let rate = alarms(n, rounds, |noise| noise.autoregressive(phi, n));
            println!("n {n}, AR(1) {phi}: {rate}");
            assert!(rate <= 0.05, "n {n}, phi {phi}: {rate}");
            largest = largest.max(rate);
        }
    }
    println!("largest rate of false alarms: {largest}");
}

/// Also where noise is no AR(1): sums of neighbours, two lags, few large values.
#[test]
fn false_alarms_of_other_noise() {
    let n = 60;
    let moving = |noise: &mut Noise| {
        let white: Vec<f64> = (0..n + 2).map(|_| noise.normal()).collect();
        white.windows(3).map(|w| w.iter().sum()).collect()
    };
    let two_lags = |noise: &mut Noise| {
        let mut values = vec![noise.normal(), noise.normal()];
        (2..n + 50)
            .for_each(|i| values.push(0.5 * values[i - 1] + 0.3 * values[i - 2] + noise.normal()));
        values.split_off(50)
    };
    let heavy = |noise: &mut Noise| {
        (0..n)
            .map(|_| noise.normal() / noise.uniform().sqrt())
            .collect()
    };
    let growing = |noise: &mut Noise| {
        (0..n)
            .map(|i| noise.normal() * (1.0 + 4.0 * i as f64 / n as f64))
            .collect()
    };
    for (name, rate) in [
        ("moving", alarms(n, 1000, moving)),
        ("two lags", alarms(n, 1000, two_lags)),
        ("heavy", alarms(n, 1000, heavy)),
        ("growing", alarms(n, 1000, growing)),
    ] {
        println!("{name}: {rate}");
        assert!(rate <= 0.05, "{name}: {rate}");
    }
}

/// The power for a transition of one decade in the middle of Pythia's steps.
#[test]
fn power() {
    for (n, phi, size, least) in [
        (30, 0.0, 2.0, 0.25),
        (30, 0.0, 3.0, 0.3),
        (30, 0.0, 5.0, 0.3),
        (30, 0.5, 5.0, 0.02),
        (80, 0.0, 1.0, 0.35),
        (80, 0.0, 2.0, 0.95),
        (80, 0.5, 3.0, 0.65),
        (150, 0.0, 1.0, 0.7),
        (150, 0.0, 2.0, 0.99),
        (150, 0.5, 2.0, 0.8),
        (150, 0.8, 5.0, 0.35),
    ] {
        let steps = steps(n);
        let half = steps[n / 3];
        let power = alarms(n, 200, |noise| {
            let noise = noise.autoregressive(phi, n);
            steps
                .iter()
                .zip(noise)
                .map(|(t, e)| size * logistic(*t, half, 1.0) + e)
                .collect()
        });
        println!("n {n}, AR(1) {phi}, size {size} sigma: power {power}");
        assert!(power >= least, "n {n}, phi {phi}, size {size}: {power}");
    }
}

#[test]
fn what_cannot_be_tested() {
    let null = TransitionNull::new(9);
    let at = |value: f64| [1.0, 2.0, value, 4.0, 5.0, 3.0, 2.0, 1.0, 0.0];
    assert!(matches!(
        null.test("a", &at(f64::NAN)),
        Err(Error::NotFinite { step: 2.0, .. })
    ));
    assert!(matches!(
        null.test("a", &[1.0; 9]),
        Err(Error::Constant { n: 9, .. })
    ));
    assert!(matches!(
        null.test("a", &at(1.0)[..8]),
        Err(Error::Lengths { .. })
    ));
    assert!(matches!(
        null.test("a", &[1.0, 2.0]),
        Err(Error::TooFewPoints { found: 2, .. })
    ));
    // a trajectory without noise
    let switch = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    let found = null.test("a", &switch).unwrap();
    assert_eq!((found.rises, found.r2), (true, 1.0));
    assert!(found.p <= 0.05, "{found:?}");
    // the test does not depend on unit, offset or sign
    let scaled = switch.map(|v| 7.0 - 3.0 * v);
    let other = null.test("a", &scaled).unwrap();
    assert!(!other.rises && other.p == found.p);
}
