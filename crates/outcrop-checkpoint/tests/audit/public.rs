//! Faults of the kinds that public runs have.

use std::fs;

use outcrop_checkpoint::{AuditOptions, Auditor, CheckpointSeries, Code, KnownFault};
use proptest::prelude::*;

use crate::synthetic::{Noise, audited, model, of, suspects, trained, walk, write};

/// As pythia-160m-weight-seed1 (pythia issue 203): from step 1 on the run is that of another initialisation.
#[test]
fn a_step_0_of_another_run_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let steps = [0, 1, 2, 4, 8];
    for (step, model) in steps.iter().zip(trained(&steps, 1)) {
        write(dir.path(), *step, &model);
    }
    assert_eq!(of(&audited(dir.path()), Code::NotDescended).len(), 0);
    write(dir.path(), 0, &model(&mut Noise(99)));
    let audit = audited(dir.path());
    let found = of(&audit, Code::NotDescended);
    assert_eq!((found.len(), found[0].steps.as_slice()), (1, &[0, 1][..]));
    assert!(found[0].words.contains("embed_in"), "{}", found[0].words);
    assert_eq!(suspects(&audit), [0]);
    // from step 32 on a high learning rate may have turned the weights as far
    for step in [1, 2, 4, 8] {
        let name = |step: u64| dir.path().join(format!("step{step}"));
        fs::rename(name(step), name(32 * step)).unwrap();
    }
    assert_eq!(of(&audited(dir.path()), Code::NotDescended).len(), 0);
}

/// As all models of Pythia (issues 83 and 198): a first learning rate of 0, and updates that f16 loses.
#[test]
fn first_steps_that_are_step_0_are_one_finding() {
    let dir = tempfile::tempdir().unwrap();
    let mut noise = Noise(3);
    let first = model(&mut noise);
    for step in [0, 1, 2] {
        write(dir.path(), step, &first);
    }
    let mut next = first;
    for step in [4, 8] {
        next = walk(&next, 0.05, &mut noise);
        write(dir.path(), step, &next);
    }
    let audit = audited(dir.path());
    let found = of(&audit, Code::InitialSteps);
    assert_eq!(
        (found.len(), found[0].steps.as_slice()),
        (1, &[0, 1, 2][..])
    );
    assert!(
        found[0]
            .words
            .starts_with("steps 1, 2 have the weights of step 0")
    );
    assert_eq!(suspects(&audit), [1, 2]);
    assert_eq!(of(&audit, Code::IdenticalSteps).len(), 0);
}

/// As pythia-410m-seed9 at step 40000 (issue 202), known and not.
#[test]
fn a_step_without_weights_is_a_finding_and_known_faults_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let steps = [0, 1, 40_000];
    for (step, model) in steps.iter().zip(trained(&steps, 5)) {
        write(dir.path(), *step, &model);
    }
    fs::remove_file(dir.path().join("step40000/model.safetensors")).unwrap();
    let audit = audited(dir.path());
    let found = of(&audit, Code::NoWeights);
    assert_eq!((found.len(), found[0].steps.as_slice()), (1, &[40_000][..]));
    let series = CheckpointSeries::open(dir.path()).unwrap();
    let fault = |steps: &[u64]| -> KnownFault {
        serde_json::from_value(serde_json::json!({
            "of": ["a/b"], "steps": steps, "suspect": true, "what": "no weights", "source": "issue 202",
        }))
        .unwrap()
    };
    let faults = vec![fault(&[40_000]), fault(&[7]), fault(&[])];
    let auditor = Auditor::new(&AuditOptions::default()).with_known(faults);
    let audit = auditor.finish(&series);
    let words: Vec<&str> = of(&audit, Code::KnownFault)
        .iter()
        .map(|f| f.words.as_str())
        .collect();
    let expected = [
        "known of step 40000: no weights (issue 202)",
        "known of the run: no weights (issue 202)",
    ];
    assert_eq!(words, expected);
    assert_eq!(suspects(&audit), [40_000]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Independent initialisations are told from a run that goes on, whatever the seeds.
    #[test]
    fn independence_is_told_from_descent(seed in 0u64..1 << 40, step in 1u64..=16) {
        let dir = tempfile::tempdir().unwrap();
        let mut noise = Noise(seed);
        let first = model(&mut noise);
        write(dir.path(), 0, &first);
        write(dir.path(), step, &walk(&first, 0.5, &mut noise));
        prop_assert_eq!(of(&audited(dir.path()), Code::NotDescended).len(), 0);
        write(dir.path(), step, &model(&mut noise));
        prop_assert_eq!(of(&audited(dir.path()), Code::NotDescended).len(), 1);
    }
}
