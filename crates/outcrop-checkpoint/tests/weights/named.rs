//! Checkpoints as trainers name and lay them out: `fixtures/named` has them, and beside them the same weights as
//! transformers has them.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop_arch::{Bias, Family, HuggingFace, Norm, OUTCROP, TensorPart, TensorRole};
use outcrop_checkpoint::{CheckpointSeries, Weights, config_text};

use crate::read;

fn named(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/named")
        .join(name)
}

/// The rows of each part of a model, whatever tensors hold them, as [out, in].
type Parts = Vec<((Option<usize>, TensorRole, TensorPart), Vec<f32>)>;

fn parts(weights: &Weights, found: &HuggingFace) -> Parts {
    let HuggingFace { arch, family } = found;
    let stored: Vec<_> = weights
        .names()
        .map(|name| (family.standard_name(name), name))
        .collect();
    let mut parts: Parts = Vec::new();
    // an unembedding that is tied may be there or not
    let required = family
        .tensors(arch)
        .unwrap()
        .into_iter()
        .filter(|tensor| tensor.required);
    for tensor in required {
        let place = stored
            .iter()
            .find(|(standard, _)| standard.as_ref() == Some(&tensor.name));
        let (_, name) = place.unwrap_or_else(|| panic!("{} is missing", tensor.name));
        assert_eq!(weights.get(name).unwrap().shape, tensor.shape, "{name}");
        let mut values = read(weights, name);
        if tensor.transposed {
            let (rows, columns) = (tensor.shape[0], tensor.shape[1]);
            values = (0..columns)
                .flat_map(|c| (0..rows).map(move |r| (r, c)))
                .map(|(r, c)| values[r * columns + c])
                .collect();
        }
        let rows: usize = tensor.spans.iter().map(|span| span.rows).sum();
        let row = values.len() / rows;
        let mut at = 0;
        for span in &tensor.spans {
            let key = (tensor.layer, span.role, tensor.part);
            let some = &values[at * row..(at + span.rows) * row];
            match parts.iter_mut().find(|(known, _)| *known == key) {
                Some((_, whole)) => whole.extend(some),
                None => parts.push((key, some.to_vec())),
            }
            at += span.rows;
        }
    }
    parts.sort_by_key(|((layer, role, part), _)| (*layer, *role as u8, *part as u8));
    parts
}

fn opened(name: &str) -> (Weights, HuggingFace) {
    let weights = Weights::open(&named(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let text = weights.config().unwrap().unwrap().to_owned();
    (weights, HuggingFace::parse(&text, name).unwrap())
}

fn reference(name: &str) -> (Weights, HuggingFace) {
    let weights = Weights::open(&named(&format!("{name}.safetensors"))).unwrap();
    let text = fs::read_to_string(named(&format!("{name}.json"))).unwrap();
    (weights, HuggingFace::parse(&text, name).unwrap())
}

/// A trainer's checkpoint has the architecture and the parts of the reference, to the bit.
fn same(name: &str, as_in: &str) -> &'static Family {
    let ((found, said), (expected, expected_said)) = (opened(name), reference(as_in));
    assert_eq!(said.arch, expected_said.arch, "{name}");
    let (found, expected) = (parts(&found, &said), parts(&expected, &expected_said));
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found.0, expected.0, "{name}");
        assert_eq!(found.1, expected.1, "{name}: {:?}", found.0);
    }
    said.family
}

#[test]
fn nanogpt_is_gpt2_with_linear_maps_the_other_way_round() {
    for name in ["nanogpt", "nanogpt_compiled"] {
        same(name, "gpt2");
    }
    same("nanogpt/ckpt.pt", "gpt2");
}

/// Without biases norms have gains alone, which transformers lacks.
#[test]
fn nanogpt_without_biases_is_an_architecture_of_ours() {
    let ((found, said), (expected, expected_said)) = (opened("nanogpt_no_bias"), reference("gpt2"));
    assert_eq!(
        (said.family, said.arch.norm, said.arch.bias),
        (&OUTCROP, Norm::LayerNormGain, Bias::None)
    );
    let found = parts(&found, &said);
    let mut expected = parts(&expected, &expected_said);
    expected.retain(|((_, _, part), _)| *part == TensorPart::Weight);
    assert_eq!(found, expected);
}

#[test]
fn litgpt_says_its_architecture_in_yaml() {
    assert_eq!(same("litgpt_neox", "neox"), &OUTCROP);
    same("litgpt_llama", "llama");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lit_model.pth");
    fs::copy(named("litgpt_llama/lit_model.pth"), &file).unwrap();
    let error = Weights::open(&file).unwrap_err().to_string();
    assert!(error.contains("`model_config.yaml` is missing"), "{error}");
    let text = fs::read_to_string(named("litgpt_llama/model_config.yaml")).unwrap();
    let text = text.replace("scale_embeddings: false", "scale_embeddings: true");
    fs::write(dir.path().join("model_config.yaml"), text).unwrap();
    let error = Weights::open(&file)
        .unwrap()
        .config()
        .unwrap_err()
        .to_string();
    assert!(error.contains("`scale_embeddings` = true"), "{error}");
}

#[test]
fn megatron_says_its_architecture_in_its_arguments() {
    same("megatron_llama/iter_0000040", "llama");
    let series = CheckpointSeries::open(&named("megatron_llama")).unwrap();
    let entry = &series.entries[0];
    assert_eq!(entry.step, Some(40));
    let text = config_text(entry.config.as_deref().unwrap()).unwrap();
    assert!(text.contains("\"rms-norm\""), "{text}");
}

/// What `dist_checkpointing` saves: tensors of all layers together, or each by itself; arguments in `common.pt`.
#[test]
fn megatron_saves_distributed_checkpoints() {
    for run in ["megatron", "megatron_single"] {
        let run = format!("../distributed/{run}");
        same(&format!("{run}/iter_0000040"), "../distributed/llama");
        let series = CheckpointSeries::open(&named(&run)).unwrap();
        let entry = &series.entries[0];
        assert_eq!(entry.step, Some(40));
        let text = config_text(entry.config.as_deref().unwrap()).unwrap();
        assert!(text.contains("\"rms-norm\""), "{text}");
        let weights = Weights::open(&entry.folder).unwrap();
        assert_eq!(weights.step().map(|(step, _)| step), Some(40));
    }
}

/// The words that pad the vocabulary there are left out, as its loss does, and the rest is what nanoGPT has.
#[test]
fn llm_c_has_all_layers_of_a_tensor_in_a_row() {
    let (expected, _) = opened("nanogpt");
    for (file, exact) in [("model_00000100.bin", true), ("model_00000200.bin", false)] {
        let (found, said) = opened(&format!("llm_c/{file}"));
        assert_eq!(
            (said.arch.vocab, said.arch.activation),
            (20, outcrop_arch::Activation::GeluTanh)
        );
        for (name, info) in found.tensors() {
            assert_eq!(info.shape, expected.get(name).unwrap().shape, "{name}");
            let (found, expected) = (read(&found, name), read(&expected, name));
            for (x, y) in found.iter().zip(&expected) {
                assert!(
                    x == y || !exact && (x - y).abs() <= y.abs() / 256.0,
                    "{file}: {name}"
                );
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model_00000100.bin");
    let bytes = fs::read(named("llm_c/model_00000100.bin")).unwrap();
    for (bytes, reason) in [
        (&bytes[..bytes.len() - 4], "is not in its"),
        (
            &[&bytes[..], &[0; 4]].concat(),
            "its header asks for 36096 bytes, and it has 36100",
        ),
        (&bytes[..100], "too few for its header"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = Weights::open(&path).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn parts_of_gpt_neox_are_joined() {
    let (expected, said) = reference("neox");
    let expected = parts(&expected, &said);
    for name in [
        "neox",
        "neox_parts",
        // from DeepSpeed's own pipeline
        "deepspeed_pipe/global_step9",
        "deepspeed_pipe_parts/global_step9",
    ] {
        let weights = Weights::open(&named(name)).unwrap();
        assert_eq!(parts(&weights, &said), expected, "{name}");
        // its architecture is not said
        assert!(weights.config().unwrap().is_none());
    }
    for run in ["deepspeed_pipe", "deepspeed_pipe_parts"] {
        let series = CheckpointSeries::open(&named(run)).unwrap();
        assert_eq!(series.entries[0].step, Some(9), "{run}");
    }
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(named("neox_parts")).unwrap().flatten() {
        fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    fs::remove_file(dir.path().join("layer_03-model_01-model_states.pt")).unwrap();
    let error = Weights::open(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("layer 3 has 1 parts, and others have 2"),
        "{error}"
    );
}

#[test]
fn deepspeed_keeps_the_model_under_module() {
    let series = CheckpointSeries::open(&named("deepspeed")).unwrap();
    assert_eq!(series.entries[0].step, Some(7));
    let (expected, said) = reference("llama");
    let weights = Weights::open(&series.entries[0].folder).unwrap();
    assert_eq!(parts(&weights, &said), parts(&expected, &said));
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "mp_rank_00_model_states.pt",
        "zero_pp_rank_0_mp_rank_00_model_states.pt",
    ] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    let error = Weights::open(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("1 more parts") && error.contains("zero_to_fp32"),
        "{error}"
    );
}

/// What no name says, the file does.
#[test]
fn a_model_alone_has_the_step_that_its_trainer_wrote() {
    for (place, step, who) in [
        ("nanogpt", 250, "`iter_num`"),
        ("nanogpt/ckpt.pt", 250, "`iter_num`"),
        ("deepspeed/global_step7/mp_rank_00_model_states.pt", 7, ""),
    ] {
        let series = CheckpointSeries::open(&named(place)).unwrap();
        assert_eq!(series.entries[0].step, Some(step), "{place}");
        assert!(series.notes.join("").contains(who), "{:?}", series.notes);
    }
    let llm_c = CheckpointSeries::open(&named("llm_c")).unwrap();
    let steps: Vec<_> = llm_c.entries.iter().map(|entry| entry.step).collect();
    assert_eq!(steps, [100, 200].map(Some));
}

/// Of several steps in one folder, each with a file of settings of its own.
#[test]
fn nanochat_of_2025_is_that_of_transformers() {
    same("nanochat/model_000100.pt", "nanochat");
    let series = CheckpointSeries::open(&named("nanochat")).unwrap();
    let [entry] = &series.entries[..] else {
        panic!("{series:?}")
    };
    assert_eq!((entry.step, &series.stage), (Some(100), &None));
    let text = config_text(entry.config.as_deref().unwrap()).unwrap();
    assert!(text.contains("\"nanochat\""), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    let copied = |name: &str| fs::copy(named("nanochat").join(name), place(name)).unwrap();
    copied("model_000100.pt");
    let refusal = || {
        let weights = Weights::open(&place("model_000100.pt")).unwrap();
        assert!(weights.get("model.layers.1.mlp.fc2.weight").is_some());
        weights.config().unwrap_err().to_string()
    };
    let error = refusal();
    assert!(error.contains("copy it there"), "{error}");
    copied("meta_000100.json");
    let text = fs::read_to_string(place("meta_000100.json")).unwrap();
    for (setting, reason) in [
        (
            r#""n_head": 4, "window_pattern": "SSSL""#,
            "`window_pattern` = \"SSSL\"",
        ),
        (
            r#""n_head": 4, "smear": true"#,
            "`smear` = true, which is not known",
        ),
        (r#""n_heads": 4"#, "`n_heads` = 4, which is not known"),
    ] {
        let changed = text.replace(r#""n_head": 4"#, setting);
        fs::write(place("meta_000100.json"), changed).unwrap();
        let error = refusal();
        assert!(error.contains(reason), "{error}");
    }
}

/// nanochat changes from release to release, and modded-nanogpt from record to record.
#[test]
fn what_is_computed_nowhere_here_is_named() {
    for (file, step, reason) in [
        (
            "nanochat_2026/model_000100.pt",
            100,
            "`resid_lambdas` is of nanochat since January 2026",
        ),
        (
            "modded_nanogpt/state_step000300.pt",
            300,
            "a checkpoint has it as code, which is not run",
        ),
    ] {
        let series = CheckpointSeries::open(named(file).parent().unwrap()).unwrap();
        let steps: Vec<_> = series.entries.iter().map(|entry| entry.step).collect();
        assert_eq!((steps, series.stage), (vec![Some(step)], None), "{file}");
        let weights = Weights::open(&named(file)).unwrap();
        assert_eq!(weights.step().map(|(step, _)| step), Some(step), "{file}");
        let error = weights.config().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        let config = series.entries[0].config.clone().unwrap();
        assert_eq!(config_text(&config).unwrap_err().to_string(), error);
    }
}

/// What MLX quantises is named, with the way out.
#[test]
fn quantised_tensors_of_mlx_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("model.safetensors");
    let header = br#"{"a.scales":{"dtype":"F16","shape":[1,1],"data_offsets":[0,2]},"#.to_vec();
    let rest = br#""b":{"dtype":"F16","shape":[1],"data_offsets":[2,4]},"a.weight":{"dtype":"U32","shape":[1,1],"data_offsets":[4,8]}}"#;
    let header = [&header[..], &rest[..]].concat();
    let bytes = [&(header.len() as u64).to_le_bytes()[..], &header, &[0; 8]].concat();
    fs::write(&file, bytes).unwrap();
    let error = Weights::open(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("`a.weight` is quantised by MLX") && error.contains("--dequantize"),
        "{error}"
    );
}
