//! Architectures beside GPT-NeoX: a run that was interrupted ends with the same bits, and its checkpoints say what
//! they are.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::sync::atomic::Ordering;

use outcrop_train::{Environment, Event, Outcome, RunSpec, train};

const LLAMA: &str = "norm = 'rms-norm'
residual = 'sequential'
activation = 'swiglu'
position = { kind = 'rotary', fraction = 1.0, base = 1e4 }
kv_heads = 1";

const GPT2: &str = "residual = 'sequential'
position = { kind = 'learned' }";

fn spec(arch: &str) -> RunSpec {
    let text = format!(
        "model = 'tiny'
         [arch]
         layers = 2
         d_model = 16
         heads = 2
         context = 16
         {arch}
         [data]
         corpus = 'bigram-backcopy'
         [train]
         steps = 6
         batch = 8
         warmup = 2
         [schedule]
         measure = '0,last'
         save = 'every:5'"
    );
    RunSpec::from_toml(&text).unwrap()
}

fn file(dir: &Path, name: &str) -> Vec<u8> {
    std::fs::read(dir.join("checkpoints").join(name)).unwrap()
}

#[test]
fn an_interrupted_run_ends_with_the_same_bits_under_the_names_of_its_family() {
    for (kind, arch) in [
        ("llama", format!("{LLAMA}\nbias = false\ntied = true")),
        (
            "mistral",
            format!("{LLAMA}\nbias = false\nwindow = {{ width = 5, layers = [1, 2] }}"),
        ),
        ("qwen2", format!("{LLAMA}\nbias = 'qkv'")),
        (
            "qwen3",
            format!("{LLAMA}\nbias = false\nqk_norm = true\nhead_dim = 12"),
        ),
        // matrices are stored as [in, out]
        ("gpt2", GPT2.to_owned()),
        // rows that mean nothing stand before the first position
        (
            "opt",
            format!("{GPT2}\nnorm_placement = 'post'\nactivation = 'relu'\nd_ff = 40"),
        ),
        // gains are stored less 1, with rounding
        (
            "gemma",
            LLAMA.replace("swiglu", "geglu-tanh") + "\nbias = false\nscale = { embedding = 4.0 }",
        ),
        (
            "outcrop",
            format!("{LLAMA}\nattention_gate = 'per-head'\nattention_gate_init = 0.25"),
        ),
        ("outcrop", "attention_gate = 'per-head-slice'".to_owned()),
        (
            "outcrop",
            "norm = 'dynamic-tanh'\nembedding_projection = true\nregisters = 2".to_owned(),
        ),
        ("outcrop", "norm = 'ss-norm'\nregisters = 1".to_owned()),
        (
            "outcrop",
            "norm_placement = 'post'\nposition = { kind = 'alibi' }".to_owned(),
        ),
    ] {
        let mut spec = spec(&arch);
        if kind == "gemma" {
            spec.train.learning_rate = 0.2; // so that gains leave 1
        }
        let (straight, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        train(&spec, straight.path(), &Environment::default(), &mut ()).unwrap();
        let environment = Environment::default();
        let mut listen = |event: &Event<'_>| {
            if matches!(event, Event::Step { step: 3, .. }) {
                environment.stop.store(true, Ordering::Relaxed);
            }
        };
        let outcome = train(&spec, stopped.path(), &environment, &mut listen).unwrap();
        assert_eq!(outcome, Outcome::Interrupted, "{arch}");
        train(&spec, stopped.path(), &Environment::default(), &mut ()).unwrap();
        for name in [
            "step-000006/model.safetensors",
            "step-000005/resume/optimizer.safetensors",
        ] {
            let [a, b] = [&straight, &stopped].map(|dir| file(dir.path(), name));
            assert!(a == b, "{name} of {arch}");
        }
        let config = String::from_utf8(file(straight.path(), "step-000006/config.json")).unwrap();
        assert!(config.contains(&format!("\"{kind}\"")), "{config}");
    }
}
