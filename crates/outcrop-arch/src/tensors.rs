//! Under which names, in which shapes and in which layout published checkpoints store weights.

use crate::Result;
use crate::{ArchSpec, Bias, Family, Norm, Position};

/// What a tensor of a checkpoint belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TensorRole {
    /// Token embedding [vocab, d_model].
    TokenEmbedding,
    /// Learned positions [context, d_model].
    PositionEmbedding,
    /// Normalisation before attention.
    AttentionNorm,
    /// Normalisation before the MLP.
    MlpNorm,
    /// Normalisation before the unembedding.
    FinalNorm,
    /// Queries, keys and values in one projection. Its 3 d_model outputs are laid out as
    /// [heads, 3, d_head] in GPT-NeoX and as [3, heads, d_head] in GPT-2.
    QueryKeyValue,
    /// Queries, [heads, d_head] outputs.
    Query,
    /// Keys, [kv_heads, d_head] outputs.
    Key,
    /// Values, [kv_heads, d_head] outputs.
    Value,
    /// RMSNorm over each head of queries, gain \[d_head\].
    QueryNorm,
    /// RMSNorm over each head of keys, gain \[d_head\].
    KeyNorm,
    /// Output projection of attention.
    AttentionOutput,
    /// First matrix of the MLP; in SwiGLU the one that is multiplied by the gate.
    MlpUp,
    /// Matrix of SwiGLU that passes SiLU.
    MlpGate,
    /// Last matrix of the MLP.
    MlpDown,
    /// Unembedding [vocab, d_model].
    Unembedding,
}

/// Which of the two tensors of a linear map or normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TensorPart {
    /// Matrix, embedding, or gain of a normalisation.
    Weight,
    /// Bias, or shift of a normalisation.
    Bias,
}

/// One tensor of a published checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorName {
    /// Its full name, as [`Family::standard_name`] gives it.
    pub name: String,
    /// Its shape as published.
    pub shape: Vec<usize>,
    /// What it belongs to.
    pub role: TensorRole,
    /// Which part of that.
    pub part: TensorPart,
    /// The block, from 1; none outside the blocks.
    pub layer: Option<usize>,
    /// Whether a matrix is stored as [in, out], as in GPT-2; else as [out, in].
    pub transposed: bool,
    /// Whether a checkpoint must have it. A tied unembedding may be there, equal to the embedding,
    /// or not.
    pub required: bool,
}

impl Family {
    /// Every weight that a checkpoint of this family and architecture has. GPT-NeoX's names serve
    /// models of ours too that transformers does not have: without positions or with learned ones
    /// (`gpt_neox.embed_positions`), without biases.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Family, TensorRole};
    ///
    /// let arch = ArchSpec::pythia("70m")?;
    /// let tensors = Family::NeoX.tensors(&arch)?;
    /// let fused = tensors.iter().find(|t| t.role == TensorRole::QueryKeyValue).unwrap();
    /// assert_eq!(fused.name, "gpt_neox.layers.0.attention.query_key_value.weight");
    /// assert_eq!((fused.shape.as_slice(), fused.layer), (&[1536, 512][..], Some(1)));
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ArchSpec::check`] and, but for the models of ours, [`Family::check`].
    pub fn tensors(self, arch: &ArchSpec) -> Result<Vec<TensorName>> {
        arch.check()?;
        self.check(&self.published(arch))?;
        let mut list = List {
            arch,
            transposed: self == Self::Gpt2,
            layer: None,
            tensors: Vec::new(),
        };
        match self {
            Self::NeoX => list.neox(),
            Self::Gpt2 => list.gpt2(),
            Self::Llama => list.llama(),
        }
        list.matrix(
            self.head(),
            TensorRole::Unembedding,
            [arch.vocab, arch.d_model],
        );
        if let Some(head) = list.tensors.last_mut() {
            head.required = !arch.tied;
        }
        Ok(list.tensors)
    }

    /// The name under which [`Family::tensors`] lists the tensor that a file calls `name`: with the
    /// prefix that files of the bare body lack, the unembedding under the name of the family. None
    /// for a buffer that older files keep beside the weights (masks, rotary frequencies), which
    /// says nothing. Other names stay as they are.
    ///
    /// ```
    /// use outcrop_arch::Family;
    ///
    /// let name = |name| Family::Gpt2.standard_name(name);
    /// assert_eq!(name("h.0.ln_1.weight").unwrap(), "transformer.h.0.ln_1.weight");
    /// assert_eq!(name("h.0.attn.bias"), None);
    /// assert_eq!(Family::NeoX.standard_name("lm_head.weight").unwrap(), "embed_out.weight");
    /// ```
    pub fn standard_name(self, name: &str) -> Option<String> {
        const ROTARY: &str = "rotary_emb.inv_freq";
        let (prefix, parts, buffers): (_, &[&str], &[&str]) = match self {
            Self::NeoX => (
                "gpt_neox.",
                &[
                    "embed_in.",
                    "embed_positions.",
                    "layers.",
                    "final_layer_norm.",
                ],
                &[".attention.bias", ".attention.masked_bias", ROTARY],
            ),
            Self::Gpt2 => (
                "transformer.",
                &["wte.", "wpe.", "h.", "ln_f."],
                &[".attn.bias", ".attn.masked_bias"],
            ),
            Self::Llama => ("model.", &["embed_tokens.", "layers.", "norm."], &[ROTARY]),
        };
        if buffers.iter().any(|buffer| name.ends_with(buffer)) {
            return None;
        }
        if ["lm_head.weight", "embed_out.weight"].contains(&name) {
            return Some(format!("{}.weight", self.head()));
        }
        let bare = parts.iter().any(|part| name.starts_with(part));
        Some(format!("{}{name}", if bare { prefix } else { "" }))
    }

    /// What is published in place of an architecture that only models of ours have.
    fn published(self, arch: &ArchSpec) -> ArchSpec {
        let mut published = arch.clone();
        if self == Self::NeoX {
            if matches!(arch.position, Position::Learned | Position::None) {
                published.position = Position::default();
            }
            if arch.bias == Bias::None {
                published.bias = Bias::All;
            }
        }
        published
    }

    /// The module of the unembedding.
    fn head(self) -> &'static str {
        match self {
            Self::NeoX => "embed_out",
            Self::Gpt2 | Self::Llama => "lm_head",
        }
    }
}

struct List<'a> {
    arch: &'a ArchSpec,
    transposed: bool,
    layer: Option<usize>,
    tensors: Vec<TensorName>,
}

impl List<'_> {
    fn neox(&mut self) {
        let [d, ff] = [self.arch.d_model, self.arch.d_ff];
        let bias = self.arch.bias == Bias::All;
        let tokens = [self.arch.vocab, d];
        self.matrix("gpt_neox.embed_in", TensorRole::TokenEmbedding, tokens);
        if self.arch.position == Position::Learned {
            let (name, positions) = ("gpt_neox.embed_positions", [self.arch.context, d]);
            self.matrix(name, TensorRole::PositionEmbedding, positions);
        }
        self.blocks("gpt_neox.layers", |list, at| {
            list.norm(&at("input_layernorm"), TensorRole::AttentionNorm);
            list.norm(&at("post_attention_layernorm"), TensorRole::MlpNorm);
            let mut linear = |module, role, shape| list.linear(&at(module), role, shape, bias);
            let fused = "attention.query_key_value";
            linear(fused, TensorRole::QueryKeyValue, [d, 3 * d]);
            linear("attention.dense", TensorRole::AttentionOutput, [d, d]);
            linear("mlp.dense_h_to_4h", TensorRole::MlpUp, [d, ff]);
            linear("mlp.dense_4h_to_h", TensorRole::MlpDown, [ff, d]);
        });
        self.norm("gpt_neox.final_layer_norm", TensorRole::FinalNorm);
    }

    fn gpt2(&mut self) {
        let [d, ff] = [self.arch.d_model, self.arch.d_ff];
        self.matrix(
            "transformer.wte",
            TensorRole::TokenEmbedding,
            [self.arch.vocab, d],
        );
        let positions = [self.arch.context, d];
        self.matrix("transformer.wpe", TensorRole::PositionEmbedding, positions);
        self.blocks("transformer.h", |list, at| {
            list.norm(&at("ln_1"), TensorRole::AttentionNorm);
            list.linear(
                &at("attn.c_attn"),
                TensorRole::QueryKeyValue,
                [d, 3 * d],
                true,
            );
            list.linear(
                &at("attn.c_proj"),
                TensorRole::AttentionOutput,
                [d, d],
                true,
            );
            list.norm(&at("ln_2"), TensorRole::MlpNorm);
            list.linear(&at("mlp.c_fc"), TensorRole::MlpUp, [d, ff], true);
            list.linear(&at("mlp.c_proj"), TensorRole::MlpDown, [ff, d], true);
        });
        self.norm("transformer.ln_f", TensorRole::FinalNorm);
    }

    fn llama(&mut self) {
        let arch = self.arch;
        let [d, ff] = [arch.d_model, arch.d_ff];
        let [q, kv] = [arch.heads, arch.kv_heads].map(|heads| heads * arch.d_head());
        let (qkv, output, mlp) = (
            arch.bias.qkv(),
            arch.bias.attention_output(),
            arch.bias.mlp(),
        );
        self.matrix(
            "model.embed_tokens",
            TensorRole::TokenEmbedding,
            [arch.vocab, d],
        );
        self.blocks("model.layers", |list, at| {
            list.norm(&at("input_layernorm"), TensorRole::AttentionNorm);
            list.linear(&at("self_attn.q_proj"), TensorRole::Query, [d, q], qkv);
            list.linear(&at("self_attn.k_proj"), TensorRole::Key, [d, kv], qkv);
            list.linear(&at("self_attn.v_proj"), TensorRole::Value, [d, kv], qkv);
            list.linear(
                &at("self_attn.o_proj"),
                TensorRole::AttentionOutput,
                [q, d],
                output,
            );
            if arch.qk_norm {
                list.vector(
                    &at("self_attn.q_norm"),
                    TensorRole::QueryNorm,
                    TensorPart::Weight,
                    arch.d_head(),
                );
                list.vector(
                    &at("self_attn.k_norm"),
                    TensorRole::KeyNorm,
                    TensorPart::Weight,
                    arch.d_head(),
                );
            }
            list.norm(&at("post_attention_layernorm"), TensorRole::MlpNorm);
            list.linear(&at("mlp.gate_proj"), TensorRole::MlpGate, [d, ff], mlp);
            list.linear(&at("mlp.up_proj"), TensorRole::MlpUp, [d, ff], mlp);
            list.linear(&at("mlp.down_proj"), TensorRole::MlpDown, [ff, d], mlp);
        });
        self.norm("model.norm", TensorRole::FinalNorm);
    }

    /// Lists each block with `list`, which is given how to name its modules.
    fn blocks(&mut self, prefix: &str, list: impl Fn(&mut Self, &dyn Fn(&str) -> String)) {
        for index in 0..self.arch.layers {
            self.layer = Some(index + 1);
            list(self, &|module| format!("{prefix}.{index}.{module}"));
        }
        self.layer = None;
    }

    fn norm(&mut self, module: &str, role: TensorRole) {
        self.vector(module, role, TensorPart::Weight, self.arch.d_model);
        if self.arch.norm == Norm::LayerNorm {
            self.vector(module, role, TensorPart::Bias, self.arch.d_model);
        }
    }

    /// A linear map of [in, out] channels.
    fn linear(&mut self, module: &str, role: TensorRole, [input, output]: [usize; 2], bias: bool) {
        let transposed = self.transposed;
        let shape = if transposed {
            [input, output]
        } else {
            [output, input]
        };
        self.push(module, role, TensorPart::Weight, &shape, transposed);
        if bias {
            self.vector(module, role, TensorPart::Bias, output);
        }
    }

    /// A matrix that every family stores alike.
    fn matrix(&mut self, module: &str, role: TensorRole, shape: [usize; 2]) {
        self.push(module, role, TensorPart::Weight, &shape, false);
    }

    fn vector(&mut self, module: &str, role: TensorRole, part: TensorPart, width: usize) {
        self.push(module, role, part, &[width], false);
    }

    fn push(
        &mut self,
        module: &str,
        role: TensorRole,
        part: TensorPart,
        shape: &[usize],
        transposed: bool,
    ) {
        let part_name = match part {
            TensorPart::Weight => "weight",
            TensorPart::Bias => "bias",
        };
        self.tensors.push(TensorName {
            name: format!("{module}.{part_name}"),
            shape: shape.to_vec(),
            role,
            part,
            layer: self.layer,
            transposed,
            required: true,
        });
    }
}
