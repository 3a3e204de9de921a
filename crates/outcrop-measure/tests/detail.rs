//! Spread, massive scalars, later positions and sinks against closed forms.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_core::{Detail, LayerStats, Place, Spread};
use outcrop_measure::{Meter, Sinks, received, spread};
use proptest::prelude::*;

fn near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
}

fn detail(hidden: &[f32], d_model: usize) -> (LayerStats, Detail) {
    Meter::new().measure_detail(hidden, d_model).unwrap()
}

/// One scalar that differs from all others is a Bernoulli variable, whose kurtosis is
/// 3 + (1 - 6 p q) / (p q); all of it in one of d channels has a channel kurtosis of d.
#[test]
fn one_massive_scalar() {
    let (n, d_model) = (4096, 64);
    let mut hidden = vec![0.0f32; n];
    hidden[130] = -3000.0;
    let found = spread(&hidden, d_model).unwrap();
    let p = 1.0 / n as f64;
    let pq = p * (1.0 - p);
    near(found.kurtosis, 3.0 + (1.0 - 6.0 * pq) / pq);
    near(found.channel_kurtosis, d_model as f64);
    near(Some(found.rms), 3000.0 / (n as f64).sqrt());
}

/// The discrete uniform distribution on n values: 3 - 6 (n^2 + 1) / (5 (n^2 - 1)), also far from 0.
#[test]
fn evenly_spaced_scalars() {
    let n = 1000;
    for offset in [0.0, 1e4, -1e6] {
        let hidden: Vec<f32> = (0..n).map(|i| i as f32 + offset).collect();
        let square = f64::from(n * n);
        let expected = 3.0 - 6.0 * (square + 1.0) / (5.0 * (square - 1.0));
        near(spread(&hidden, 8).unwrap().kurtosis, expected);
    }
}

#[test]
fn alike_channels_and_nothing_at_all() {
    let alike = spread(&[2.0, -2.0, -2.0, 2.0], 2).unwrap();
    assert_eq!((alike.rms, alike.kurtosis), (2.0, Some(1.0)));
    assert_eq!(alike.channel_kurtosis, Some(1.0));
    let nothing = Spread {
        rms: 0.0,
        kurtosis: None,
        channel_kurtosis: None,
    };
    assert_eq!(spread(&[0.0; 6], 3).unwrap(), nothing);
    assert_eq!(spread(&[3.0; 6], 3).unwrap().kurtosis, None);
}

/// Above 100 and at least 1000 times the median, both.
#[test]
fn massive_by_the_rule_of_sun_et_al() {
    let state = |median: f32, top: f32| {
        let mut hidden = vec![median; 99];
        hidden.extend([top, -top, f32::MIN_POSITIVE]);
        detail(&hidden, 1).1.massive
    };
    assert_eq!(state(0.1, 101.0), Some(2));
    assert_eq!(state(0.1, 100.0), Some(0)); // not above 100
    assert_eq!(state(0.2, 199.0), Some(0)); // 995 times the median
    assert_eq!(state(0.25, 250.0), Some(2)); // exactly 1000 times
}

#[test]
fn without_the_first_position() {
    let hidden = [900.0, 1.0, -2.0, 3.0, 4.0, -5.0];
    let later = detail(&hidden, 2).1.later.unwrap();
    let top = later.top[0].unwrap();
    assert_eq!(
        (top.magnitude, top.place),
        (
            5.0,
            Place {
                position: 2,
                channel: 1
            }
        )
    );
    assert_eq!(later.median, Some(3.0));
    assert_eq!(detail(&hidden, 6).1.later, None);
}

#[test]
fn a_state_that_is_not_finite_has_no_spread() {
    let (stats, detail) = detail(&[1.0, f32::NAN, 2.0, f32::INFINITY], 2);
    assert_eq!((stats.non_finite, detail.spread), (2, None));
    assert_eq!(detail.massive, Some(0));
}

/// Even attention: query i gives 1 / (i + 1) to each, so the first key receives the mean of 1 / i.
#[test]
fn attention_that_is_received() {
    let tokens = 64;
    let mut attention = vec![f32::NAN; tokens * tokens];
    for query in 0..tokens {
        for key in 0..=query {
            attention[query * tokens + key] = 1.0 / (query + 1) as f32;
        }
    }
    let alpha = received(&attention, tokens);
    let harmonic: f64 = (1..=tokens).map(|i| 1.0 / i as f64).sum();
    assert!((alpha[0] - harmonic / tokens as f64).abs() < 1e-7);
    assert!((alpha[63] - 1.0 / 64.0).abs() < 1e-7);
    assert!(received(&[], 0).is_empty());
}

#[test]
fn sink_rates() {
    let mut sinks = Sinks::new();
    assert_eq!(sinks.rate(), None);
    for (head, alpha) in [(1, 0.9), (1, 0.1), (2, 0.3), (2, 0.2)] {
        sinks.add(1, head, alpha);
    }
    assert_eq!(sinks.rate(), Some(0.25)); // 0.3 is not above 0.3
    let rows = sinks.rows("m", 8);
    assert_eq!(
        (rows[0].alpha, rows[0].sink_rate, rows[0].sequences),
        (0.5, 0.5, 2)
    );
    assert_eq!((rows[1].head, rows[1].sink_rate), (2, 0.0));
}

proptest! {
    /// Kurtosis does not change with scale, is at least 1 and at most the number of scalars.
    #[test]
    fn kurtosis_is_within_its_bounds(
        d_model in 1usize..9,
        rows in prop::collection::vec(prop::collection::vec(-9.0..9.0f32, 8), 1..40),
        scale in -20..20i32,
    ) {
        let hidden: Vec<f32> = rows.iter().flat_map(|r| &r[..d_model]).copied().collect();
        let found = spread(&hidden, d_model).unwrap();
        if let Some(k) = found.kurtosis {
            prop_assert!(k > 1.0 - 1e-9 && k <= hidden.len() as f64 + 1e-9);
        }
        if let Some(k) = found.channel_kurtosis {
            prop_assert!(k > 1.0 - 1e-9 && k <= d_model as f64 + 1e-9);
        }
        let scaled: Vec<f32> = hidden.iter().map(|h| h * 2f32.powi(scale)).collect();
        let again = spread(&scaled, d_model).unwrap();
        prop_assert!((again.rms / 2f64.powi(scale) - found.rms).abs() <= 1e-12 * found.rms);
        prop_assert_eq!(again.kurtosis.is_some(), found.kurtosis.is_some());
    }
}
