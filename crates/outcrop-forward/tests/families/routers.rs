//! What routers do with tokens, against `output_router_logits` of transformers; and files whose experts are not right.

use std::path::Path;

use outcrop_forward::{Hook, Published, Routing, forward};

use crate::case::Case;
use crate::transformers::cases;

/// Sums of what routers did, by layer and expert.
#[derive(Default)]
struct Seen(Vec<(usize, Vec<usize>, Vec<f64>)>);

impl Hook for Seen {
    fn residual(&mut self, _: usize, _: usize, _: &mut [f32]) {}

    fn routing(&mut self, layer: usize, _: usize, routing: &Routing<'_>) {
        if self.0.last().is_none_or(|(last, ..)| *last != layer) {
            let count = routing.experts();
            self.0.push((layer, vec![0; count], vec![0.0; count]));
        }
        let (_, counts, sums) = self.0.last_mut().unwrap();
        (routing.choices().iter()).for_each(|expert| counts[*expert as usize] += 1);
        for row in routing.probabilities().chunks(routing.experts()) {
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, p)| *sum += f64::from(*p));
        }
    }
}

#[test]
fn routers_choose_the_experts_that_they_choose_in_transformers() {
    let mut models = Vec::new();
    for (name, case) in cases() {
        let folder = tempfile::tempdir().unwrap();
        case.write(folder.path());
        let model = Published::open(folder.path()).unwrap();
        let mut seen = Seen::default();
        forward(&model, &case.ids, &mut seen).unwrap();
        assert_eq!(seen.0.len(), case.routers.len(), "{name}");
        let tokens: usize = case.ids.iter().map(Vec::len).sum();
        for ((layer, counts, sums), router) in seen.0.iter().zip(&case.routers) {
            assert_eq!((*layer, counts), (router.layer, &router.counts), "{name}");
            for (sum, expected) in sums.iter().zip(&router.probabilities) {
                let mean = sum / tokens as f64;
                assert!(
                    (mean - expected).abs() < 1e-5,
                    "{name}: {mean}, not {expected}"
                );
            }
            models.push(case.model_type().to_owned());
        }
    }
    models.dedup();
    assert!(models.len() >= 4, "{models:?}");
}

/// The message about a model after a change of its tensors.
fn refused(case: &mut Case, folder: &Path) -> String {
    case.write(folder);
    Published::open(folder).unwrap_err().to_string()
}

#[test]
fn an_expert_that_is_missing_or_has_another_shape_is_named() {
    let all = cases();
    let named = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/families/cases");
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        serde_json::from_str::<Case>(&text).unwrap()
    };
    assert!(all.iter().any(|(name, _)| name == "mixtral-plain"));
    for (name, tensor) in [
        (
            "mixtral-plain",
            "model.layers.1.block_sparse_moe.experts.3.w2.weight",
        ),
        (
            "qwen2_moe-plain",
            "model.layers.0.mlp.experts.4.up_proj.weight",
        ),
        (
            "qwen2_moe-plain",
            "model.layers.0.mlp.shared_expert_gate.weight",
        ),
        ("olmoe-stacked", "model.layers.0.mlp.experts.gate_up_proj"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut case = named(name);
        case.reshape(tensor);
        let error = refused(&mut case, folder.path());
        assert!(error.contains(&format!("`{tensor}` has shape")), "{error}");
        case.remove(tensor);
        let error = refused(&mut case, folder.path());
        assert!(
            error.contains("missing") && error.contains(tensor),
            "{error}"
        );
    }
}
