//! Weights as wrappers, training programs and Git LFS leave them.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop::checkpoint::Tensor;

use crate::common::text;
use crate::small::{Noise, arch, fresh, measure, rows, run, succeeded, write};

fn model() -> Vec<Tensor> {
    fresh(&arch(), &mut Noise(7))
}

fn torch_fixture(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../outcrop-checkpoint/tests/fixtures/torch")
        .join(name)
}

/// A folder of one step whose tensors are called otherwise.
fn renamed(dir: &Path, rename: impl Fn(&str) -> String) -> PathBuf {
    let mut model = model();
    model.iter_mut().for_each(|t| t.name = rename(&t.name));
    write(dir, 8, &arch(), &model)
}

#[test]
fn a_prefix_is_taken_off_said_and_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let plain = write(&dir.path().join("plain"), 8, &arch(), &model());
    let expected = dir.path().join("expected");
    succeeded(&measure(&plain, &expected, &["--model", "m"]));
    for (name, prefix) in [
        ("compiled", "_orig_mod."),
        ("ddp", "module."),
        ("both", "module._orig_mod."),
        ("lightning", "model."),
        ("fsdp", "_fsdp_wrapped_module."),
    ] {
        let of = renamed(&dir.path().join(name), |tensor| format!("{prefix}{tensor}"));
        let out = dir.path().join(format!("out-{name}"));
        let output = measure(&of, &out, &["--model", "m"]);
        succeeded(&output);
        assert_eq!(rows(&out), rows(&expected), "{name}");
        let said = text(&output.stderr);
        let provenance = fs::read_to_string(out.join("provenance.json")).unwrap();
        for part in prefix.trim_end_matches('.').split('.') {
            let part = format!("`{part}.`");
            assert!(said.contains(&part) && provenance.contains(&part), "{said}");
        }
    }
    let output = run(&["audit", dir.path().join("compiled/step8").to_str().unwrap()]);
    succeeded(&output);
    let said = text(&output.stderr);
    assert!(
        said.contains("`_orig_mod.` was taken out of the names"),
        "{said}"
    );
}

#[test]
fn names_that_do_not_fit_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let of = renamed(dir.path(), |tensor| {
        tensor
            .replace("gpt_neox", "x.decoder")
            .replace("embed_in", "in")
    });
    let output = measure(&of, &dir.path().join("out"), &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("`gpt_neox.embed_in.weight`") && said.contains("missing"),
        "{said}"
    );
    assert!(said.contains("`x.decoder."), "{said}");
}

#[test]
fn a_tensor_under_two_names_is_refused_where_it_differs() {
    let dir = tempfile::tempdir().unwrap();
    let with = |name: &str, change: f32| {
        let mut model = model();
        let head = model.iter().find(|t| t.name == "embed_out.weight").unwrap();
        let mut copy = head.clone();
        copy.name = "lm_head.weight".into();
        copy.data[0] += change;
        model.push(copy);
        write(&dir.path().join(name), 8, &arch(), &model)
    };
    succeeded(&measure(&with("same", 0.0), &dir.path().join("out1"), &[]));
    let output = measure(&with("other", 1.0), &dir.path().join("out2"), &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("`embed_out.weight`") && said.contains("`lm_head.weight`"),
        "{said}"
    );
    assert!(said.contains("differ"), "{said}");
}

/// transformers would apply it.
#[test]
fn an_adapter_beside_weights_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let of = write(dir.path(), 8, &arch(), &model());
    fs::write(of.join("adapter_config.json"), "{}").unwrap();
    let output = measure(&of, &dir.path().join("out"), &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("PEFT adapter") && said.contains("merge_and_unload"),
        "{said}"
    );
    let file = of.join("model.safetensors");
    succeeded(&measure(&file, &dir.path().join("out"), &[]));
}

#[test]
fn what_git_lfs_left_is_named() {
    const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 4\n";
    for name in ["model.safetensors", "config.json", "pytorch_model.bin"] {
        let dir = tempfile::tempdir().unwrap();
        let of = write(dir.path(), 8, &arch(), &model());
        if name == "pytorch_model.bin" {
            fs::remove_file(of.join("model.safetensors")).unwrap();
        }
        fs::write(of.join(name), POINTER).unwrap();
        let output = measure(&of, &dir.path().join("out"), &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(
            said.contains(name) && said.contains("run git lfs pull"),
            "{said}"
        );
    }
}

/// An optimiser's or scheduler's pickle has no model; before, a scalar of it was taken for one.
#[test]
fn an_audit_takes_no_scalar_for_a_model() {
    for (name, part) in [
        ("no_scheduler", "`base_lrs`, `last_epoch`, `scale`"),
        ("no_optimizer", "`state`, `param_groups`"),
        ("no_shard", "`module`, `fp32`"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        for step in [1, 2, 3] {
            let folder = dir.path().join(format!("step{step}"));
            fs::create_dir(&folder).unwrap();
            let from = torch_fixture(&format!("trainers/{name}.bin"));
            fs::copy(from, folder.join("pytorch_model.bin")).unwrap();
        }
        let output = run(&["audit", dir.path().to_str().unwrap()]);
        let said = text(&output.stdout);
        assert!(
            said.contains("no state dict of a model") && said.contains(part),
            "{said}"
        );
        assert!(
            said.contains("0 tensors") && said.contains("3 suspect steps"),
            "{said}"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let scalar = Tensor {
        name: "step".into(),
        shape: Vec::new(),
        data: vec![3.0],
    };
    write(dir.path(), 8, &arch(), &[scalar]);
    let output = run(&["audit", dir.path().join("step8").to_str().unwrap()]);
    let said = text(&output.stdout);
    assert!(
        said.contains("step 8 is no model: it has no matrix, but `step` (F32, shape [])"),
        "{said}"
    );
}
