//! Bad input is named with file and field, and costs nothing that was measured.

use std::fs;
use std::path::Path;

use outcrop::arch::{ArchSpec, Position};

use crate::common::text;
use crate::small::{Noise, STEPS, arch, fresh, measure, rows, series, succeeded, write};

/// Spoils step 8 of a series; it is named with all `parts`, and every other step is measured.
#[track_caller]
fn spoiled(spoil: impl FnOnce(&Path), parts: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    spoil(&of.join("step8"));
    let output = measure(&of, &out, &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let line = said
        .lines()
        .find(|l| l.starts_with("error: step 8: failed to "))
        .unwrap_or(&said);
    for part in parts {
        assert!(line.contains(part), "says nothing of {part}: {said}");
    }
    assert!(said.contains("1 of 8 checkpoints"), "{said}");
    let mut steps: Vec<u64> = rows(&out).iter().map(|r| r.step).collect();
    steps.dedup();
    assert_eq!(
        steps,
        STEPS.into_iter().filter(|s| *s != 8).collect::<Vec<_>>()
    );
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

/// Replaces text in the header of a safetensors file by text of the same length.
fn in_header(folder: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    change(&folder.join("model.safetensors"), |bytes| {
        let at = bytes
            .windows(from.len())
            .position(|w| w == from.as_bytes())
            .unwrap();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    });
}

#[test]
fn damaged_weights() {
    let weights = "step8/model.safetensors";
    let file = |folder: &Path| folder.join("model.safetensors");
    spoiled(
        |f| change(&file(f), |b| b.truncate(b.len() - 100)),
        &[weights],
    );
    spoiled(|f| change(&file(f), |b| b.truncate(5)), &[weights]);
    spoiled(
        |f| {
            change(&file(f), |b| {
                b[..8].copy_from_slice(&(1u64 << 40).to_le_bytes())
            })
        },
        &[weights, "header"],
    );
    spoiled(|f| fs::remove_file(file(f)).unwrap(), &["step8"]);
    spoiled(|f| in_header(f, "\"F32\"", "\"I32\""), &[weights, "I32"]);
    spoiled(
        |f| in_header(f, "data_offsets\":[0,", "data_offsets\":[4,"),
        &[weights],
    );
    spoiled(
        |f| in_header(f, "final_layer_norm.bias", "final_layer_norm.bios"),
        &["final_layer_norm.bias", "missing"],
    );
}

#[test]
fn an_index_that_names_a_missing_shard() {
    let spoil = |folder: &Path| {
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        let index =
            r#"{"weight_map": {"gpt_neox.embed_in.weight": "model-00001-of-00002.safetensors"}}"#;
        fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
    };
    spoiled(spoil, &["step8", "model-00001-of-00002.safetensors"]);
}

#[test]
fn a_pickle_that_wants_to_run() {
    let spoil = |folder: &Path| {
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        let evil = Path::new(env!("CARGO_MANIFEST_DIR"));
        let evil = evil.join("../outcrop-checkpoint/tests/fixtures/torch/hostile_system.bin");
        fs::copy(evil, folder.join("pytorch_model.bin")).unwrap();
    };
    spoiled(spoil, &["pytorch_model.bin", "asks to call"]);
}

#[test]
fn configs_that_say_something_else() {
    let config = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let path = folder.join("config.json");
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{text}");
            fs::write(path, text.replace(from, to)).unwrap();
        }
    };
    spoiled(
        config("\"gelu\"", "\"swish7\""),
        &["step8/config.json", "hidden_act", "swish7"],
    );
    spoiled(
        config("\"hidden_dropout\"", "\"hidden_shift\""),
        &["step8/config.json", "hidden_shift"],
    );
    spoiled(
        config(
            "\"use_parallel_residual\":true",
            "\"use_parallel_residual\":false",
        ),
        &["step8", "another architecture", "residual"],
    );
    let deeper = |folder: &Path| {
        let arch = ArchSpec {
            layers: 3,
            ..arch()
        };
        let model = fresh(&arch, &mut Noise(5));
        write(folder.parent().unwrap(), 8, &arch, &model);
    };
    spoiled(deeper, &["step8", "`layers` is 3, not 2"]);
}

/// NaN weights can be measured: they are counted, placed, marked and left out of fits.
#[test]
fn weights_that_are_not_finite() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    let mut model = fresh(&arch(), &mut Noise(9));
    let bias = model
        .iter_mut()
        .find(|t| t.name.ends_with("1.mlp.dense_4h_to_h.bias"));
    bias.unwrap().data[5] = f32::NAN;
    write(&of, 8, &arch(), &model);
    let output = measure(&of, &out, &[]);
    succeeded(&output);
    let said = text(&output.stderr);
    assert!(
        said.contains("step 8, layer 2, sequence 0: 16 of 512 scalars are not finite"),
        "{said}"
    );
    assert!(said.contains("position 0, channel 5"), "{said}");
    let rows = rows(&out);
    let of_step: Vec<_> = rows.iter().filter(|r| r.step == 8).collect();
    assert!(of_step.iter().all(|r| {
        r.suspect
            .as_deref()
            .is_some_and(|s| s.contains("non-finite"))
    }));
    assert!(
        of_step
            .iter()
            .all(|r| (r.stats.non_finite > 0) == (r.layer == 2))
    );
    // who wants no audit has the rows marked that show it themselves
    let bare = dir.path().join("bare");
    let output = measure(&of, &bare, &["--no-audit", "--quiet"]);
    succeeded(&output);
    let said = text(&output.stderr);
    assert!(said.contains("warning: step 8, layer 2"), "{said}");
    for row in self::rows(&bare) {
        let marked = row.suspect.as_deref() == Some("non-finite");
        assert_eq!(
            marked,
            row.stats.non_finite > 0,
            "step {}, layer {}",
            row.step,
            row.layer
        );
    }
}

#[test]
fn tokens_that_the_model_cannot_take() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    let ids = dir.path().join("ids.u32");
    let words: Vec<u8> = (0..48u32)
        .flat_map(|i| (if i == 20 { 61 } else { i }).to_le_bytes())
        .collect();
    fs::write(&ids, words).unwrap();
    let output = measure(&of, &out, &["--tokens", ids.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for part in ["sequence 1", "position 4", "61"] {
        assert!(said.contains(part), "{said}");
    }

    let learned = ArchSpec {
        position: Position::Learned,
        context: 16,
        ..arch()
    };
    let model = fresh(&learned, &mut Noise(3));
    let alone = write(dir.path(), 0, &learned, &model);
    let output = measure(&alone, &dir.path().join("out2"), &["--length", "17"]);
    let said = text(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(2),
        "a length given twice: {said}"
    );
    let args = [
        "measure",
        alone.to_str().unwrap(),
        "--length",
        "17",
        "--windows",
        "1",
        "--out",
    ];
    let out = dir.path().join("out3").display().to_string();
    let output = crate::small::run(&[&args[..], &[&out]].concat());
    let said = text(&output.stderr);
    assert!(said.contains("17 tokens") && said.contains("16"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

/// A folder with anything else in it is left alone.
#[test]
fn folders_that_are_not_ours() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("precious"));
    series(&of);
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.tex"), "years of work").unwrap();
    let output = measure(&of, &out, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("precious") && said.contains("--out"),
        "{said}"
    );
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    let nothing = dir.path().join("nothing");
    let output = measure(&nothing, &dir.path().join("x"), &[]);
    assert!(text(&output.stderr).contains("nothing"));
    assert_eq!(output.status.code(), Some(1));
}
