//! Series that are wrong in the ways in which published ones are.

use outcrop_checkpoint::{Code, Finding, Tensor};

use crate::synthetic::{NAMES, audited, of, pythia, suspects, trained, write, write_shards};

/// 76 branches of Pythia 2.8B are `main`, ten more share a second file.
#[test]
fn the_branches_of_pythia_2_8b_are_found() {
    let steps = pythia(143_000);
    let later = [55, 60, 65, 70, 80, 90, 100, 103, 110, 120, 130, 140].map(|k| 1000 * k);
    let second = [54, 56, 57, 58, 59, 61, 62, 63, 64, 143].map(|k| 1000 * k);
    let of_main = |step: u64| step <= 53_000 || later.contains(&step);
    let models = trained(&steps, 7);
    let dir = tempfile::tempdir().unwrap();
    for (i, &step) in steps.iter().enumerate() {
        let shown = match (of_main(step), second.contains(&step)) {
            (true, _) => 150,
            (_, true) => 153,
            _ => i,
        };
        write(dir.path(), step, &models[shown]);
    }
    let audit = audited(dir.path());
    let groups = of(&audit, Code::IdenticalSteps);
    assert_eq!(
        groups.iter().map(|f| f.steps.len()).collect::<Vec<_>>(),
        [76, 10]
    );
    assert!(
        groups[0].words.contains("76 steps") && groups[0].words.contains("0, 1, 2, 4 and 72 more")
    );
    assert_eq!(groups[1].steps, second);
    let expected: Vec<u64> = steps
        .iter()
        .copied()
        .filter(|s| of_main(*s) || second[..9].contains(s))
        .collect();
    assert_eq!((suspects(&audit), expected.len()), (expected, 85));
    assert_eq!(audit.findings.len(), 2, "{:?}", audit.findings);
}

/// step50000 and step58000 of Pythia 12B serve the first shard of the final weights.
#[test]
fn the_shards_of_pythia_12b_are_found() {
    let steps: Vec<u64> = (45..=62).chain([143]).map(|k| 1000 * k).collect();
    let models = trained(&steps, 8);
    let dir = tempfile::tempdir().unwrap();
    for (step, model) in steps.iter().zip(&models) {
        let wrong = [50_000, 58_000].contains(step);
        let first = if wrong { models.last().unwrap() } else { model };
        write_shards(dir.path(), *step, &first[..2], &model[2..]);
    }
    let audit = audited(dir.path());
    assert_eq!(audit.findings.len(), 1, "{:?}", audit.findings);
    let finding = of(&audit, Code::SharedFile)[0];
    assert_eq!(finding.steps, [50_000, 58_000, 143_000]);
    assert_eq!(
        (finding.file.as_deref(), suspects(&audit)),
        (Some("a.safetensors"), vec![50_000, 58_000])
    );
    assert!(
        finding.words.contains("taken to be those of step 143000"),
        "{}",
        finding.words
    );
}

#[test]
fn a_wrong_shard_that_was_saved_anew_is_found_by_its_tensors() {
    let steps: Vec<u64> = (1..=9).map(|k| 1000 * k).collect();
    let models = trained(&steps, 9);
    let dir = tempfile::tempdir().unwrap();
    for (step, model) in steps.iter().zip(&models) {
        let first = if *step == 5000 { &models[8] } else { model };
        let (mut first, mut second) = (first[..2].to_vec(), model[2..].to_vec());
        first.push(Tensor {
            name: "time".into(),
            shape: vec![1],
            data: vec![*step as f32],
        });
        second.push(Tensor {
            name: "date".into(),
            shape: vec![1],
            data: vec![*step as f32],
        });
        write_shards(dir.path(), *step, &first, &second);
    }
    let audit = audited(dir.path());
    let finding = of(&audit, Code::SharedTensors)[0];
    assert_eq!(
        (&*finding.steps, &*finding.tensors),
        (
            &[5000, 9000][..],
            &[NAMES[0].to_string(), NAMES[1].to_string()][..]
        )
    );
    assert_eq!(suspects(&audit), [5000]);
}

#[test]
fn step_0_and_step_1_alike_are_a_kind_of_their_own() {
    let steps = pythia(3000);
    let mut models = trained(&steps, 1);
    models[1] = models[0].clone();
    let dir = tempfile::tempdir().unwrap();
    for (step, model) in steps.iter().zip(&models) {
        write(dir.path(), *step, model);
    }
    let audit = audited(dir.path());
    assert_eq!(
        audit.findings.iter().map(|f| f.code).collect::<Vec<_>>(),
        [Code::InitialSteps]
    );
    assert_eq!(suspects(&audit), [1]);
}

#[test]
fn missing_steps_of_the_schedule_are_told_and_of_another_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let steps = pythia(6000);
    for (step, model) in steps.iter().zip(trained(&steps, 2)) {
        if ![8, 4000].contains(step) {
            write(dir.path(), *step, &model);
        }
    }
    let audit = audited(dir.path());
    let missing = of(&audit, Code::MissingSteps);
    assert_eq!(
        (missing[0].steps.as_slice(), suspects(&audit)),
        (&[8, 4000][..], vec![])
    );
    assert!(
        missing[0].words.contains("2 of the 17 steps"),
        "{}",
        missing[0].words
    );
    write(dir.path(), 3, &trained(&[3], 2)[0]);
    assert_eq!(
        of(&audited(dir.path()), Code::MissingSteps),
        [] as [&Finding; 0]
    );
}
