//! Runs of our own, measured again from their checkpoints.

use std::path::Path;

use outcrop::core::Measurement;

use crate::small::{rows, run, succeeded};

const SPEC: &str = "
    model = 'own'
    [arch]
    layers = 2
    d_model = 32
    heads = 2
    context = 32
    ARCH
    [data]
    corpus = 'bigram-backcopy'
    [train]
    steps = 20
    batch = 4
    learning_rate = 1e-2
    warmup = 2
    [measure]
    sequences = 4
    [schedule]
    measure = '0,1,last'
    save = '0,1,last'";

fn near(a: f32, b: f32, tolerance: f32) -> bool {
    (a - b).abs() <= tolerance * a.abs()
}

#[track_caller]
fn same(ours: &Measurement, theirs: &Measurement) {
    let cell = |m: &Measurement| (m.step, m.sequence, m.layer);
    assert_eq!(cell(ours), cell(theirs));
    for (a, b) in ours.stats.top.iter().zip(theirs.stats.top) {
        let (a, b) = (a.unwrap(), b.unwrap());
        assert!(near(a.magnitude, b.magnitude, 1e-5), "{a:?} {b:?}");
        assert_eq!(a.place, b.place);
    }
    let median = |m: &Measurement| m.stats.median.unwrap();
    assert!(near(median(ours), median(theirs), 1e-5));
}

/// What Llama has, and more.
fn llama(more: &str) -> String {
    let bias = if more.is_empty() { "bias = false" } else { "" };
    format!(
        "norm = 'rms-norm'\nresidual = 'sequential'\nactivation = 'swiglu'\nkv_heads = 1
        position = {{ kind = 'rotary', fraction = 1.0, base = 1e4 }}\n{bias}\n{more}"
    )
}

/// What Burn measured while it trained, the forward pass finds again in the checkpoints: GPT-NeoX, Llama,
/// Qwen, and architectures that transformers does not have.
#[test]
fn checkpoints_give_what_training_measured() {
    for (name, arch) in [
        ("neox", ""),
        (
            "own",
            "residual = 'sequential'\nposition = { kind = 'learned' }\nactivation = 'relu'",
        ),
        (
            "tied",
            "position = { kind = 'none' }\nactivation = 'gelu-tanh'\ntied = true",
        ),
        ("llama", &llama("")),
        (
            "qwen2",
            &llama("bias = 'qkv'\nwindow = { width = 9, layers = [2] }"),
        ),
        (
            "qwen3",
            &llama("bias = false\nqk_norm = true\nhead_dim = 8"),
        ),
        ("peri", &llama("bias = false\nnorm_placement = 'peri'")),
        (
            "gate",
            &llama("bias = false\nattention_gate = 'per-element'"),
        ),
        (
            "tanh",
            &llama("bias = false\nnorm = 'dynamic-tanh'").replacen("norm = 'rms-norm'\n", "", 1),
        ),
        (
            "ss-norm",
            "norm = 'ss-norm'\nresidual = 'sequential'\nembedding_projection = true",
        ),
        ("sink-token", &llama("bias = false\nregisters = 1")),
        (
            "registers",
            "registers = 3\nposition = { kind = 'learned' }\nresidual = 'sequential'",
        ),
        ("grouped", "kv_heads = 1\nnorm_placement = 'post'"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let (spec, train, out) = (path("spec.toml"), path("run"), path("out"));
        std::fs::write(&spec, SPEC.replace("ARCH", arch)).unwrap();
        succeeded(&run(&["train", &spec, "--out", &train]));
        succeeded(&run(&["measure", &train, "--out", &out]));
        let mut theirs = rows(Path::new(&train));
        let mut ours = rows(Path::new(&out));
        for rows in [&mut theirs, &mut ours] {
            rows.sort_by_key(|m| (m.step, m.sequence, m.layer));
        }
        assert_eq!((ours.len(), theirs.len()), (3 * 4 * 2, 3 * 4 * 2), "{name}");
        ours.iter().zip(&theirs).for_each(|(a, b)| same(a, b));
    }
}
