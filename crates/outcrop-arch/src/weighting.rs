/// How the scores s_j of a query become the weights of the values that it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum AttentionWeighting {
    /// p_j = exp(s_j) / (sum over the keys of exp(s), + exp(z) where there is one more score z).
    #[default]
    Softmax,
    /// clip((eta - gamma) p_j + gamma, 0, 1) of the weights p of softmax.
    ClippedSoftmax {
        /// The upper bound, at least 1.
        eta: f64,
        /// The lower bound, at most 0.
        gamma: f64,
    },
    /// max(x_j, 0) / (sum over the keys of |x|, + |x(z)|, + 1e-8), x = exp(s) - 1.
    Softpick,
    /// 1 / (1 + exp(-s_j)).
    Sigmoid,
}

/// One more score z of each query beside those of the keys that it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraScore {
    /// z = 0; its weight falls away.
    Zero,
    /// z is learned, one a head, the vector of [`TensorRole::SinkLogits`](crate::TensorRole::SinkLogits); its weight falls
    /// away.
    Logits,
    /// z is that of a learned key of each key-value head, the vector of [`TensorRole::ExtraKey`](crate::TensorRole::ExtraKey),
    /// with the query as attention takes it: scaled and bounded as other scores, without linear bias. Its weight falls away.
    Key,
    /// The same, and its weight is that of a learned value, the vector of
    /// [`TensorRole::ExtraValue`](crate::TensorRole::ExtraValue).
    KeyValue,
}
