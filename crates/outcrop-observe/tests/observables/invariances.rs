//! What must not change, of attention weights, logits, layers and labels.

use crate::helpers::{normal, number};
use outcrop_observe::{Companion, OBSERVABLES, Sample, View};
use proptest::prelude::*;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * a.abs().max(1.0)
}

/// Causal attention weights of so many queries.
fn weights(seed: u64, n: usize) -> Vec<f32> {
    let scores = normal(seed, n * n);
    let mut weights = vec![0.0; n * n];
    for (query, (row, scores)) in weights.chunks_mut(n).zip(scores.chunks(n)).enumerate() {
        let sum: f32 = scores[..=query].iter().map(|x| x.exp()).sum();
        for (weight, score) in row[..=query].iter_mut().zip(scores) {
            *weight = score.exp() / sum;
        }
    }
    weights
}

fn family(name: &str) -> impl Iterator<Item = &'static str> {
    let all = OBSERVABLES
        .into_iter()
        .filter(move |one| one.family == name);
    all.flat_map(|one| one.columns).map(|column| column.name)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// What lies above the diagonal is not read.
    #[test]
    fn keys_of_the_future(seed in 0u64..1000, n in 2usize..30) {
        let even = weights(seed, n);
        let mut spoilt = even.clone();
        for query in 0..n {
            spoilt[query * n + query + 1..(query + 1) * n].fill(f32::NAN);
        }
        let sample = |values| Sample::new(View::new(values, n).unwrap());
        for name in family("attention") {
            prop_assert_eq!(number(name, &sample(&even)), number(name, &sample(&spoilt)), "{}", name);
        }
    }

    /// Two queries behind two keys: exchanging what they give to the keys, and the two queries, changes neither entropies
    /// nor what key 0 receives.
    #[test]
    fn keys_in_another_order(seed in 0u64..1000, n in 4usize..30) {
        let one = weights(seed, n);
        let mut other = one.clone();
        for query in 2..n {
            other.swap(query * n + 1, query * n + 2);
        }
        let sample = |values| Sample::new(View::new(values, n).unwrap());
        for name in ["attention_entropy", "attention_entropy_share", "alpha_first", "first_argmax", "first_argmax_later", "first_is_sink_gu"] {
            let [a, b] = [&one, &other].map(|values| number(name, &sample(values)).unwrap());
            prop_assert!(near(a, b), "{} {} {}", name, a, b);
        }
    }

    /// A constant added to the logits of a position, and another order of the vocabulary.
    #[test]
    fn logits_moved_and_in_another_order(seed in 0u64..1000, n in 1usize..12, vocabulary in 3usize..40, by in 1usize..30) {
        let (logits, last) = (normal(seed, n * vocabulary), normal(seed + 1, n * vocabulary));
        let targets: Vec<u32> = (0..n).map(|i| (i * 7 % vocabulary) as u32).collect();
        let moved = |values: &[f32]| -> Vec<f32> {
            (0..n * vocabulary).map(|i| {
                let (row, column) = (i / vocabulary, i % vocabulary);
                values[row * vocabulary + (column + by) % vocabulary] + row as f32
            }).collect()
        };
        let shift = vocabulary - by % vocabulary;
        let turned: Vec<u32> = targets.iter().map(|t| ((*t as usize + shift) % vocabulary) as u32).collect();
        let (moved_logits, moved_last) = (moved(&logits), moved(&last));
        let view = |values| View::new(values, vocabulary).unwrap();
        let before = Sample::new(view(&logits)).with(Companion::LastLayer, view(&last)).unwrap().with_labels(&targets).unwrap();
        let after = Sample::new(view(&moved_logits)).with(Companion::LastLayer, view(&moved_last)).unwrap().with_labels(&turned).unwrap();
        for name in family("predictions").chain(family("rounding")) {
            let (a, b) = (number(name, &before).unwrap(), number(name, &after).unwrap());
            prop_assert!(near(a, b), "{} {} {}", name, a, b);
        }
    }

    /// Layers step wherever the scale is.
    #[test]
    fn layers_on_another_scale(seed in 0u64..1000, layers in 2usize..20, power in -20i32..20) {
        let maxima: Vec<f32> = normal(seed, layers).iter().map(|x| (3.0 * x).exp()).collect();
        let scaled: Vec<f32> = maxima.iter().map(|x| x * 2f32.powi(power)).collect();
        let sample = |values| Sample::new(View::new(values, 1).unwrap());
        for name in ["steps_up", "steps_down", "first_step_up", "last_step_down"] {
            prop_assert_eq!(number(name, &sample(&maxima)), number(name, &sample(&scaled)), "{}", name);
        }
    }

    /// Other names of classes in the same order, another scale, a shift, and channels in another order tell as much.
    #[test]
    fn labels_renamed(seed in 0u64..1000, pairs in 10usize..30, columns in 2usize..9, power in -6i32..6) {
        let values = normal(seed, 2 * pairs * columns);
        let labels: Vec<u32> = (0..2 * pairs as u32).map(|i| i % 2).collect();
        let renamed: Vec<u32> = labels.iter().map(|label| 5 + 90 * label).collect();
        let moved: Vec<f32> = values.chunks(columns).flat_map(|row| row.iter().rev().enumerate()).map(|(i, x)| (x + i as f32) * 2f32.powi(power)).collect();
        let view = |values| View::new(values, columns).unwrap();
        let before = Sample::new(view(&values)).with_labels(&labels).unwrap();
        let after = Sample::new(view(&moved)).with_labels(&renamed).unwrap();
        for name in family("information").chain(family("concepts")) {
            let (a, b) = (number(name, &before).unwrap(), number(name, &after).unwrap());
            prop_assert!(near(a, b), "{} {} {}", name, a, b);
        }
    }
}
