/// How the scores s_j of a query become the weights of the values that it reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AttentionWeighting {
    /// p_j = exp(s_j) / (sum over the keys of exp(s), + exp(z) where there is one more score z).
    Softmax,
}

/// One more score z of each query beside those of the keys that it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraScore {
    /// z = 0; its weight falls away.
    Zero,
    /// z is learned, one a head, the vector of [`TensorRole::SinkLogits`](crate::TensorRole::SinkLogits); its weight falls
    /// away.
    Logits,
}
