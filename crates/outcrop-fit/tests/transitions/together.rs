//! Synchrony of onsets that are together, in order, or independent.

use outcrop_fit::{Crossing, OnsetPair, Synchrony, Untested, synchrony};

use crate::noise::Noise;

fn at(decade: f64) -> Crossing {
    let step = 10f64.powf(decade);
    Crossing {
        after: step / 1.1,
        by: step * 1.1,
        lo: step / 1.2,
        hi: step * 1.2,
    }
}

/// Pairs in `seeds` seeds of `layers` layers: `b` is `lead` decades later, and its layer's own share is `together`.
fn simulated(noise: &mut Noise, seeds: u64, layers: u32, lead: f64, together: f64) -> Synchrony {
    let mut pairs = Vec::new();
    for seed in 0..seeds {
        let of_seed = noise.normal() * 0.2;
        for layer in 0..layers {
            let common = noise.normal() * 0.5;
            let a = 3.0 + of_seed + common;
            let other = noise.normal() * 0.5;
            let b = 3.0 + of_seed + lead + together * common + (1.0 - together) * other;
            pairs.push(OnsetPair {
                seed,
                layer,
                a: at(a),
                b: at(b),
            });
        }
    }
    synchrony(&pairs).unwrap()
}

fn rate(rounds: u64, is: impl Fn(&mut Noise) -> bool) -> f64 {
    let found = (1..=rounds).filter(|seed| is(&mut Noise::new(*seed)));
    found.count() as f64 / rounds as f64
}

fn is_together(found: &Synchrony) -> bool {
    found.together.unwrap().p <= 0.05
}

/// Independent onsets, none earlier: p is even.
#[test]
fn false_alarms() {
    for (seeds, layers) in [(6, 4), (1, 5), (5, 2), (3, 24)] {
        let together = rate(400, |noise| {
            is_together(&simulated(noise, seeds, layers, 0.0, 0.0))
        });
        println!("false alarms: together, {seeds} seeds of {layers} layers {together}");
        // 5 % and three standard errors of 400 rounds
        assert!(together <= 0.083);
    }
    for (seeds, layers) in [(8, 4), (8, 1), (20, 2)] {
        let lead = rate(400, |noise| {
            simulated(noise, seeds, layers, 0.0, 0.0).p_lead <= 0.05
        });
        println!("false alarms: lead, {seeds} seeds of {layers} layers {lead}");
        assert!(lead <= 0.083);
    }
}

#[test]
fn power() {
    let together = rate(100, |noise| is_together(&simulated(noise, 6, 4, 0.0, 0.9)));
    let lead = rate(100, |noise| simulated(noise, 8, 4, 0.5, 0.5).p_lead <= 0.05);
    println!("power: together {together}, lead {lead}");
    assert!(together > 0.9 && lead > 0.9);
}

#[test]
fn three_seeds_cannot_show_a_lead() {
    let found = simulated(&mut Noise::new(3), 3, 4, 2.0, 0.9);
    assert!(found.lead > 1.5 && found.p_lead > 0.2, "{found:?}");
}

#[test]
fn the_same_onsets_coincide() {
    let pairs: Vec<OnsetPair> = (0..6)
        .map(|layer| OnsetPair {
            seed: 0,
            layer,
            a: at(3.0),
            b: at(3.0),
        })
        .collect();
    let found = synchrony(&pairs).unwrap();
    assert_eq!((found.coincident, found.distance), (1.0, 0.0));
    assert_eq!(found.together.unwrap().p, 1.0);
    assert_eq!((found.lead, found.p_lead), (0.0, 1.0));
    assert_eq!(synchrony(&[]), None);
}

/// Onsets of one layer a seed agree where seeds differ in pace, though nothing else ties them: no test of that is offered.
#[test]
fn what_cannot_be_tested() {
    let found = simulated(&mut Noise::new(7), 10, 1, 0.0, 0.9);
    let reason = found.together.unwrap_err();
    assert_eq!(reason, Untested::OneLayer);
    assert!(reason.to_string().contains("two layers or more"));
    let found = simulated(&mut Noise::new(7), 2, 3, 0.0, 0.9);
    assert!(found.together.is_ok(), "36 orders");
    let found = simulated(&mut Noise::new(7), 4, 2, 0.0, 0.9);
    assert_eq!(found.together, Err(Untested::FewOrders { orders: 16 }));
}

/// Exact: of 4 layers in the same order as the other's one in 24 orders is as close; of 6 equal leads two in 64 signs.
#[test]
fn p_by_hand() {
    let pair = |seed: u64, layer: u32| OnsetPair {
        seed,
        layer,
        a: at(2.0 + f64::from(layer)),
        b: at(2.5 + f64::from(layer)),
    };
    let layers: Vec<OnsetPair> = (0..4).map(|layer| pair(1, layer)).collect();
    assert_eq!(synchrony(&layers).unwrap().together.unwrap().p, 1.0 / 24.0);
    let seeds: Vec<OnsetPair> = (0..6).map(|seed| pair(seed, 0)).collect();
    assert_eq!(synchrony(&seeds).unwrap().p_lead, 2.0 / 64.0);
}
