//! Files of trainers with names of their own.

use std::path::Path;

use mutation::{mutate, mutations, text_mutations};
use proptest::prelude::*;

use crate::{read_all, read_bytes};

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/named");
    std::fs::read(folder.join(name)).unwrap()
}

/// A folder of litgpt.
fn read_litgpt(weights: &[u8], config: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("lit_model.pth"), weights).unwrap();
    std::fs::write(dir.path().join("model_config.yaml"), config).unwrap();
    read_all(dir.path())
}

/// A file of nanochat.
fn read_nanochat(weights: &[u8], meta: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model_000100.pt");
    std::fs::write(&path, weights).unwrap();
    std::fs::write(dir.path().join("meta_000100.json"), meta).unwrap();
    read_all(&path)
}

/// A folder of GPT-NeoX with these bytes in one part of a layer.
fn read_layers(bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    for layer in ["00", "02", "03", "05", "06"] {
        for part in ["00", "01"] {
            let name = format!("layer_{layer}-model_{part}-model_states.pt");
            let own = (layer, part) == ("02", "01");
            let bytes = if own {
                bytes.to_vec()
            } else {
                file(&format!("neox_parts/{name}"))
            };
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
    }
    read_all(dir.path())
}

proptest! {
    #[test]
    fn mutated_headers_of_llm_c_are_read_or_refused(mutations in mutations(), which: bool) {
        let mut bytes = file(if which { "llm_c/model_00000100.bin" } else { "llm_c/model_00000200.bin" });
        let rest = bytes.split_off(40);
        mutate(&mut bytes, &mutations);
        read_bytes("model_00000100.bin", &[bytes, rest].concat());
    }

    #[test]
    fn mutated_settings_of_litgpt_are_read_or_refused(mutations in mutations(), which: bool) {
        let name = if which { "litgpt_neox" } else { "litgpt_llama" };
        let mut config = file(&format!("{name}/model_config.yaml"));
        mutate(&mut config, &mutations);
        read_litgpt(&file(&format!("{name}/lit_model.pth")), &config);
    }

    #[test]
    fn mutated_files_of_trainers_are_read_or_refused(mutations in mutations(), which in 0usize..6) {
        let name = [
            "nanogpt_compiled/ckpt.pt",
            "megatron_llama/iter_0000040/mp_rank_00/model_optim_rng.pt",
            "deepspeed/global_step7/mp_rank_00_model_states.pt",
            "deepspeed_zero2/global_step1/mp_rank_00_model_states.pt",
            "modded_nanogpt/state_step000300.pt",
            "../trainers/lightning/epoch=0-step=2.ckpt",
        ][which];
        let mut bytes = file(name);
        mutate(&mut bytes, &mutations);
        read_bytes("x.pt", &bytes);
    }

    #[test]
    fn mutated_settings_of_nanochat_are_read_or_refused(
        changes in prop_oneof![mutations(), text_mutations()],
        weights in prop::option::of(mutations()),
    ) {
        let [mut model, mut meta] = ["model_000100.pt", "meta_000100.json"].map(|name| file(&format!("nanochat/{name}")));
        match weights {
            Some(changes) => mutate(&mut model, &changes),
            None => mutate(&mut meta, &changes),
        }
        read_nanochat(&model, &meta);
    }

    #[test]
    fn mutated_parts_of_layers_are_read_or_refused(mutations in mutations()) {
        let mut bytes = file("neox_parts/layer_02-model_01-model_states.pt");
        mutate(&mut bytes, &mutations);
        read_layers(&bytes);
    }
}

#[test]
fn the_files_are_read_as_they_are() {
    assert!(read_bytes(
        "model_00000100.bin",
        &file("llm_c/model_00000100.bin")
    ));
    assert!(read_bytes("x.pt", &file("nanogpt_compiled/ckpt.pt")));
    assert!(read_litgpt(
        &file("litgpt_neox/lit_model.pth"),
        &file("litgpt_neox/model_config.yaml")
    ));
    assert!(read_nanochat(
        &file("nanochat/model_000100.pt"),
        &file("nanochat/meta_000100.json")
    ));
    assert!(read_layers(&file(
        "neox_parts/layer_02-model_01-model_states.pt"
    )));
}
