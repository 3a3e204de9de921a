//! What DeepSpeed itself saves: `fixtures/named/export_deepspeed.py` ran it, and wrote what its model had in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use outcrop_checkpoint::{CheckpointSeries, Weights};

fn named(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/named")
        .join(name)
}

/// The hash of each tensor of each checkpoint of each run.
type Told = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

fn told() -> Told {
    let text = fs::read_to_string(named("deepspeed.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn weights_are_those_that_the_model_had() {
    let told = told();
    for (run, dtype) in [("deepspeed_zero1", "F32"), ("deepspeed_zero2", "BF16")] {
        let steps = &told[run];
        let series = CheckpointSeries::open(&named(run)).unwrap();
        assert_eq!(series.entries.len(), steps.len(), "{run}");
        for (entry, number) in series.entries.iter().zip(1..) {
            assert_eq!(entry.step, Some(number), "{run}");
            let tensors = &steps[&format!("global_step{number}")];
            let weights = Weights::open(&entry.folder).unwrap();
            assert_eq!(
                weights.names().collect::<Vec<_>>(),
                tensors.keys().collect::<Vec<_>>()
            );
            for (name, sha256) in tensors {
                assert_eq!(&weights.sha256(name).unwrap(), sha256, "{run}: {name}");
                assert_eq!(weights.get(name).unwrap().dtype.to_string(), dtype);
            }
            let (step, who) = weights.step().unwrap();
            assert_eq!((step, who), (number, "`global_steps` in the file"));
        }
    }
}

/// ZeRO-3 cuts tensors into flat pieces.
#[test]
fn zero3_is_refused_with_the_way_out() {
    assert!(
        told()
            .get("deepspeed_zero3")
            .is_some_and(BTreeMap::is_empty)
    );
    for place in ["deepspeed_zero3", "deepspeed_zero3/global_step1"] {
        let error = CheckpointSeries::open(&named(place))
            .unwrap_err()
            .to_string();
        assert!(error.contains("shards of DeepSpeed (ZeRO)"), "{error}");
        assert!(error.contains("zero_to_fp32.py DIR NEW"), "{error}");
    }
}
