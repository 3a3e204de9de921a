use super::{Activation, ArchSpec, Norm, NormPlacement, Position};

/// How many parameters an architecture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// All of them.
    pub total: u64,
    /// Without token embedding, position embedding and unembedding.
    pub non_embedding: u64,
}

impl ArchSpec {
    /// Number of parameters, in total and without embeddings.
    pub fn parameters(&self) -> Parameters {
        let [d, ff, layers] = [self.d_model, self.d_ff, self.layers].map(|n| n as u64);
        let [heads, kv_heads, d_head] =
            [self.heads, self.kv_heads, self.d_head()].map(|n| n as u64);
        let linear = |i: u64, o: u64, bias: bool| i * o + if bias { o } else { 0 };
        let norm = match self.norm {
            Norm::LayerNorm => 2 * d,
            Norm::RmsNorm => d,
        };
        let norms = match self.norm_placement {
            NormPlacement::Pre | NormPlacement::Post => 2,
            NormPlacement::Peri => 4,
        };
        let attention = linear(d, (heads + 2 * kv_heads) * d_head, self.bias.qkv())
            + linear(heads * d_head, d, self.bias.attention_output())
            + if self.qk_norm { 2 * d_head } else { 0 };
        let up = match self.activation {
            Activation::SwiGlu => 2,
            Activation::Gelu | Activation::GeluTanh | Activation::Relu => 1,
        };
        let mlp = up * linear(d, ff, self.bias.mlp()) + linear(ff, d, self.bias.mlp());
        let final_norm = match self.norm_placement {
            NormPlacement::Post => 0,
            _ => norm,
        };
        let non_embedding = layers * (norms * norm + attention + mlp) + final_norm;
        let tokens = self.vocab as u64 * d * if self.tied { 1 } else { 2 };
        let positions = match self.position {
            Position::Learned => self.context as u64 * d,
            _ => 0,
        };
        Parameters {
            total: non_embedding + tokens + positions,
            non_embedding,
        }
    }
}
