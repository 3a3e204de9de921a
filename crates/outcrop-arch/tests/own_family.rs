//! A family that is added from outside of the crate: what differs from Llama is said, the rest is its base's.

use outcrop_arch::{
    ArchSpec, FAMILIES, Family, HuggingFace, LLAMA, Layout, QkNorm, TensorRole, module,
};

/// As Llama, with other names and its matrices stored as [in, out].
static LAMA: Family = Family {
    name: "Lama",
    model_type: "lama",
    aliases: &[],
    classes: &["LamaForCausalLM"],
    base: Some(&LLAMA),
    settings: None,
    read: None,
    write: None,
    holds: None,
    layout: Some(&LAYOUT),
};

static LAYOUT: Layout = Layout {
    body: "decoder.",
    start: &[module("tokens", &[TensorRole::TokenEmbedding])],
    blocks: "blocks",
    block: &[
        module("norm_1", &[TensorRole::AttentionNorm]),
        module("attention.q", &[TensorRole::Query]),
        module("attention.k", &[TensorRole::Key]),
        module("attention.v", &[TensorRole::Value]),
        module("attention.out", &[TensorRole::AttentionOutput]),
        module("norm_2", &[TensorRole::MlpNorm]),
        module("mlp.gate", &[TensorRole::MlpGate]),
        module("mlp.up", &[TensorRole::MlpUp]),
        module("mlp.down", &[TensorRole::MlpDown]),
    ],
    end: &[module("norm", &[TensorRole::FinalNorm])],
    head: module("head", &[TensorRole::Unembedding]),
    transposed: true,
    ..Layout::NONE
};

const CONFIG: &str = r#"{"model_type": "lama", "architectures": ["LamaForCausalLM"], "num_hidden_layers": 2,
    "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96,
    "max_position_embeddings": 128, "vocab_size": 100}"#;

fn parse(text: &str) -> outcrop_arch::Result<HuggingFace> {
    let families: Vec<&'static Family> = FAMILIES.into_iter().chain([&LAMA]).collect();
    HuggingFace::parse_among(&families, text, "config.json")
}

#[test]
fn its_config_is_read_as_that_of_its_base() {
    let read = parse(CONFIG).unwrap();
    assert_eq!(read.family, &LAMA);
    let llama = CONFIG
        .replace("LamaFor", "LlamaFor")
        .replace("lama\"", "llama\"");
    let llama = HuggingFace::parse(&llama, "config.json").unwrap();
    assert_eq!((llama.family, llama.arch), (&LLAMA, read.arch));
    let near = parse(&CONFIG.replace("lama\"", "lamas\""))
        .unwrap_err()
        .to_string();
    assert!(near.contains("`lama`"), "{near}");
    let unknown = CONFIG.replace("vocab_size\"", "vocab_size\": 100, \"logit_scale\"");
    assert!(
        parse(&unknown)
            .unwrap_err()
            .to_string()
            .contains("logit_scale")
    );
}

#[test]
fn its_tensors_have_its_names_and_layout() {
    let HuggingFace { arch, family } = parse(CONFIG).unwrap();
    let tensors = family.tensors(&arch).unwrap();
    let up = tensors
        .iter()
        .find(|t| t.role == TensorRole::MlpUp)
        .unwrap();
    assert_eq!(
        (up.name.as_str(), up.shape.as_slice()),
        ("decoder.blocks.0.mlp.up.weight", &[64, 96][..])
    );
    let llama = LLAMA.tensors(&arch).unwrap();
    assert_eq!(tensors.len(), llama.len());
    let size = |tensor: &outcrop_arch::TensorName| tensor.shape.iter().product::<usize>();
    assert_eq!(
        tensors.iter().map(size).sum::<usize>() as u64,
        arch.parameters().total
    );
    assert_eq!(
        family.standard_name("blocks.1.norm_1.weight").unwrap(),
        "decoder.blocks.1.norm_1.weight"
    );
    // norms of queries and keys have no name in it
    let normed = ArchSpec {
        qk_norm: QkNorm::Head,
        ..arch
    };
    assert!(
        family
            .tensors(&normed)
            .unwrap_err()
            .to_string()
            .contains("QueryNorm")
    );
}
