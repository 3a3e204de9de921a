//! Audits of small series that are wrong in the ways in which published ones are.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use outcrop_checkpoint::{
    Audit, AuditOptions, CheckpointSeries, Code, Finding, Tensor, audit, write_tensors,
};

/// Standard normal enough: the sum of twelve uniforms (splitmix64).
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f32 / u64::MAX as f32
    }

    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

const NAMES: [&str; 4] = [
    "gpt_neox.embed_in.weight",
    "gpt_neox.layers.0.attention.dense.weight",
    "gpt_neox.layers.1.attention.dense.weight",
    "gpt_neox.layers.2.attention.dense.weight",
];

type Model = Vec<Tensor>;

fn model(noise: &mut Noise) -> Model {
    let matrix = |name: &&str| Tensor {
        name: name.to_string(),
        shape: vec![24, 16],
        data: (0..24 * 16).map(|_| noise.normal()).collect(),
    };
    let mut model: Model = NAMES.iter().map(matrix).collect();
    // As a fresh layer norm and a buffer: the same in every step, and no reason for suspicion.
    for (name, shape) in [
        ("norm.weight", vec![16]),
        ("ones", vec![4, 4]),
        ("mask", vec![2, 2]),
    ] {
        let n = shape.iter().product();
        let data = (0..n)
            .map(|i| if name == "mask" { i as f32 } else { 1.0 })
            .collect();
        model.push(Tensor {
            name: name.into(),
            shape,
            data,
        });
    }
    model
}

/// The matrices take one step of a random walk.
fn walk(model: &Model, size: f32, noise: &mut Noise) -> Model {
    let mut next = model.clone();
    for tensor in next.iter_mut().take(NAMES.len()) {
        tensor
            .data
            .iter_mut()
            .for_each(|v| *v += size * noise.normal());
    }
    next
}

fn write(dir: &Path, step: u64, model: &[Tensor]) {
    let folder = dir.join(format!("step{step}"));
    fs::create_dir_all(&folder).unwrap();
    write_tensors(&folder.join("model.safetensors"), model, &BTreeMap::new()).unwrap();
}

/// As two shards, the first two tensors in one and the rest in the other.
fn write_shards(dir: &Path, step: u64, first: &[Tensor], second: &[Tensor]) {
    let folder = dir.join(format!("step{step}"));
    fs::create_dir_all(&folder).unwrap();
    let mut map = serde_json::Map::new();
    for (file, tensors) in [("a.safetensors", first), ("b.safetensors", second)] {
        write_tensors(&folder.join(file), tensors, &BTreeMap::new()).unwrap();
        map.extend(tensors.iter().map(|t| (t.name.clone(), file.into())));
    }
    let index = serde_json::json!({ "weight_map": map }).to_string();
    fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
}

fn audited(dir: &Path) -> Audit {
    audit(
        &CheckpointSeries::open(dir).unwrap(),
        &AuditOptions::default(),
    )
}

fn of(audit: &Audit, code: Code) -> Vec<&Finding> {
    audit.findings.iter().filter(|f| f.code == code).collect()
}

fn suspects(audit: &Audit) -> Vec<u64> {
    audit.suspect_steps().into_iter().collect()
}

/// Pythia's steps up to the last.
fn pythia(last: u64) -> Vec<u64> {
    let powers = std::iter::once(0).chain((0..10).map(|p| 1 << p));
    powers.chain((1..=last / 1000).map(|k| 1000 * k)).collect()
}

/// As training moves weights: towards where they end, fast in the middle of log(step), with noise.
fn trained(steps: &[u64], seed: u64) -> Vec<Model> {
    let mut noise = Noise(seed);
    let (start, end) = (model(&mut noise), model(&mut noise));
    let mut drift = start.clone();
    let mut last = 0.0;
    steps
        .iter()
        .map(|&step| {
            let way = 1.0 / (1.0 + (1000.0 / (step as f32 + 0.1)).powf(1.2));
            drift = walk(&drift, 0.3 * (way - last), &mut noise);
            last = way;
            let mut now = drift.clone();
            for ((now, start), end) in now.iter_mut().zip(&start).zip(&end) {
                for (i, v) in now.data.iter_mut().enumerate() {
                    *v += way * (end.data[i] - start.data[i]);
                }
            }
            now
        })
        .collect()
}

#[test]
fn an_honest_series_on_pythias_schedule_has_no_finding() {
    for seed in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let steps = pythia(20_000);
        for (step, model) in steps.iter().zip(trained(&steps, seed)) {
            write(dir.path(), *step, &model);
        }
        assert_eq!(audited(dir.path()).findings, []);
    }
}

#[test]
fn walks_that_stand_still_or_wander_have_no_jump() {
    for (seed, pull) in [(1, 0.0), (2, 0.0), (3, 0.5), (4, 1.0)] {
        let mut noise = Noise(seed);
        let start = model(&mut noise);
        let mut now = start.clone();
        let dir = tempfile::tempdir().unwrap();
        for step in 0..20 {
            now = walk(&now, 0.1, &mut noise);
            for (now, start) in now.iter_mut().zip(&start) {
                let both = now.data.iter_mut().zip(&start.data);
                both.for_each(|(v, s)| *v += pull * (s - *v) * 0.9);
            }
            write(dir.path(), 100 * step, &now);
        }
        assert_eq!(audited(dir.path()).findings, [], "pull {pull}");
    }
}

#[test]
fn a_step_with_the_weights_of_elsewhere_is_a_jump_and_its_neighbours_are_not() {
    for seed in 0..5 {
        let mut noise = Noise(seed);
        let mut models = vec![model(&mut noise)];
        for _ in 1..30 {
            models.push(walk(models.last().unwrap(), 0.1, &mut noise));
        }
        // Close to the weights of another step, and not to the byte.
        models[10] = walk(&models[22], 0.02, &mut noise);
        let dir = tempfile::tempdir().unwrap();
        for (i, model) in models.iter().enumerate() {
            write(dir.path(), 1000 * i as u64, model);
        }
        let audit = audited(dir.path());
        let codes: Vec<_> = audit
            .findings
            .iter()
            .map(|f| (f.code, f.steps.clone()))
            .collect();
        assert_eq!(codes, [(Code::Jump, vec![10_000])]);
        assert!(
            audit.findings[0].words.contains("from step 9000"),
            "{}",
            audit.findings[0].words
        );
        assert_eq!(suspects(&audit), [10_000]);
    }
}

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
