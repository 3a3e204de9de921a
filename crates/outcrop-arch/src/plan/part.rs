/// The role of a tensor in the architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TensorRole {
    /// Token embedding [vocab, d_model], or [vocab, embedding_dim].
    TokenEmbedding,
    /// Learned positions [context, d_model]; of a model of images those of the class token and of the patches,
    /// [1 + context, d_model].
    PositionEmbedding,
    /// Normalisation of the input of attention or, for Post-LN, of the sum after it.
    AttentionNorm,
    /// Normalisation of the input of the MLP or, for Post-LN, of the sum after it.
    MlpNorm,
    /// Normalisation before the unembedding.
    FinalNorm,
    /// Queries, keys and values in one projection, as files hold them: laid out as [heads, 3, d_head] in GPT-NeoX
    /// and as [3, heads, d_head] in GPT-2. A plan has the three.
    QueryKeyValue,
    /// Queries, [heads, d_head] outputs.
    Query,
    /// Keys, [kv_heads, d_head] outputs.
    Key,
    /// Values, [kv_heads, d_head] outputs.
    Value,
    /// Norm of each head of queries, gain \[d_head\], or as long as all.
    QueryNorm,
    /// Norm of each head of keys, gain \[d_head\], or as long as all.
    KeyNorm,
    /// The logits of heads beside the scores, \[heads\].
    SinkLogits,
    /// Gates of what heads read, \[heads\] or [heads, d_head] outputs.
    AttentionGate,
    /// The key that every query sees beside those of positions, [kv_heads, d_head] in one vector.
    ExtraKey,
    /// Its value, [kv_heads, d_head] in one vector.
    ExtraValue,
    /// Output projection of attention.
    AttentionOutput,
    /// First matrix of the MLP; in SwiGLU the one that is multiplied by the gate.
    MlpUp,
    /// Matrix of SwiGLU that passes SiLU.
    MlpGate,
    /// Gate and first matrix of a gated MLP in one projection, as files may hold them, the gate first. A plan has
    /// the two.
    MlpGateUp,
    /// Last matrix of the MLP.
    MlpDown,
    /// Unembedding, as wide as the embedding, and its bias \[vocab\].
    Unembedding,
    /// Normalisation of the output of attention, before the addition (Peri-LN).
    AttentionOutputNorm,
    /// Normalisation of the output of the MLP, before the addition (Peri-LN).
    MlpOutputNorm,
    /// The learned number of a nonlinearity above 0, \[1\].
    ActivationPositive,
    /// The same below 0.
    ActivationNegative,
    /// Normalisation of the residual stream before the first block.
    EmbeddingNorm,
    /// Scores of experts, \[count\] outputs.
    Router,
    /// Matrices of experts that pass the nonlinearity, one below another: [count, width] outputs.
    ExpertGate,
    /// First matrices of experts, one below another: [count, width] outputs.
    ExpertUp,
    /// Gates and first matrices of experts in one tensor, as files may hold them. A plan has the two.
    ExpertGateUp,
    /// Last matrices of experts, one below another: [count, d_model] outputs.
    ExpertDown,
    /// The number whose sigmoid the output of the shared expert is multiplied by, 1 output.
    SharedScore,
    /// Matrix of the shared expert that passes the nonlinearity.
    SharedGate,
    /// First matrix of the shared expert.
    SharedUp,
    /// Last matrix of the shared expert.
    SharedDown,
    /// From the embedding into the residual stream, [d_model, embedding_dim].
    EmbeddingProjection,
    /// From the numbers of a patch into the residual stream, [d_model, numbers].
    PatchEmbedding,
    /// The class token of a model of images, [1, d_model].
    ClassToken,
    /// Registers, [registers, d_model].
    Registers,
    /// Gain of what attention writes, \[d_model\].
    AttentionScale,
    /// Gain of what the MLP writes, \[d_model\].
    MlpScale,
    /// From the residual stream to what the unembedding reads, [embedding_dim, d_model].
    UnembeddingProjection,
}

impl TensorRole {
    /// Whether it is of matrices of experts, one below another, or of their biases.
    pub fn is_of_experts(self) -> bool {
        match self {
            Self::ExpertGate | Self::ExpertUp | Self::ExpertGateUp | Self::ExpertDown => true,
            Self::TokenEmbedding
            | Self::PositionEmbedding
            | Self::AttentionNorm
            | Self::MlpNorm
            | Self::FinalNorm
            | Self::QueryKeyValue
            | Self::Query
            | Self::Key
            | Self::Value
            | Self::QueryNorm
            | Self::KeyNorm
            | Self::SinkLogits
            | Self::AttentionGate
            | Self::ExtraKey
            | Self::ExtraValue
            | Self::AttentionOutput
            | Self::MlpUp
            | Self::MlpGate
            | Self::MlpGateUp
            | Self::MlpDown
            | Self::Unembedding
            | Self::AttentionOutputNorm
            | Self::MlpOutputNorm
            | Self::ActivationPositive
            | Self::ActivationNegative
            | Self::EmbeddingNorm
            | Self::Router
            | Self::SharedScore
            | Self::SharedGate
            | Self::SharedUp
            | Self::SharedDown
            | Self::EmbeddingProjection
            | Self::PatchEmbedding
            | Self::ClassToken
            | Self::Registers
            | Self::AttentionScale
            | Self::MlpScale
            | Self::UnembeddingProjection => false,
        }
    }
}

/// Which of the two tensors of a linear map or normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TensorPart {
    /// Matrix, embedding, or gain of a normalisation.
    Weight,
    /// Bias, or shift of a normalisation.
    Bias,
    /// The factor inside of a norm that is a tanh.
    Alpha,
}

/// The kind of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TensorKind {
    /// Rows that are looked up, [rows, d_model], or of which each reads a slice of the channels, [slices, d_model / slices].
    Embedding,
    /// The matrix of a linear map.
    Matrix,
    /// The bias of a linear map.
    Bias,
    /// The gain of a norm.
    Gain,
    /// The shift of a norm.
    Shift,
    /// The factor inside of a norm that is a tanh, \[1\].
    Alpha,
}

impl TensorKind {
    /// Which tensor of its map or norm it is.
    pub fn part(self) -> TensorPart {
        match self {
            Self::Embedding | Self::Matrix | Self::Gain => TensorPart::Weight,
            Self::Bias | Self::Shift => TensorPart::Bias,
            Self::Alpha => TensorPart::Alpha,
        }
    }

    /// Whether weight decay applies: to matrices and embeddings, not to norms and biases.
    pub(crate) fn decays(self) -> bool {
        match self {
            Self::Embedding | Self::Matrix => true,
            Self::Bias | Self::Gain | Self::Shift | Self::Alpha => false,
        }
    }
}

/// Initialisation of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Draw {
    /// 0 everywhere.
    Zeros,
    /// 1 everywhere.
    Ones,
    /// The same number everywhere.
    Constant {
        /// It.
        value: f64,
    },
    /// A random rotation: a square matrix W with W W' = 1, uniform over all of these.
    Orthogonal,
    /// Normal with mean 0.
    Normal {
        /// Standard deviation, above 0.
        std: f64,
    },
}

/// One weight of a [`Plan`](crate::Plan).
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its role.
    pub role: TensorRole,
    /// Its kind.
    pub kind: TensorKind,
    /// [outputs, inputs] of a matrix, [rows, d_model] of an embedding, \[n\] of a vector.
    pub shape: Vec<usize>,
    /// Its initialisation.
    pub init: Draw,
    /// Whether weight decay applies to it.
    pub decays: bool,
    /// Whether the model does not need it: a file may hold the unembedding although it is tied to the embedding. Not
    /// counted.
    pub optional: bool,
}

impl Part {
    /// Its number of elements.
    pub fn count(&self) -> u64 {
        self.shape.iter().map(|n| *n as u64).product()
    }
}
