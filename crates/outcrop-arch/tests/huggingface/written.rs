//! Configs of checkpoints that are trained here: those with which transformers loaded them and computed the same
//! (`fixtures/trained/export.py`).

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_arch::HuggingFace;
use serde_json::Value;

/// The config of every model of text that `outcrop-forward` compares with transformers.
fn models() -> BTreeMap<String, Value> {
    let cases =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../outcrop-forward/tests/families/cases");
    let read = |file: std::io::Result<std::fs::DirEntry>| {
        let path = file.unwrap().path();
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, case["config"].clone())
    };
    let models = std::fs::read_dir(cases).unwrap().map(read);
    let images = |config: &Value| config.get("patch_size").is_some();
    models.filter(|(_, config)| !images(config)).collect()
}

#[test]
fn the_architecture_of_every_model_is_written_as_transformers_loads_it() {
    let trained = include_str!("../fixtures/trained/trained.json");
    let trained: BTreeMap<String, Value> = serde_json::from_str(trained).unwrap();
    let models = models();
    assert!(trained.keys().eq(models.keys()));
    for (name, config) in models {
        let arch = HuggingFace::parse(&config.to_string(), &name).unwrap().arch;
        let written = arch.to_huggingface().unwrap();
        assert_eq!(written, trained[&name], "{name}");
        let back = HuggingFace::parse(&written.to_string(), &name).unwrap();
        assert_eq!((&back.arch, back.family), (&arch, arch.family()), "{name}");
    }
}
