//! Muon.

#[cfg(feature = "burn")]
mod update;

#[cfg(feature = "burn")]
use self::update::Muon;
#[cfg(feature = "burn")]
use super::adamw::AdamW;
use super::row::{OptimizerKeys, Row};
#[cfg(feature = "burn")]
use super::rule::is_matrix;

pub(in crate::optimizer) static ROW: Row = Row {
    word: "muon",
    about: "For the matrices of blocks: m = b m + (1 - b) g, u = (1 - b) g + b m with nesterov, else m, \
            p = (1 - rate decay) p - rate 0.2 sqrt(max(inputs, outputs)) NS(u), where NS makes the singular values of \
            u / |u| nearly 1 by five Newton-Schulz steps x = 3.4445 x - 4.7750 (x x') x + 2.0315 (x x')^2 x. \
            What is multiplied with the same rows (queries, keys and values; gate and up of an MLP, or of one expert) is \
            one matrix. \
            Embeddings, unembedding, norms and biases are AdamW's, with betas and e.",
    source: "Jordan et al. 2024; the factor 0.2 is Moonlight's, Liu et al., 2502.16982",
    defaults: OptimizerKeys {
        betas: Some([0.9, 0.95]),
        eps: Some(1e-8),
        momentum: Some(0.95),
        nesterov: Some(true),
    },
    #[cfg(feature = "burn")]
    rule: |weight| match is_matrix(weight) {
        true => &Muon,
        false => &AdamW,
    },
};
