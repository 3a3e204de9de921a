use crate::{Activation, ArchSpec, Norm, NormPlacement, Position};

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

    /// Floating-point operations of training on one token, forward and backward: 6 N for the
    /// matrices and 12 L H d_head T for attention scores over the whole context T (Kaplan et al.
    /// 2020, section 2.1). N is without embeddings but with the unembedding, which multiplies even
    /// where it is tied.
    ///
    /// ```
    /// use outcrop_arch::ArchSpec;
    ///
    /// let spec = ArchSpec::pythia("70m")?; // L = 6, d = 512, T = 2048, vocabulary 50304
    /// let matrices = 18_915_328 + 50_304 * 512; // as `parameters` counts
    /// assert_eq!(spec.flops_per_token(), (6 * matrices + 12 * 6 * 512 * 2048) as f64);
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    pub fn flops_per_token(&self) -> f64 {
        let [layers, context, vocab] = [self.layers, self.context, self.vocab].map(|n| n as f64);
        let matrices = self.parameters().non_embedding as f64 + vocab * self.d_model as f64;
        let scores = layers * context * (self.heads as f64 * self.d_head() as f64);
        6.0 * matrices + 12.0 * scores
    }
}
