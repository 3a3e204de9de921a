use std::collections::BTreeMap;

use outcrop_arch::{ArchSpec, GPT_NEOX, GPT2, LLAMA, TensorName, TensorPart, TensorRole};
use serde_json::Value;

use crate::fixtures::{exported, parse, published_as};

type Shapes = BTreeMap<String, Vec<usize>>;

fn shapes(value: &Value) -> Shapes {
    serde_json::from_value(value.clone()).unwrap()
}

fn listed<'a>(tensors: impl IntoIterator<Item = &'a TensorName>) -> Shapes {
    let pair = |t: &TensorName| (t.name.clone(), t.shape.clone());
    tensors.into_iter().map(pair).collect()
}

#[test]
fn names_and_shapes_are_those_that_transformers_saves() {
    for (name, model) in exported("models.json") {
        let read = parse(&model["config"]).unwrap();
        let tensors = read.family.tensors(&read.arch).unwrap();
        let required = listed(tensors.iter().filter(|t| t.required));
        assert_eq!(required, shapes(&model["saved"]), "{name}");
        // The state in memory has the head even where it is tied, and GPT-NeoX's by another name.
        let state = shapes(&model["state_dict"]).into_iter();
        let standard =
            |(name, shape): (String, _)| Some((read.family.standard_name(&name)?, shape));
        assert_eq!(
            listed(&tensors),
            state.filter_map(standard).collect(),
            "{name}"
        );
    }
}

#[test]
fn bare_bodies_have_the_same_names_without_prefix() {
    for (name, model) in exported("models.json") {
        let read = parse(&model["config"]).unwrap();
        for tensor in read.family.tensors(&read.arch).unwrap() {
            let full = &tensor.name;
            assert_eq!(
                read.family.standard_name(full).as_ref(),
                Some(full),
                "{name}"
            );
            if tensor.role != TensorRole::Unembedding {
                let bare = full.split_once('.').unwrap().1;
                assert_eq!(
                    read.family.standard_name(bare).as_ref(),
                    Some(full),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn every_tensor_has_one_place_and_the_sizes_add_up() {
    for (name, model) in exported("models.json") {
        let read = parse(&model["config"]).unwrap();
        let tensors = read.family.tensors(&read.arch).unwrap();
        let mut places: Vec<_> = tensors.iter().map(|t| (t.layer, t.role, t.part)).collect();
        places.dedup();
        let distinct: std::collections::HashSet<_> = places.iter().copied().collect();
        assert_eq!(distinct.len(), tensors.len(), "{name}");
        let size = |t: &TensorName| t.shape.iter().product::<usize>() as u64;
        let total: u64 = tensors.iter().filter(|t| t.required).map(size).sum();
        assert_eq!(total, read.arch.parameters().total, "{name}");
    }
}

#[test]
fn matrices_of_gpt2_are_transposed_and_no_others() {
    let gpt2 = parse(&published_as("gpt2")).unwrap();
    let tensors = gpt2.family.tensors(&gpt2.arch).unwrap();
    let down = tensors
        .iter()
        .find(|t| t.role == TensorRole::MlpDown)
        .unwrap();
    assert_eq!(
        (down.shape.as_slice(), down.transposed),
        (&[3072, 768][..], true)
    );
    let others = tensors
        .iter()
        .filter(|t| t.part == TensorPart::Bias || t.layer.is_none());
    assert!(others.into_iter().all(|t| !t.transposed));
    let pythia = ArchSpec::pythia("14m").unwrap();
    let tensors = GPT_NEOX.tensors(&pythia).unwrap();
    assert!(tensors.iter().all(|t| !t.transposed));
}

#[test]
fn buffers_of_older_files_are_no_weights_and_strangers_keep_their_names() {
    for (family, buffer) in [
        (&GPT_NEOX, "gpt_neox.layers.3.attention.bias"),
        (&GPT_NEOX, "gpt_neox.layers.3.attention.masked_bias"),
        (&GPT_NEOX, "gpt_neox.layers.3.attention.rotary_emb.inv_freq"),
        (&GPT2, "h.0.attn.bias"),
        (&GPT2, "transformer.h.0.attn.masked_bias"),
        (&LLAMA, "model.layers.0.self_attn.rotary_emb.inv_freq"),
        (&LLAMA, "model.rotary_emb.inv_freq"),
    ] {
        assert_eq!(family.standard_name(buffer), None, "{buffer}");
    }
    let stranger = Some("score.weight".to_owned());
    assert_eq!(GPT2.standard_name("score.weight"), stranger);
}

#[test]
fn a_family_names_what_it_cannot_hold() {
    let pythia = ArchSpec::pythia("14m").unwrap();
    let error = LLAMA.tensors(&pythia).unwrap_err().to_string();
    assert!(
        error.contains("arch.norm = layer-norm") && error.contains("rms-norm"),
        "{error}"
    );
    let error = GPT2.tensors(&pythia).unwrap_err().to_string();
    assert!(error.contains("arch.position"), "{error}");
    let grouped = ArchSpec {
        kv_heads: 2,
        ..pythia
    };
    let error = GPT_NEOX.tensors(&grouped).unwrap_err().to_string();
    assert!(error.contains("arch.kv_heads = 2"), "{error}");
}
