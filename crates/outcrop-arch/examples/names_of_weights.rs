//! From a `config.json` to the tensors that its checkpoint must have.

use outcrop_arch::{HuggingFace, TensorRole};

fn main() -> Result<(), outcrop_arch::Error> {
    let text = r#"{"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12,
        "n_positions": 1024, "vocab_size": 50257, "activation_function": "gelu_new"}"#;
    let HuggingFace { arch, family } = HuggingFace::parse(text, "config.json")?;
    let tensors = family.tensors(&arch)?;
    assert_eq!(tensors[0].name, "transformer.wte.weight");
    assert_eq!(tensors[0].shape, [50257, 768]);
    let up = tensors.iter().filter(|t| t.role == TensorRole::MlpUp);
    assert_eq!(up.count(), 2 * arch.layers); // a matrix and a bias in each block
    Ok(())
}
