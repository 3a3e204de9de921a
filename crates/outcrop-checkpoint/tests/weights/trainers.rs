//! Checkpoints as training programs leave them: `fixtures/torch/trainers.py` wrote them.

use outcrop_checkpoint::Weights;

use crate::{fixture, read, refusal};

fn trainers(name: &str) -> std::path::PathBuf {
    fixture(&format!("trainers/{name}.bin"))
}

#[test]
fn the_model_is_found_among_what_trainers_put_beside_it() {
    for name in [
        "parameters",
        "classes",
        "classes4",
        "classes5",
        "optimizer",
        "named_optimizer",
        "nested",
        "odd_beside",
        "quantised_beside",
        "ema_beside",
        "ema_alone",
        "loss_tensor_beside",
        "twice_the_same",
        "legacy",
        "attributes",
        "integer_keys",
    ] {
        let weights = Weights::open(&trainers(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let names: Vec<_> = weights.names().collect();
        assert_eq!(
            names,
            ["0.bias", "0.weight", "1.bias", "1.weight"],
            "{name}"
        );
        assert_eq!(
            read(&weights, "0.weight"),
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            "{name}"
        );
        assert_eq!(read(&weights, "0.bias"), [10.0, 11.0, 12.0], "{name}");
        assert_eq!(read(&weights, "1.bias"), [30.0, 31.0], "{name}");
    }
}

#[test]
fn a_model_in_an_unusual_place_is_said() {
    for (name, notes) in [
        ("optimizer", "the weights are those under `net` in the file"),
        (
            "nested",
            "the weights are those under `state.model` in the file",
        ),
        (
            "ema_beside",
            "the weights are those under `model` in the file; the matrices under `model_ema` are left \
             out",
        ),
        ("ema_alone", "the weights are those under `ema` in the file"),
        ("classes", ""),
        ("twice_the_same", ""),
        (
            "legacy",
            "the weights are those under `model` in the file; the matrices on top are left out",
        ),
    ] {
        let weights = Weights::open(&trainers(name)).unwrap();
        assert_eq!(weights.notes().join("; "), notes, "{name}");
    }
}

#[test]
fn elements_that_overlap_are_read_where_they_are_few() {
    let weights = Weights::open(&trainers("small_expanded")).unwrap();
    assert_eq!(read(&weights, "0.bias"), [7.0; 3]);
}

/// A shard may have vectors alone; by itself such a file is no model.
#[test]
fn a_shard_of_vectors_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (from, to) in [("vectors", "1.bin"), ("parameters", "2.bin")] {
        std::fs::copy(trainers(from), at(to)).unwrap();
    }
    let map = r#"{"weight_map": {"0.bias": "1.bin", "0.weight": "2.bin"}}"#;
    std::fs::write(at("pytorch_model.bin.index.json"), map).unwrap();
    let weights = Weights::open(dir.path()).unwrap();
    assert_eq!(read(&weights, "0.bias"), [10.0, 11.0, 12.0]);
    assert!(refusal(&trainers("vectors")).contains("no state dict of a model"));
}

#[test]
fn what_is_no_model_or_several_is_refused_by_name() {
    for (name, parts) in [
        (
            "no_optimizer",
            &["no state dict of a model", "`state`, `param_groups`"][..],
        ),
        (
            "no_named_optimizer",
            &["no state dict of a model", "`state`, `param_groups`"],
        ),
        (
            "no_scheduler",
            &[
                "no state dict of a model",
                "`base_lrs`, `last_epoch`, `scale`",
            ],
        ),
        ("no_scalar", &["on top is a single tensor"]),
        ("no_rng", &["a dict of `cpu`, `python`"]),
        ("no_shard", &["a dict of `module`, `fp32`"]),
        (
            "no_two",
            &[
                "under `generator`, under `discriminator`",
                "torch.load(PATH)[\"generator\"]",
            ],
        ),
        ("no_two_more", &["under `model`, under `lora`"]),
    ] {
        let error = refusal(&trainers(name));
        for part in parts {
            assert!(error.contains(part), "{name}: {error}");
        }
    }
}
