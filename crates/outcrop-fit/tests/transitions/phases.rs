//! Phases against enumeration of all paths, and against simulated switches.

use outcrop_fit::{
    Error, PhaseNoise, PhaseOptions, Phases, Smoothed, fit_phases, forward_backward,
};

use crate::noise::Noise;

/// Every path of a chain: posterior, expected changes and likelihood by their definition.
fn enumerated(start: &[f64], transition: &[Vec<f64>], emission: &[Vec<f64>]) -> Smoothed {
    let (states, times) = (start.len(), emission.len());
    let mut posterior = vec![vec![0.0; states]; times];
    let mut changes = vec![vec![0.0; states]; states];
    let mut total = 0.0;
    for path in 0..states.pow(times as u32) {
        let at = |time: usize| path / states.pow(time as u32) % states;
        let seen: f64 = (0..times).map(|t| emission[t][at(t)].exp()).product();
        let moved: f64 = (1..times).map(|t| transition[at(t - 1)][at(t)]).product();
        let p = start[at(0)] * moved * seen;
        total += p;
        (0..times).for_each(|t| posterior[t][at(t)] += p);
        (1..times).for_each(|t| changes[at(t - 1)][at(t)] += p);
    }
    posterior
        .iter_mut()
        .chain(&mut changes)
        .flatten()
        .for_each(|x| *x /= total);
    Smoothed {
        posterior,
        changes,
        log_likelihood: total.ln(),
    }
}

fn probabilities(noise: &mut Noise, n: usize) -> Vec<f64> {
    let weights: Vec<f64> = (0..n).map(|_| noise.uniform()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

#[test]
fn forward_backward_is_the_sum_over_all_paths() {
    let mut worst: f64 = 0.0;
    for seed in 0..60 {
        let mut noise = Noise::new(seed);
        let (states, times) = (1 + seed as usize % 4, 1 + seed as usize % 7);
        let start = probabilities(&mut noise, states);
        let transition: Vec<Vec<f64>> = (0..states)
            .map(|_| probabilities(&mut noise, states))
            .collect();
        let mut emission: Vec<Vec<f64>> = (0..times)
            .map(|_| (0..states).map(|_| 5.0 * noise.normal()).collect())
            .collect();
        if states > 1 {
            emission[times / 2][0] = f64::NEG_INFINITY; // a label rules a state out
        }
        let found = forward_backward(&start, &transition, &emission).unwrap();
        let expected = enumerated(&start, &transition, &emission);
        let pairs = found
            .posterior
            .iter()
            .flatten()
            .zip(expected.posterior.iter().flatten());
        let pairs = pairs.chain(
            found
                .changes
                .iter()
                .flatten()
                .zip(expected.changes.iter().flatten()),
        );
        let pairs = pairs.chain([(&found.log_likelihood, &expected.log_likelihood)]);
        worst = pairs.map(|(a, b)| (a - b).abs()).fold(worst, f64::max);
    }
    println!("worst difference from enumeration: {worst:.1e}");
    assert!(worst < 1e-12, "{worst}");
}

#[test]
fn what_is_no_chain() {
    let nothing = [vec![f64::NEG_INFINITY; 2]];
    let transition = [vec![1.0, 0.0], vec![0.0, 1.0]];
    assert_eq!(forward_backward(&[0.5, 0.5], &transition, &nothing), None);
    assert_eq!(forward_backward(&[0.5, 0.5], &transition, &[]), None);
    assert_eq!(
        forward_backward(&[0.5, 0.5], &transition[..1], &[vec![0.0; 2]]),
        None
    );
}

/// A long chain neither underflows nor overflows.
#[test]
fn a_long_chain() {
    let emission = vec![vec![-5000.0, -5001.0]; 3000];
    let transition = [vec![0.99, 0.01], vec![0.01, 0.99]];
    let found = forward_backward(&[0.5, 0.5], &transition, &emission).unwrap();
    assert!(found.log_likelihood < -1.4e7 && found.posterior[1500][0] > 0.97);
}

/// Two observables in phases of these lengths, each towards its level: x_t = (1 - phi) level + phi x_(t-1) + noise, which
/// keeps a variance of 1 about the level.
fn simulated(seed: u64, lengths: &[usize], levels: &[[f64; 2]], phi: f64) -> [Vec<f64>; 2] {
    let mut noise = Noise::new(seed + 1);
    let scale = (1.0 - phi * phi).sqrt();
    let phases: Vec<usize> = (0..lengths.len())
        .flat_map(|phase| std::iter::repeat_n(phase, lengths[phase]))
        .collect();
    [0, 1].map(|which| {
        let mut x = levels[0][which] + noise.normal();
        let mut next = |phase: &usize| {
            let now = x;
            x = (1.0 - phi) * levels[*phase][which] + phi * x + scale * noise.normal();
            now
        };
        // each value follows from the phase in which it is
        phases.iter().skip(1).chain([&0]).map(&mut next).collect()
    })
}

fn phases(values: &[Vec<f64>; 2], options: &PhaseOptions) -> Phases {
    fit_phases(&[("sinks", &values[0]), ("drain", &values[1])], options).unwrap()
}

/// How many of the checkpoints are in their phase.
fn right(found: &Phases, lengths: &[usize]) -> f64 {
    let truth = lengths
        .iter()
        .enumerate()
        .flat_map(|(phase, n)| std::iter::repeat_n(phase, *n));
    let path = found.path();
    let right = path.iter().zip(truth).filter(|(a, b)| **a == *b).count();
    right as f64 / path.len() as f64
}

/// The share of simulated runs in which as many phases are found by BIC as there are, and the share of checkpoints that
/// are in their phase, their number being given.
fn found_again(
    rounds: u64,
    lengths: &[usize],
    levels: &[[f64; 2]],
    phi: f64,
    options: &PhaseOptions,
) -> [f64; 2] {
    let given = options
        .clone()
        .between(lengths.len(), lengths.len())
        .unwrap();
    let (mut number, mut path) = (0, 0.0);
    for seed in 0..rounds {
        let values = simulated(seed, lengths, levels, phi);
        number += usize::from(phases(&values, options).dynamics.len() == lengths.len());
        path += right(&phases(&values, &given), lengths) / rounds as f64;
    }
    [number as f64 / rounds as f64, path]
}

#[test]
fn phases_in_order() {
    in_order(12);
}

#[test]
#[ignore = "a minute: phases_in_order with more runs"]
fn phases_in_order_of_many_runs() {
    in_order(40);
}

/// Three phases in order, long and far apart, and as they come in a run of some hundred checkpoints.
fn in_order(rounds: u64) {
    let far = [[0.0, 0.0], [6.0, 0.0], [6.0, -6.0]];
    let near = [[0.0, 0.0], [4.0, 0.0], [4.0, -4.0]];
    let options = PhaseOptions::default().left_to_right(true);
    for (lengths, levels, phi, least) in [
        ([80, 60, 80], far, 0.3, 0.9),
        ([40, 30, 50], near, 0.3, 0.9),
        ([40, 30, 50], near, 0.0, 0.9),
    ] {
        for noise in [PhaseNoise::Own, PhaseNoise::Shared, PhaseNoise::Either] {
            let options = options.clone().noise(noise);
            let [number, path] = found_again(rounds, &lengths, &levels, phi, &options);
            println!("{lengths:?}, AR(1) {phi}, {noise:?}: 3 phases in {number}, {path:.3} right");
            assert!(noise == PhaseNoise::Own || (number >= least && path > 0.95));
        }
    }
}

#[test]
fn runs_without_phases() {
    without(8);
}

#[test]
#[ignore = "a minute: runs_without_phases with more runs"]
fn many_runs_without_phases() {
    without(100);
}

/// Runs without phases: how often one is found, by how slowly the observables move.
fn without(rounds: u64) {
    for phi in [0.0, 0.5, 0.9] {
        for left_to_right in [true, false] {
            let options = PhaseOptions::default().left_to_right(left_to_right);
            let [one, _] = found_again(rounds, &[120], &[[0.0, 0.0]], phi, &options);
            println!("no phases, AR(1) {phi}, left to right {left_to_right}: one in {one}");
            assert!(one >= 0.95, "{phi}: {one}");
        }
    }
}

/// Phases that return.
#[test]
fn phases_that_return() {
    let lengths = [30, 30, 30, 30];
    let levels = [[0.0, 0.0], [4.0, 4.0], [0.0, 0.0], [4.0, 4.0]];
    let two = PhaseOptions::default().between(2, 2).unwrap();
    let rounds = 15;
    let (mut number, mut path) = (0, 0);
    for seed in 0..rounds {
        let values = simulated(seed, &lengths, &levels, 0.3);
        number += usize::from(phases(&values, &PhaseOptions::default()).dynamics.len() == 2);
        let found = phases(&values, &two).path();
        path += (0..120).filter(|t| found[*t] == t / 30 % 2).count();
    }
    println!(
        "returning: 2 phases in {number} of {rounds}, {path} of {} right",
        120 * rounds
    );
    assert!(number >= 13 && path > 114 * rounds as usize);
}

/// Phases of which each has a noise of its own: levels and memory are alike, so that only the noise tells them apart.
#[test]
fn phases_of_unlike_noise() {
    let rounds = 15;
    let mut found_own = 0;
    for seed in 0..rounds {
        let [calm, other] = simulated(seed, &[120], &[[0.0, 0.0]], 0.3);
        let loud = |values: Vec<f64>| -> Vec<f64> {
            let louder = |(t, x): (usize, f64)| if t < 60 { x } else { 4.0 * x };
            values.into_iter().enumerate().map(louder).collect()
        };
        let values = [loud(calm), loud(other)];
        let found = phases(&values, &PhaseOptions::default().left_to_right(true));
        found_own += usize::from(found.dynamics.len() == 2 && !found.shared);
    }
    println!("unlike noise: 2 phases, each with its own, in {found_own} of {rounds}");
    assert!(found_own >= 13);
}

/// The dynamics are those that were simulated: level, memory and variance in units of the standardised observable.
#[test]
fn dynamics_are_found_again() {
    let values = simulated(5, &[400, 400], &[[0.0, 0.0], [6.0, 0.0]], 0.6);
    let found = phases(
        &values,
        &PhaseOptions::default()
            .between(2, 2)
            .unwrap()
            .left_to_right(true),
    );
    let scale = 10f64.sqrt(); // 3^2 + 1: the variance of the first observable
    for (phase, level) in [(0, -3.0 / scale), (1, 3.0 / scale)] {
        let dynamics = found.dynamics[phase][0];
        assert!((dynamics.level() - level).abs() < 0.15, "{dynamics:?}");
        assert!((dynamics.memory - 0.6).abs() < 0.1, "{dynamics:?}");
        assert!(
            (dynamics.variance - 0.64 / 10.0).abs() < 0.015,
            "{dynamics:?}"
        );
    }
    assert!(
        found.changes()[0].abs_diff(399) <= 3,
        "{:?}",
        found.changes()
    );
}

/// Labels of some checkpoints decide what the observables leave open.
#[test]
fn labels_of_some_checkpoints() {
    let values = simulated(3, &[40, 40], &[[0.0, 0.0], [1.0, 1.0]], 0.0);
    let mut labels = vec![None; 80];
    (0..10).for_each(|t| labels[t] = Some(1)); // named the other way round
    (70..80).for_each(|t| labels[t] = Some(0));
    let options = PhaseOptions::default()
        .between(2, 2)
        .unwrap()
        .labels(labels)
        .unwrap();
    let found = phases(&values, &options);
    assert!(found.posterior[..10].iter().all(|row| row[1] == 1.0));
    assert!(found.posterior[70..].iter().all(|row| row[0] == 1.0));
    assert!(
        found.path()[10..30]
            .iter()
            .filter(|phase| **phase == 1)
            .count()
            > 14
    );
    assert!(
        found
            .posterior
            .iter()
            .all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-9)
    );
}

#[test]
fn what_is_refused() {
    let options = || PhaseOptions::default().between(2, 3).unwrap();
    assert!(options().labels(vec![Some(2)]).is_err());
    assert!(
        options()
            .left_to_right(true)
            .labels(vec![Some(1), Some(0)])
            .is_err()
    );
    assert!(options().starts(0).is_err());
    let short = [1.0, 2.0, 3.0];
    let values: Vec<f64> = (0..20).map(f64::from).collect();
    let find = |list: &[(&str, &[f64])]| fit_phases(list, &options());
    assert!(matches!(find(&[]), Err(Error::TooFewPoints { .. })));
    assert!(matches!(
        find(&[("a", &short)]),
        Err(Error::TooFewPoints { found: 3, .. })
    ));
    assert!(matches!(
        find(&[("a", &values), ("b", &values[1..])]),
        Err(Error::Lengths { .. })
    ));
    assert!(matches!(
        find(&[("a", &[7.0; 20])]),
        Err(Error::Constant { .. })
    ));
    let labels = options().labels(vec![None; 19]).unwrap();
    assert!(matches!(
        fit_phases(&[("a", &values)], &labels),
        Err(Error::Lengths { .. })
    ));
    // left to right from phase 0 the first checkpoint cannot be in phase 1
    let mut first = vec![None; 20];
    first[0] = Some(1);
    let first = options().left_to_right(true).labels(first).unwrap();
    assert!(matches!(
        fit_phases(&[("a", &values)], &first),
        Err(Error::Phases { .. })
    ));
}
