//! Published checkpoints measured by Burn's operations, as `outcrop measure --backend` measures them, against
//! `outcrop-forward`: on flex every family of the list, on the GPU backends that are compiled in and have a device a few.
//! `--nocapture` shows how far they are from each other.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::print_stderr, reason = "tests that show their numbers")]

#[path = "../crates/outcrop-forward/tests/families/case.rs"]
#[expect(dead_code, reason = "other tests use the rest of a case")]
mod case;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outcrop::BackendEngine;
use outcrop::arch::{Activation, ArchSpec, AttentionGate, Experts, OUTCROP, Residual, TensorName};
use outcrop::checkpoint::{CheckpointSeries, Tensor, write_tensors};
use outcrop::core::{Measurement, Top, table};
use outcrop::forward::{Engine, Error, Measured, Published, measure, measure_on};
use outcrop::model::{Backend, ResidualStreams};
use outcrop::series::{CheckpointSource, Folder, SeriesOptions, measure_series};
use outcrop::tokens::Sequences;

use self::case::Case;

/// How far a number on a GPU may be from that of the CPU, relative to it.
const TOLERANCE: f64 = 1e-4;

/// The same on flex, which is the CPU, too.
const ON_FLEX: f64 = 1e-5;

/// What GPUs are tried with, since each compiles its kernels for a minute: grouped heads, learned positions, linear biases,
/// norms of heads, windows and bounds.
const FEW: [&str; 6] = [
    "gpt_neox-parallel",
    "llama-grouped",
    "gpt2-plain",
    "gemma2-plain",
    "mpt-plain",
    "qwen3-plain",
];

fn cases() -> Vec<(String, Case)> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../outcrop-forward/tests/families/cases"
    );
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (
            name,
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap(),
        )
    };
    paths.iter().map(read).collect()
}

/// The backends that can be tried here.
fn gpus() -> Vec<Backend> {
    let gpus = Backend::ALL
        .into_iter()
        .filter(|b| *b != Backend::Flex && b.is_compiled());
    let has_device = |backend: &Backend| match backend.device() {
        Ok(_) => true,
        Err(error) => {
            eprintln!("{backend} was not tested: {error}");
            false
        }
    };
    gpus.filter(has_device).collect()
}

fn on(backend: Backend, model: &Published, ids: &[Vec<u32>]) -> Result<Measured, Error> {
    measure_on(
        &BackendEngine(backend),
        model,
        ids,
        ("m", 3),
        &mut |_, _| {},
    )
}

/// The largest relative difference of two rows; their counts, places and tokens are the same.
fn apart(ours: &Measurement, theirs: &Measurement) -> f64 {
    let of = |row: &Measurement| (row.sequence, row.layer, row.step, row.stats.count);
    assert_eq!(of(ours), of(theirs));
    assert_eq!(ours.stats.non_finite, theirs.stats.non_finite);
    assert_eq!(ours.stats.first_non_finite, theirs.stats.first_non_finite);
    assert_eq!(ours.detail.massive, theirs.detail.massive);
    let mut worst: f64 = 0.0;
    let mut see = |a: Option<f64>, b: Option<f64>| {
        assert_eq!(a.is_some(), b.is_some());
        let (a, b) = (a.unwrap_or(0.0), b.unwrap_or(0.0));
        let distance = (a - b).abs() / b.abs().max(1e-30);
        worst = if distance > worst || distance.is_nan() {
            distance
        } else {
            worst
        };
    };
    let float = |x: Option<f32>| x.map(f64::from);
    let later = |row: &Measurement| row.detail.later.unwrap_or_default();
    let spread = |row: &Measurement| row.detail.spread.unwrap_or_default();
    see(float(ours.stats.median), float(theirs.stats.median));
    see(float(later(ours).median), float(later(theirs).median));
    see(Some(spread(ours).rms), Some(spread(theirs).rms));
    see(spread(ours).kurtosis, spread(theirs).kurtosis);
    see(
        spread(ours).channel_kurtosis,
        spread(theirs).channel_kurtosis,
    );
    let tops = [
        (ours.stats.top, theirs.stats.top),
        (later(ours).top, later(theirs).top),
    ];
    for (ours, theirs) in tops {
        for i in 0..3 {
            see(
                float(ours[i].map(|t| t.magnitude)),
                float(theirs[i].map(|t| t.magnitude)),
            );
            assert!(
                is_close_call(&theirs, i) || ours[i].map(|t| t.place) == theirs[i].map(|t| t.place)
            );
        }
    }
    worst
}

/// Whether another order of the top 3 is within the tolerance.
fn is_close_call(tops: &[Option<Top>; 3], i: usize) -> bool {
    let size = |i: usize| {
        tops.get(i)
            .copied()
            .flatten()
            .map(|top| f64::from(top.magnitude))
    };
    let near = |a: Option<f64>, b: Option<f64>| {
        a.zip(b).is_some_and(|(a, b)| (a - b).abs() < TOLERANCE * a)
    };
    // what the fourth would be is not known
    i == 2 || near(size(i), size(i + 1)) || i > 0 && near(size(i - 1), size(i))
}

/// A backend measures one case as the CPU does.
fn compare(backend: Backend, name: &str, folder: &Path, ids: &[Vec<u32>]) {
    let model = Published::open(folder).unwrap();
    let ours = on(backend, &model, ids).unwrap();
    let theirs = measure(&model, ids, ("m", 3), false, &mut |_, _| {}).unwrap();
    assert_eq!(ours.rows.len(), theirs.rows.len(), "{name}");
    let rows = ours.rows.iter().zip(&theirs.rows);
    let worst = rows
        .map(|(ours, theirs)| apart(ours, theirs))
        .fold(0.0, f64::max);
    eprintln!("{backend}, {name}: {worst:.1e}");
    let most = if backend == Backend::Flex {
        ON_FLEX
    } else {
        TOLERANCE
    };
    assert!(worst < most, "{name} on {backend}: {worst}");
}

#[test]
fn families_are_measured_as_on_the_cpu() {
    let mut refused = BTreeSet::new();
    for (name, case) in cases() {
        let folder = tempfile::tempdir().unwrap();
        case.write(folder.path());
        let model = Published::open(folder.path()).unwrap();
        match ResidualStreams::check(model.arch()) {
            Ok(()) => compare(Backend::Flex, &name, folder.path(), &case.ids),
            Err(error) => {
                let said = on(Backend::Flex, &model, &case.ids)
                    .unwrap_err()
                    .to_string();
                assert_eq!(said, error.to_string(), "{name}");
                refused.insert(said);
            }
        }
    }
    let what = ["bidirectional", "patches"];
    let words = refused.iter().map(|said| said.split('`').nth(1).unwrap());
    assert!(
        words.clone().all(|word| what.contains(&word)),
        "{refused:?}"
    );
    assert!(refused.iter().any(|said| said.contains("`patches`")));
}

/// Architectures that no family of transformers has: gates that read a slice each, and experts beside a plain layer.
#[test]
fn architectures_of_our_own_are_measured_as_on_the_cpu() {
    let experts = Experts {
        count: 5,
        chosen: 2,
        width: 7,
        layers: vec![2],
        normalised: true,
        limit: Some(0.4),
        shared: Some(6),
    };
    let gates = ArchSpec {
        attention_gate: AttentionGate::PerHeadSlice,
        attention_gate_init: Some(0.5),
        vocab: 61,
        ..ArchSpec::new(2, 24, 3)
    };
    let mixture = ArchSpec {
        experts: Some(experts),
        activation: Activation::SwiGlu,
        residual: Residual::Sequential,
        vocab: 61,
        ..ArchSpec::new(2, 24, 3)
    };
    for (name, arch) in [("gates of slices", gates), ("experts", mixture)] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &arch);
        let ids = [vec![3, 1, 4, 1, 5, 9, 2, 6, 5], vec![22, 7, 18, 2]];
        compare(Backend::Flex, name, folder.path(), &ids);
    }
}

/// A checkpoint of our own names with random weights.
fn write(folder: &Path, arch: &ArchSpec) {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let tensors = OUTCROP.tensors(arch).unwrap();
    let tensors = tensors.into_iter().filter(|tensor| tensor.required);
    let drawn = |tensor: TensorName| Tensor {
        data: (0..tensor.shape.iter().product()).map(|_| next()).collect(),
        name: tensor.name,
        shape: tensor.shape,
    };
    let tensors: Vec<Tensor> = tensors.map(drawn).collect();
    let path = folder.join("model.safetensors");
    write_tensors(&path, &tensors, &BTreeMap::new()).unwrap();
    let config = arch.to_config().unwrap().to_string();
    std::fs::write(folder.join("config.json"), config).unwrap();
}

#[test]
fn a_gpu_measures_what_the_cpu_measures() {
    for backend in gpus() {
        for (name, case) in cases() {
            if FEW.contains(&name.as_str()) {
                let folder = tempfile::tempdir().unwrap();
                case.write(folder.path());
                compare(backend, &name, folder.path(), &case.ids);
            }
        }
    }
}

/// Numbers that are not finite are counted as on the CPU, in the sequence that has them alone.
#[test]
fn numbers_that_are_not_finite_are_named() {
    let (_, mut case) = cases()
        .into_iter()
        .find(|(name, _)| name == FEW[1])
        .unwrap();
    case.widen("down_proj.weight", 3e38);
    let folder = tempfile::tempdir().unwrap();
    case.write(folder.path());
    let model = Published::open(folder.path()).unwrap();
    let theirs = measure(&model, &case.ids, ("m", 3), false, &mut |_, _| {}).unwrap();
    assert!(theirs.rows.iter().any(|row| row.stats.non_finite > 0));
    for backend in gpus().into_iter().chain([Backend::Flex]) {
        let ours = on(backend, &model, &case.ids).unwrap();
        for (ours, theirs) in ours.rows.iter().zip(&theirs.rows) {
            let found = |row: &Measurement| (row.stats.non_finite > 0, row.stats.top[0].is_some());
            assert_eq!(found(ours), found(theirs), "{backend}");
        }
    }
}

/// A series through an engine: its tables, its provenance, and a folder of the CPU, which is another.
#[test]
fn a_series_is_measured_by_an_engine() {
    let (_, case) = cases()
        .into_iter()
        .find(|(name, _)| name == FEW[0])
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let series = dir.path().join("series");
    for step in ["step0", "step8"] {
        std::fs::create_dir_all(series.join(step)).unwrap();
        case.write(&series.join(step));
    }
    let source = CheckpointSource::Local(CheckpointSeries::open(&series).unwrap());
    let tokens = Sequences::of(case.ids.clone(), None, "those of the case".into());
    let run = |engine: Option<Arc<dyn Engine>>, out: &str| {
        let mut options = SeriesOptions::new("m");
        options.engine = engine;
        let (folder, stop) = (Folder::new(dir.path().join(out)), AtomicBool::new(false));
        measure_series(&source, &tokens, &folder, &options, &stop, &mut |_| {})
    };
    let engine = || -> Option<Arc<dyn Engine>> { Some(Arc::new(BackendEngine(Backend::Flex))) };
    let rows = |out: &str| {
        let path = dir.path().join(out).join("measurements.csv");
        table::measurements(&path).unwrap().rows
    };
    assert_eq!(run(engine(), "ours").unwrap().measured, 2);
    assert_eq!(run(None, "theirs").unwrap().measured, 2);
    assert_eq!(run(engine(), "ours").unwrap().before, 2);
    let pairs = rows("ours").into_iter().zip(rows("theirs"));
    let worst = pairs.map(|(ours, theirs)| apart(&ours, &theirs));
    assert!(worst.fold(0.0, f64::max) < ON_FLEX);
    assert_eq!(rows("ours").len(), 2 * 2 * case.ids.len());
    let provenance = std::fs::read_to_string(dir.path().join("ours/provenance.json")).unwrap();
    assert!(provenance.contains("\"flex, f32\""), "{provenance}");
    let error = run(None, "ours").unwrap_err().to_string();
    assert!(error.contains("another setting of --backend"), "{error}");
}

/// What `outcrop measure` says of a folder that is not there.
fn refused(backend: &str, flags: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
    command.args(["measure", "no-such-folder", "--backend", backend]);
    let output = command.args(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// Everything that only the CPU computes is refused by name, before a file is looked for.
#[test]
fn flags_of_the_cpu_are_refused() {
    let flags: [&[&str]; 5] = [
        &["--sinks"],
        &["--observe", "tails"],
        &["--set-zero"],
        &["--set-mean"],
        &["--figures"],
    ];
    for flag in flags {
        let said = refused("wgpu", flag);
        assert!(
            said.contains(&format!("{} ", flag[0])) && said.contains("--backend"),
            "{said}"
        );
    }
    assert!(refused("tpu", &[]).contains("there is no such backend"));
}
