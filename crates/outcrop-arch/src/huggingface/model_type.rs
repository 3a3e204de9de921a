use crate::Family;

/// The `model_type` of a `config.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModelType {
    NeoX,
    Gpt2,
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
}

impl ModelType {
    pub(super) const ALL: [Self; 6] = [
        Self::NeoX,
        Self::Gpt2,
        Self::Llama,
        Self::Mistral,
        Self::Qwen2,
        Self::Qwen3,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NeoX => "gpt_neox",
            Self::Gpt2 => "gpt2",
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }

    pub(super) fn family(self) -> Family {
        match self {
            Self::NeoX => Family::NeoX,
            Self::Gpt2 => Family::Gpt2,
            Self::Llama | Self::Mistral | Self::Qwen2 | Self::Qwen3 => Family::Llama,
        }
    }

    /// The classes that `architectures` may name: language models and bare bodies.
    pub(super) fn classes(self) -> &'static [&'static str] {
        match self {
            Self::NeoX => &["GPTNeoXForCausalLM", "GPTNeoXModel"],
            Self::Gpt2 => &["GPT2LMHeadModel", "GPT2Model"],
            Self::Llama => &["LlamaForCausalLM", "LlamaModel", "LLaMAForCausalLM"],
            Self::Mistral => &["MistralForCausalLM", "MistralModel"],
            Self::Qwen2 => &["Qwen2ForCausalLM", "Qwen2Model"],
            Self::Qwen3 => &["Qwen3ForCausalLM", "Qwen3Model"],
        }
    }
}
