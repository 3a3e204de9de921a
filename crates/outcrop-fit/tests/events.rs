//! Events of training against schedules and losses whose events are known.

use outcrop_core::EventKind::{DecayEnd, DecayStart, RateJump, WarmUpEnd};
use outcrop_core::{EventKind, LossPoint};
use outcrop_fit::{RateHistory, loss_spikes, training_events};

fn history(last: u32, every: u32, rate: impl Fn(f64) -> f64) -> RateHistory {
    let steps: Vec<f64> = (0..=last / every).map(|i| f64::from(every * i)).collect();
    let rates: Vec<f64> = steps.iter().map(|t| rate(*t)).collect();
    RateHistory::new(&steps, &rates)
}

fn changes(history: &RateHistory) -> Vec<(EventKind, f64)> {
    history.changes().iter().map(|c| (c.kind, c.step)).collect()
}

fn warm(t: f64) -> f64 {
    (t / 100.0).min(1.0)
}

/// Pythia's schedule: linear warm-up, then a cosine to a tenth.
#[test]
fn a_cosine_decays_from_the_end_of_its_warm_up() {
    for every in [1, 10, 20, 50] {
        let cosine = |t: f64| {
            let share = ((t - 100.0) / 900.0).max(0.0);
            1e-3 * warm(t) * (0.55 + 0.45 * (std::f64::consts::PI * share).cos())
        };
        let found = history(1000, every, cosine);
        assert_eq!(
            changes(&found),
            [(WarmUpEnd, 100.0), (DecayStart, 100.0)],
            "{every}"
        );
        assert_eq!(found.decays(), [[100.0, 1000.0]]);
        assert!(!found.is_decaying(100.0) && found.is_decaying(101.0) && found.is_decaying(1000.0));
    }
}

/// nanochat's and MiniCPM's: warm-up, stable, decay, and a rest at the end.
#[test]
fn stable_then_decay_then_rest() {
    let rate = |t: f64| warm(t) * ((900.0 - t) / 200.0).clamp(0.1, 1.0);
    let found = history(1200, 20, rate);
    let expected = [(WarmUpEnd, 100.0), (DecayStart, 700.0), (DecayEnd, 880.0)];
    assert_eq!(changes(&found), expected);
    assert_eq!(found.changes()[1].value, 1.0);
}

/// Step decay by ten, twice, and a restart: jumps, not decays.
#[test]
fn jumps_are_no_decays() {
    let rate = |t: f64| match t {
        t if t < 300.0 => 1.0,
        t if t < 600.0 => 0.1,
        t if t < 900.0 => 0.01,
        _ => 0.5,
    };
    let found = history(1200, 10, rate);
    assert_eq!(
        changes(&found),
        [(RateJump, 300.0), (RateJump, 600.0), (RateJump, 900.0)]
    );
    let ratios: Vec<f64> = found.changes().iter().map(|c| c.value).collect();
    for (ratio, expected) in ratios.iter().zip([0.1, 0.1, 50.0]) {
        assert!((ratio / expected - 1.0).abs() < 1e-12);
    }
    assert!(found.decays().is_empty());
    // the same on a falling rate
    let found = history(1000, 10, |t| {
        (1.0 - t / 2000.0) * if t < 500.0 { 1.0 } else { 0.3 }
    });
    assert!(changes(&found).contains(&(RateJump, 500.0)));
    assert_eq!(found.decays(), [[0.0, 490.0], [500.0, 1000.0]]);
}

#[test]
fn a_rate_that_never_changes_and_none_at_all() {
    assert_eq!(changes(&history(100, 10, |_| 3e-4)), []);
    let empty = RateHistory::new(&[], &[]);
    assert_eq!((changes(&empty).len(), empty.at(3.0)), (0, None));
    let holes = RateHistory::new(&[0.0, 1.0, 2.0], &[0.1, f64::NAN, 0.3]);
    assert!((holes.at(1.0).unwrap_or(0.0) - 0.2).abs() < 1e-12);
    assert_eq!((holes.at(0.0), holes.at(2.5)), (Some(0.1), None));
}

/// Noise of a uniform kind that is the same everywhere; sums of twelve are nearly normal.
fn normal(seed: u32, at: u32) -> f64 {
    let part = |i: u32| {
        let x = f64::from(at * 12 + i) * 12.9898 + f64::from(seed) * 78.233;
        (x.sin() * 43_758.545_3).rem_euclid(1.0) - 0.5
    };
    (0..12).map(part).sum()
}

fn loss(seed: u32, noise: f64) -> (Vec<f64>, Vec<f64>) {
    let steps: Vec<f64> = (1..=300).map(|i| 10.0 * f64::from(i)).collect();
    let fall = |t: f64| 3.0 + 7.0 * (1.0 + t / 50.0).powf(-0.7);
    let of = |(i, t): (u32, &f64)| fall(*t) + noise * normal(seed, i);
    let loss = (0..).zip(&steps).map(of).collect();
    (steps, loss)
}

#[test]
fn spikes_of_known_height_are_found_and_no_others() {
    let (mut right, mut others) = (0, 0);
    for seed in 0..100 {
        let (steps, mut loss) = loss(seed, 0.05);
        let none = loss_spikes(&steps, &loss);
        others += none.len();
        let at = 20 + 2 * seed as usize;
        loss[at] += 1.0;
        loss[at + 1] += 0.7;
        let found = loss_spikes(&steps, &loss);
        let hit = found.iter().find(|spike| spike.step == steps[at]);
        let close = hit.is_some_and(|s| s.last == steps[at + 1] && (s.height - 1.0).abs() < 0.25);
        right += usize::from(close);
    }
    println!("of 100 spikes {right} found; in 30000 losses without one {others}");
    assert!(right >= 95 && others <= 2);
}

/// The fall at the beginning is none, nor is a loss without noise; a loss that is no number is one.
#[test]
fn what_is_no_spike() {
    let (steps, mut falling) = loss(0, 0.0);
    assert_eq!(loss_spikes(&steps, &falling), []);
    falling[77] = f64::NAN;
    let found = loss_spikes(&steps, &falling);
    assert_eq!(
        (found.len(), found[0].step, found[0].height),
        (1, steps[77], f64::INFINITY)
    );
    assert_eq!(loss_spikes(&steps[..8], &falling[..8]), []);
    assert_eq!(loss_spikes(&steps[..11], &[2.0; 11]), []);
}

/// A run as `loss.csv` has it: the first row has neither loss nor rate.
#[test]
fn events_of_a_run() {
    let (steps, losses) = loss(4, 0.03);
    let row = |(step, loss): (&f64, &f64)| LossPoint {
        model: "tiny".into(),
        step: *step as u64,
        tokens: 0,
        loss: Some(loss + if *step == 1500.0 { 2.0 } else { 0.0 }),
        held_out_loss: 3.0,
        learning_rate: Some(1e-3 * (step / 200.0).min(1.0).min((3000.0 - step) / 1000.0)),
        gradient_norm: None,
    };
    let mut rows: Vec<LossPoint> = steps.iter().zip(&losses).map(row).collect();
    let start = LossPoint {
        step: 0,
        loss: None,
        held_out_loss: 10.0,
        learning_rate: None,
        ..rows[0].clone()
    };
    rows.insert(0, start);
    let found = training_events(&rows);
    let of: Vec<(u64, &str)> = found.iter().map(|e| (e.step, e.event.word())).collect();
    assert_eq!(
        of,
        [
            (200, "warm-up-end"),
            (1500, "loss-spike"),
            (2000, "decay-start")
        ]
    );
    assert!((found[1].value.unwrap_or(0.0) - 2.0).abs() < 0.15);
    assert!(found.iter().all(|e| e.model == "tiny" && e.stage.is_none()));
    assert_eq!(training_events(&[]), []);
}
