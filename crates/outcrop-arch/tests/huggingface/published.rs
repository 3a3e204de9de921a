use outcrop_arch::{
    Activation, ArchSpec, Bias, GPT_NEOX, Norm, PYTHIA_SIZES, Position, QkNorm, Residual,
    RotaryScaling,
};
use serde_json::Value;

use crate::files::published;
use crate::fixtures::{exported, parse, published_as};

#[test]
fn every_pythia_is_its_preset() {
    for size in PYTHIA_SIZES {
        let read = parse(&published_as(&format!("pythia-{size}"))).unwrap();
        assert_eq!(read.arch, ArchSpec::pythia(size).unwrap());
        assert_eq!(read.family, &GPT_NEOX);
    }
}

#[test]
fn parameters_are_those_that_transformers_counts() {
    let counted = exported("transformers.json");
    let mut models = 0;
    for (name, config) in published() {
        let expected = counted[&name]["parameters"].as_u64().unwrap();
        assert_eq!(
            parse(&config).unwrap().arch.parameters().total,
            expected,
            "{name}"
        );
        models += 1;
    }
    for (name, model) in exported("models.json") {
        let read = parse(&model["config"]).unwrap();
        let expected = model["parameters"].as_u64().unwrap();
        assert_eq!(read.arch.parameters().total, expected, "{name}");
        models += 1;
    }
    assert!(models > 30);
}

/// transformers 5 keeps rotary positions elsewhere, fills in defaults, and writes many more
/// settings when asked for all of them.
#[test]
fn what_transformers_saves_again_reads_the_same() {
    for (name, saved) in exported("transformers.json") {
        let first = parse(&published_as(&name)).unwrap();
        for form in ["short", "full"] {
            let again = parse(&saved[form]);
            assert_eq!(again.unwrap(), first, "{name} {form}");
        }
    }
}

/// From the models' own cards and papers.
#[test]
fn the_mathematics_of_each_family() {
    let arch = |name: &str| parse(&published_as(name)).unwrap().arch;
    let gpt2 = arch("gpt2-medium");
    assert_eq!(
        (gpt2.layers, gpt2.d_model, gpt2.heads, gpt2.d_ff),
        (24, 1024, 16, 4096)
    );
    assert_eq!(
        (gpt2.norm, gpt2.residual),
        (Norm::LayerNorm, Residual::Sequential)
    );
    assert_eq!((gpt2.position, gpt2.context), (Position::Learned, 1024));
    assert_eq!((gpt2.activation, gpt2.tied), (Activation::GeluTanh, true));

    let llama = arch("llama-2-7b");
    let full = |base| Position::Rotary {
        fraction: 1.0,
        base,
    };
    assert_eq!((llama.norm, llama.norm_eps), (Norm::RmsNorm, 1e-5));
    assert_eq!((llama.position, llama.bias), (full(10_000.0), Bias::None));
    assert_eq!(
        (llama.kv_heads, llama.d_head(), llama.tied),
        (32, 128, false)
    );
    assert_eq!(arch("tinyllama-1.1b").kv_heads, 4);

    let qwen2 = arch("qwen2.5-0.5b");
    assert_eq!(
        (qwen2.bias, qwen2.position, qwen2.tied),
        (Bias::Qkv, full(1e6), true)
    );
    let qwen3 = arch("qwen3-0.6b");
    assert_eq!(
        (qwen3.qk_norm, qwen3.head_dim, qwen3.bias),
        (QkNorm::Head, Some(128), Bias::None)
    );
    assert_eq!(arch("mistral-7b-v0.3").position, full(1e6));
    let stretched = RotaryScaling::Llama3 {
        factor: 32.0,
        low_frequency_factor: 1.0,
        high_frequency_factor: 4.0,
        original_context: 8192,
    };
    assert_eq!(arch("llama-3.2-1b").rotary_scaling, Some(stretched));
}

#[test]
fn each_architecture_is_written_as_its_family() {
    for (name, config) in published() {
        let read = parse(&config).unwrap();
        assert_eq!(read.arch.family(), read.family, "{name}");
        let json = read.arch.canonical_json().unwrap();
        let back: ArchSpec = serde_json::from_str(&json).unwrap();
        assert_eq!(back, read.arch, "{name}");
    }
}

#[test]
fn a_gpt_neox_is_written_as_transformers_reads_it() {
    let written = ArchSpec::pythia("14m").unwrap().to_huggingface().unwrap();
    let saved = &exported("transformers.json")["pythia-14m"]["full"];
    for (name, value) in written.as_object().unwrap() {
        let (value, other) = (value.clone(), saved.get(name).cloned());
        if let Some(other) = other.filter(|o| !o.is_object()) {
            assert_eq!(number(value), number(other), "{name}");
        }
    }
}

/// 10000 and 10000.0 are one number.
fn number(value: Value) -> Value {
    value.as_f64().map(Value::from).unwrap_or(value)
}
