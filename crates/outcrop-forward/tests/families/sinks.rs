//! Attention with sink logits, whose weights add up to less than 1, against the attention weights of transformers.

use outcrop_forward::{AttentionWeights, Hook, Published, forward};
use outcrop_measure::received;

use crate::transformers::cases;

/// The attention that the first position of the first sequence receives, by layer and head.
#[derive(Default)]
struct First(Vec<Vec<f64>>);

impl Hook for First {
    fn residual(&mut self, _: usize, _: usize, _: &mut [f32]) {}

    fn attention(&mut self, _: usize, sequence: usize, attention: &AttentionWeights<'_>) {
        if sequence > 0 {
            return;
        }
        let mut weights = Vec::new();
        let of = |head: usize| {
            attention.weights(head, &mut weights);
            received(&weights, attention.tokens())[0]
        };
        self.0.push((0..attention.heads()).map(of).collect());
    }
}

#[test]
fn the_first_position_receives_what_it_receives_in_transformers() {
    let mut compared = 0;
    for (name, case) in cases().iter().filter(|(_, case)| !case.sinks.is_empty()) {
        let folder = tempfile::tempdir().unwrap();
        case.write(folder.path());
        let model = Published::open(folder.path()).unwrap();
        let mut first = First::default();
        forward(&model, &case.ids, &mut first).unwrap();
        let (ours, theirs) = (first.0.concat(), case.sinks.concat());
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() < 1e-5, "{name}: {ours}, not {theirs}");
        }
        compared += 1;
    }
    assert!(compared >= 4);
}
