/// Decoupled weight decay by group, each at least 0: a parameter is multiplied by 1 - rate decay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeightDecay {
    /// Of the matrices of blocks.
    pub matrices: f64,
    /// Of embeddings and of the unembedding.
    pub embeddings: f64,
    /// Of what the plan does not decay: norms and biases.
    pub vectors: f64,
}
