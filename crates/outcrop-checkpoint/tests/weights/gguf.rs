//! Files of llama.cpp: `fixtures/gguf/export.py` wrote them, and beside them what `gguf` and transformers read.

use std::fs;
use std::path::PathBuf;

use outcrop_arch::HuggingFace;
use outcrop_checkpoint::{Checkpoint, CheckpointSeries, DType, Weights, config_text};

use crate::{read, refusal};

fn gguf(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/gguf");
    PathBuf::from(folder).join(name)
}

/// Every tensor of the reference is found under its name, to the bit.
fn same_as_reference(name: &str) -> Weights {
    let found = Weights::open(&gguf(&format!("{name}.gguf"))).unwrap();
    let expected = Weights::open(&gguf(&format!("{name}.safetensors"))).unwrap();
    let names = |weights: &Weights| weights.names().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for (tensor, info) in expected.tensors() {
        assert_eq!(
            found.get(tensor).unwrap().shape,
            info.shape,
            "{name}: {tensor}"
        );
        let bits = |weights| {
            read(weights, tensor)
                .iter()
                .map(|x| x.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&found), bits(&expected), "{name}: {tensor}");
    }
    found
}

#[test]
fn every_type_is_read_as_gguf_unpacks_it() {
    let weights = same_as_reference("types");
    assert_eq!(
        weights.notes(),
        [
            "12 of 24 tensors are quantised (3 of Q4_0, 1 of Q4_1, 1 of Q4_K, 1 of Q5_0, 1 of Q5_1, 1 of Q5_K, 1 of \
          Q6_K, 3 of Q8_0): the model is the one that these numbers give, not the one from which they were rounded"
        ]
    );
    let kind = |name| weights.get(name).unwrap().dtype;
    assert_eq!(kind("model.layers.2.self_attn.k_proj.weight"), DType::F16);
    assert_eq!(kind("model.layers.0.self_attn.v_proj.weight"), DType::BF16);
    assert_eq!(kind("model.layers.0.self_attn.q_proj.weight"), DType::F32);
}

/// The same values of the same type have the same hash, whatever the file's format.
#[test]
fn hashes_are_those_of_the_values() {
    let [found, expected] =
        ["types.gguf", "types.safetensors"].map(|name| Weights::open(&gguf(name)).unwrap());
    for name in [
        "model.embed_tokens.weight",
        "model.layers.0.mlp.down_proj.weight",
    ] {
        assert_eq!(found.sha256(name).unwrap(), expected.sha256(name).unwrap());
    }
}

#[test]
fn rows_are_those_of_the_whole() {
    let weights = Weights::open(&gguf("types.gguf")).unwrap();
    for (name, info) in weights.tensors() {
        let all = read(&weights, name);
        let row = all.len() / info.shape[0];
        for rows in [0..1, 1..info.shape[0], info.shape[0] / 2..info.shape[0] / 2] {
            let mut some = Vec::new();
            weights
                .read_rows_f32(name, rows.clone(), &mut some)
                .unwrap();
            assert_eq!(
                some,
                all[rows.start * row..rows.end * row],
                "{name}, {rows:?}"
            );
        }
    }
}

#[test]
fn models_are_read_under_the_names_of_transformers() {
    for name in [
        "llama",
        "qwen2",
        "qwen3",
        "gpt2",
        "gptneox",
        "bloom",
        "falcon",
        "nemotron",
        "phi3",
        "starcoder2",
    ] {
        same_architecture(&same_as_reference(name), name);
    }
}

/// What the metadata of a file say is what the config of its model says.
fn same_architecture(weights: &Weights, name: &str) {
    let parse = |text: &str| HuggingFace::parse(text, name).unwrap();
    let said = weights.config().unwrap_or_else(|e| panic!("{name}: {e}"));
    let found = parse(said.unwrap());
    let expected = parse(&fs::read_to_string(gguf(&format!("{name}.json"))).unwrap());
    assert_eq!(found, expected, "{name}");
}

/// What llama.cpp's own converter wrote, beside the models that it read.
#[test]
fn models_of_the_converter_are_read_as_they_were() {
    for name in [
        "arcee",
        "bloom",
        "cohere",
        "cohere2",
        "cohere_qk_norm",
        "ernie4_5",
        "exaone4",
        "exaone4_windows",
        "falcon",
        "falcon_new",
        "gemma",
        "gemma2",
        "gemma3",
        "gpt2",
        "gptneox",
        "granite",
        "llama",
        "llama3",
        "llama_biases",
        "llama_linear",
        "mistral",
        "mixtral_moe",
        "mpt",
        "nemotron",
        "olmo",
        "olmo2",
        "olmo3",
        "olmo3_yarn",
        "olmo_clipped",
        "olmoe",
        "phi2",
        "phi3",
        "qwen2",
        "qwen2_moe",
        "qwen2_yarn",
        "qwen3",
        "qwen3_moe",
        "seed_oss",
        "smollm3",
        "stablelm",
        "stablelm_parallel",
        "starcoder",
        "starcoder2",
    ] {
        let name = format!("converted/{name}");
        same_architecture(&same_as_reference(&name), &name);
    }
}

/// A file has the factors of rotary frequencies, and not what they were made of.
#[test]
fn factors_that_are_not_those_of_llama_3_are_refused() {
    let weights = same_as_reference("converted/llama3_other");
    let error = weights.config().unwrap_err().to_string();
    assert!(error.contains("`rope_freqs.weight` has factors"), "{error}");
    assert!(error.contains("--config"), "{error}");
    let (_dir, path) = changed("converted/llama3.gguf", |b| {
        // the last of the factors, 32, which stand before the next tensor
        let at = b
            .windows(8)
            .rposition(|w| w == [0, 0, 0, 0x42, 0, 0, 0, 0x42])
            .unwrap();
        b[at + 6] = 1;
    });
    let error = Weights::open(&path)
        .unwrap()
        .config()
        .unwrap_err()
        .to_string();
    assert!(error.contains("`rope_freqs.weight` has factors"), "{error}");
}

/// A list with an entry for each layer of which the file has no tensors would take all memory.
#[test]
fn more_layers_than_tensors_are_refused() {
    for name in ["gemma2", "gemma3", "cohere2", "exaone4", "olmo3"] {
        let (_dir, path) = changed(&format!("converted/{name}.gguf"), |b| {
            let key = ".block_count";
            let at = place(b, key) + key.len() + 4; // its type stands before it
            b[at..at + 4].copy_from_slice(&[255; 4]);
        });
        let weights = Weights::open(&path).unwrap();
        let error = weights.config().unwrap_err().to_string();
        assert!(
            error.contains("block_count` = 4294967295, and the file has"),
            "{error}"
        );
    }
}

#[test]
fn a_file_says_its_config_and_a_folder_with_one_is_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    for step in ["step1", "step20"] {
        fs::create_dir(dir.path().join(step)).unwrap();
        fs::copy(
            gguf("llama.gguf"),
            dir.path().join(step).join("model-Q8_0.gguf"),
        )
        .unwrap();
    }
    let series = CheckpointSeries::open(dir.path()).unwrap();
    let steps: Vec<_> = series.entries.iter().map(|entry| entry.step).collect();
    assert_eq!(steps, [Some(1), Some(20)]);
    let Checkpoint { config, files, .. } = &series.entries[0];
    assert_eq!(files.len(), 1);
    let text = config_text(config.as_deref().unwrap()).unwrap();
    assert!(text.contains("\"rope_theta\":30000.0"), "{text}");
    fs::copy(gguf("llama.gguf"), dir.path().join("step1/other.gguf")).unwrap();
    let error = Weights::open(&dir.path().join("step1"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("2 files of weights: model-Q8_0.gguf, other.gguf; give one of them"),
        "{error}"
    );
}

/// A file whose bytes `change` has changed.
fn changed(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.gguf");
    let mut bytes = fs::read(gguf(name)).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

/// Where a text begins.
fn place(bytes: &[u8], text: &str) -> usize {
    bytes
        .windows(text.len())
        .position(|w| w == text.as_bytes())
        .unwrap()
}

fn replace(bytes: &mut [u8], from: &str, to: &str) {
    let at = place(bytes, from);
    bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
}

#[test]
fn what_is_no_such_file_is_refused_with_the_reason() {
    type Change = fn(&mut Vec<u8>);
    let cases: [(Change, &str); 7] = [
        (|b| b.truncate(b.len() - 1), "reaches beyond the file"),
        (
            |b| b.truncate(300),
            "its header ends in the middle, after 300 bytes",
        ),
        (|b| b[4] = 9, "it is of version 9, and 2 and 3 are read"),
        (|b| b[4..8].reverse(), "big-endian"),
        (
            |b| replace(b, "general.architecture", "general.architecturE"),
            "`general.architecture` is missing",
        ),
        (
            |b| replace(b, "blk.1.ffn_up.weight", "blk.1.ffn_uq.weight"),
            "tensor `blk.1.ffn_uq.weight` is none of the llama family",
        ),
        (
            |b| {
                // the type of the first tensor stands after its name, rank and dimensions
                let at = place(b, "token_embd.weight") + "token_embd.weight".len() + 4 + 16;
                b[at] = 23;
            },
            "`token_embd.weight` is of ggml's type 23 (IQ4_XS); read are F32, F16, BF16, F64, Q4_0",
        ),
    ];
    for (change, reason) in cases {
        let (_dir, path) = changed("llama.gguf", change);
        let error = refusal(&path);
        assert!(error.contains(reason), "{error}");
    }
}

/// What may change what a model computes is not passed over.
#[test]
fn metadata_that_are_not_known_are_refused_by_name() {
    let (_dir, path) = changed("llama.gguf", |b| {
        replace(b, "llama.rope.freq_base", "llama.rope.freq_bass")
    });
    let weights = Weights::open(&path).unwrap();
    let error = weights.config().unwrap_err().to_string();
    assert!(
        error.contains("`llama.rope.freq_bass` = 30000.0 is not known"),
        "{error}"
    );
    assert!(error.contains("--config"), "{error}");
}
