use std::fmt;

/// Where in the plan of a transformer a tensor is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Site {
    /// The residual stream before the first block.
    Embedding,
    /// The residual stream after a block: the hidden state.
    ResidualStream,
    /// What the norm gives to attention.
    AttentionInput,
    /// What the norm gives to the MLP.
    MlpInput,
    /// The queries of one head, as they are multiplied with the keys.
    Queries,
    /// The keys of one head, as they are multiplied with the queries.
    Keys,
    /// The values of one head.
    Values,
    /// The attention weights of one head, after softmax.
    AttentionWeights,
    /// What attention adds to the residual stream.
    AttentionWrite,
    /// What the nonlinearity of a gated MLP reads.
    Gate,
    /// What the last matrix of the MLP reads.
    MlpHidden,
    /// What the MLP adds to the residual stream.
    MlpWrite,
    /// What the final norm gives to the unembedding.
    FinalNorm,
    /// The final norm and the head applied to the residual stream of a layer: the logit lens.
    Logits,
    /// The head alone applied to it, without the final norm (arXiv 2502.03628).
    LogitsWithoutNorm,
    /// The logits of the model when its residual stream is rounded to int8 after every block.
    LogitsInt8,
    /// The logits of the model where a corpus has answers, of held-out sequences.
    HeldOutAnswers,
    /// The same, of sequences that are trained on.
    TrainingAnswers,
    /// The largest magnitude of each layer, one row a layer: the embedding, then block after block.
    LayerMaxima,
    /// One vector a sequence, such as the mean of its hidden state.
    Sequences,
}

impl Site {
    /// All of them, in the order of the enum.
    pub const ALL: [Self; 20] = [
        Self::Embedding,
        Self::ResidualStream,
        Self::AttentionInput,
        Self::MlpInput,
        Self::Queries,
        Self::Keys,
        Self::Values,
        Self::AttentionWeights,
        Self::AttentionWrite,
        Self::Gate,
        Self::MlpHidden,
        Self::MlpWrite,
        Self::FinalNorm,
        Self::Logits,
        Self::LogitsWithoutNorm,
        Self::LogitsInt8,
        Self::HeldOutAnswers,
        Self::TrainingAnswers,
        Self::LayerMaxima,
        Self::Sequences,
    ];

    /// Every tensor that is a hidden state or is added to one.
    pub(crate) const STATES: &'static [Self] = &[
        Self::ResidualStream,
        Self::Embedding,
        Self::AttentionInput,
        Self::MlpInput,
        Self::AttentionWrite,
        Self::MlpWrite,
        Self::FinalNorm,
    ];

    /// The word in the column `place` of tables, such as `residual-stream`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::ResidualStream => "residual-stream",
            Self::AttentionInput => "attention-input",
            Self::MlpInput => "mlp-input",
            Self::Queries => "queries",
            Self::Keys => "keys",
            Self::Values => "values",
            Self::AttentionWeights => "attention-weights",
            Self::AttentionWrite => "attention-write",
            Self::Gate => "gate",
            Self::MlpHidden => "mlp-hidden",
            Self::MlpWrite => "mlp-write",
            Self::FinalNorm => "final-norm",
            Self::Logits => "logits",
            Self::LogitsWithoutNorm => "logits-without-norm",
            Self::LogitsInt8 => "logits-int8",
            Self::HeldOutAnswers => "held-out-answers",
            Self::TrainingAnswers => "training-answers",
            Self::LayerMaxima => "layer-maxima",
            Self::Sequences => "sequences",
        }
    }

    /// The site of this name.
    ///
    /// ```
    /// use outcrop_observe::Site;
    /// assert_eq!(Site::named("mlp-write"), Some(Site::MlpWrite));
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|site| site.name() == name)
    }

    /// The shape of its tensor.
    pub fn shape(self) -> &'static str {
        match self {
            Self::Embedding
            | Self::ResidualStream
            | Self::AttentionInput
            | Self::MlpInput
            | Self::AttentionWrite
            | Self::MlpWrite
            | Self::FinalNorm => "[positions, channels]",
            Self::Gate | Self::MlpHidden => "[positions, neurons]",
            Self::Queries | Self::Keys | Self::Values => "[positions, channels of a head]",
            Self::AttentionWeights => "[queries, keys]",
            Self::Logits | Self::LogitsWithoutNorm | Self::LogitsInt8 => "[positions, vocabulary]",
            Self::HeldOutAnswers | Self::TrainingAnswers => "[answers, vocabulary]",
            Self::LayerMaxima => "[layers + 1, 1]",
            Self::Sequences => "[sequences, channels]",
        }
    }

    /// In words, for a page.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Embedding => "the residual stream before the first block",
            Self::ResidualStream => "the residual stream after a block: the hidden state",
            Self::AttentionInput => "what the norm gives to attention",
            Self::MlpInput => "what the norm gives to the MLP",
            Self::Queries => "the queries of one head, with their rotation",
            Self::Keys => "the keys of one head, with their rotation",
            Self::Values => "the values of one head",
            Self::AttentionWeights => "the attention weights of one head, after softmax",
            Self::AttentionWrite => "what attention adds to the residual stream",
            Self::Gate => "what the nonlinearity of a gated MLP reads",
            Self::MlpHidden => "what the last matrix of the MLP reads",
            Self::MlpWrite => "what the MLP adds to the residual stream",
            Self::FinalNorm => "what the final norm gives to the unembedding",
            Self::Logits => "final norm and head applied to the residual stream of a layer",
            Self::LogitsWithoutNorm => "the head alone applied to it",
            Self::LogitsInt8 => {
                "the logits of the model when its residual stream is rounded to int8 after every block"
            }
            Self::HeldOutAnswers => {
                "the logits of the model where a corpus has answers, of held-out sequences"
            }
            Self::TrainingAnswers => "the same, of sequences that are trained on",
            Self::LayerMaxima => "the largest magnitude of the embedding and of each layer",
            Self::Sequences => "one vector a sequence, such as the mean of its hidden state",
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
