//! Steps that are not as the others.

use std::fs;

use outcrop_checkpoint::{Audit, AuditOptions, CheckpointSeries, Code, Tensor, audit};

use crate::synthetic::{NAMES, audited, suspects, trained, write};

#[test]
fn tensors_that_are_not_as_in_the_other_steps_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let steps = [10, 20, 30, 40, 50];
    let mut models = trained(&steps, 3);
    models[0][0].data[5] = f32::NAN;
    models[0][1].data[7] = f32::INFINITY;
    models[1].pop();
    models[2].push(Tensor {
        name: "extra".into(),
        shape: vec![1],
        data: vec![2.0],
    });
    models[3][0].shape = vec![16, 24];
    for (step, model) in steps.iter().zip(&models) {
        write(dir.path(), *step, model);
    }
    let halves: Vec<u8> = vec![0x3c; 2 * 24 * 16];
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F16, vec![24, 16], &halves)
        .unwrap();
    fs::create_dir(dir.path().join("step60")).unwrap();
    let names = NAMES.map(|name| (name, view.clone()));
    let rest = [0; 64];
    let rest = [
        ("norm.weight", vec![16]),
        ("ones", vec![4, 4]),
        ("mask", vec![2, 2]),
    ]
    .map(|(name, shape)| {
        let bytes = &rest[..4 * shape.iter().product::<usize>()];
        (
            name,
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, bytes).unwrap(),
        )
    });
    let bytes = safetensors::serialize(names.into_iter().chain(rest), None).unwrap();
    fs::write(dir.path().join("step60/model.safetensors"), bytes).unwrap();
    let audit = audited(dir.path());
    let found: Vec<_> = audit
        .findings
        .iter()
        .map(|f| (f.code, f.steps[0], f.tensors.clone()))
        .collect();
    let two = NAMES[..2].iter().map(|n| n.to_string()).collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            (Code::NonFinite, 10, two.clone()),
            (Code::Shape, 40, vec![two[0].clone()]),
            (Code::MissingTensors, 20, vec!["mask".into()]),
            (Code::Dtype, 60, NAMES.map(String::from).to_vec()),
            (Code::ExtraTensors, 30, vec!["extra".into()]),
        ]
    );
    assert!(
        audit.findings[0]
            .words
            .contains("has 2 values that are infinite or no numbers in 2 tensors")
    );
    assert_eq!(suspects(&audit), [10, 20, 40]);
}

#[test]
fn what_cannot_be_read_is_a_finding_and_the_rest_is_audited() {
    let dir = tempfile::tempdir().unwrap();
    let steps = [10, 20, 30];
    for (step, model) in steps.iter().zip(trained(&steps, 3)) {
        write(dir.path(), *step, &model);
    }
    let file = dir.path().join("step20/model.safetensors");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    fs::create_dir(dir.path().join("old")).unwrap();
    let audit = audited(dir.path());
    assert_eq!(
        audit.findings.iter().map(|f| f.code).collect::<Vec<_>>(),
        [Code::Unreadable, Code::NoCheckpoint]
    );
    assert!(
        audit.findings[0]
            .words
            .starts_with("step 20 failed to read"),
        "{}",
        audit.findings[0].words
    );
    assert_eq!(suspects(&audit), [20]);
    assert_eq!(audit.checkpoints[1].files[0].bytes, bytes.len() as u64 - 1);
}

#[test]
fn an_audit_comes_back_from_json_and_can_spare_the_tensors() {
    let dir = tempfile::tempdir().unwrap();
    for step in [10, 20, 30] {
        write(dir.path(), step, &trained(&[step], 3)[0]);
    }
    fs::copy(
        dir.path().join("step10/model.safetensors"),
        dir.path().join("step20/model.safetensors"),
    )
    .unwrap();
    let mut options = AuditOptions::default();
    (options.tensors, options.jumps) = (false, false);
    let series = CheckpointSeries::open(dir.path()).unwrap();
    let quick = audit(&series, &options);
    assert_eq!(quick.checkpoints[0].tensors[0].sha256, None);
    let text = serde_json::to_string(&quick).unwrap();
    assert!(
        text.contains(r#""code":"identical-steps""#)
            && quick.findings[0].code.to_string() == "identical-steps"
    );
    assert_eq!(serde_json::from_str::<Audit>(&text).unwrap(), quick);
}
