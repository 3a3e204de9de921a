//! The loss of many rows, which go through it in groups: what its parts give, and the same on any number of threads.

mod numbers;

use numbers::{f32s, numbers};
use outcrop_arch::{ArchSpec, Plan};
use outcrop_block::{Gradients, Loss};

const D: usize = 8;

struct Case {
    loss: Loss,
    weights: Vec<Vec<f32>>,
    x: Vec<f32>,
    targets: Vec<usize>,
}

impl Case {
    fn new(vocab: usize, tied: bool, rows: usize) -> Self {
        let arch = ArchSpec {
            vocab,
            tied,
            ..ArchSpec::new(1, D, 2)
        };
        let loss = Loss::new(&Plan::new(&arch).end).expect("a loss");
        let inputs = loss.inputs().iter().enumerate();
        let drawn = |(i, input): (usize, &outcrop_block::Input)| {
            f32s(&numbers(input.shape.iter().product(), i as u64 + 1))
        };
        Self {
            weights: inputs.map(drawn).collect(),
            loss,
            x: f32s(&numbers(rows * D, 77)),
            targets: (0..rows).map(|i| i * i % vocab).collect(),
        }
    }

    /// Of some rows.
    fn compute(&self, rows: std::ops::Range<usize>, gradients: bool) -> (f32, Option<Gradients>) {
        let weights: Vec<&[f32]> = self.weights.iter().map(Vec::as_slice).collect();
        let x = &self.x[rows.start * D..rows.end * D];
        self.loss
            .compute(&weights, x, &self.targets[rows], gradients)
    }
}

/// Several groups of rows in several rounds, of few logits and of many.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (vocab, rows) in [(7, 1500), (4100, 500)] {
        for tied in [false, true] {
            cases.push(Case::new(vocab, tied, rows));
        }
    }
    cases
}

fn near(found: &[f32], wanted: &[f64], what: &str) {
    let size = wanted.iter().fold(1e-9, |most, x| x.abs().max(most));
    for (found, wanted) in found.iter().zip(wanted) {
        let off = (f64::from(*found) - wanted).abs();
        assert!(off <= 2e-5 * size, "{what}: {found} {wanted}, of {size}");
    }
}

#[test]
fn all_rows_give_the_mean_of_what_parts_of_them_give() {
    for case in cases() {
        let rows = case.targets.len();
        let (nats, all) = case.compute(0..rows, true);
        let (dx, sums) = all.expect("gradients");
        assert_eq!(case.compute(0..rows, false).0, nats);
        // of less than a group each
        let parts: Vec<_> = (0..rows).step_by(60).map(|i| i..rows.min(i + 60)).collect();
        let mut mean = 0.0;
        let mut wanted_dx = Vec::new();
        let mut wanted: Vec<Vec<f64>> = sums.iter().map(|sum| vec![0.0; sum.len()]).collect();
        for part in parts {
            let share = part.len() as f64 / rows as f64;
            let (nats, gradients) = case.compute(part, true);
            let (dx, sums) = gradients.expect("gradients");
            mean += share * f64::from(nats);
            wanted_dx.extend(dx.iter().map(|x| share * f64::from(*x)));
            for (wanted, sum) in wanted.iter_mut().zip(&sums) {
                let sum = sum.iter().map(|x| share * f64::from(*x));
                wanted.iter_mut().zip(sum).for_each(|(to, x)| *to += x);
            }
        }
        near(&[nats], &[mean], "nats");
        near(&dx, &wanted_dx, "dx");
        for (i, (sum, wanted)) in sums.iter().zip(&wanted).enumerate() {
            near(sum, wanted, &format!("input {i}"));
        }
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    for case in cases() {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("threads");
            pool.install(|| case.compute(0..case.targets.len(), true))
        };
        let one = on(1);
        for threads in [2, 3, 8] {
            assert_eq!(on(threads), one);
        }
    }
}
