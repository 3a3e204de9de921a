use outcrop_gemm::{Onto, Packed, Rows, multiply_serial};
use outcrop_vector::softmax;
use rayon::prelude::*;

use crate::attend::Fused;

/// Queries that one task works on.
const ROWS: usize = 120;

/// The attention of one sequence in one block. Its weights are computed when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    fused: Fused,
    /// [queries | keys | values] of each token, heads in order, normed and rotated.
    qkv: &'a [f32],
}

impl<'a> Attention<'a> {
    pub(crate) fn new(fused: Fused, qkv: &'a [f32]) -> Self {
        Self { fused, qkv }
    }

    /// Number of heads.
    pub fn heads(&self) -> usize {
        self.fused.heads
    }

    /// Number of tokens of the sequence.
    pub fn tokens(&self) -> usize {
        self.qkv.len() / self.fused.width()
    }

    /// Puts the weights of `head` (from 0) into `weights`: [tokens, tokens] by rows, in row i what token
    /// i gives to each token j: exp(s_ij) / sum over j' <= i of exp(s_ij'), s = q k' / sqrt(d_head),
    /// between 0 and 1, and 0 for j > i, which it does not see (Vaswani et al. 2017, equation 1), and before
    /// its window where the layer has one. Computed from queries and keys on the current rayon pool.
    ///
    /// # Panics
    /// Where `head` is not below [`Attention::heads`].
    pub fn weights(&self, head: usize, weights: &mut Vec<f32>) {
        assert!(head < self.heads(), "head {head} of {}", self.heads());
        let (tokens, width, d_head) = (self.tokens(), self.fused.width(), self.fused.d_head);
        let group = head * self.fused.kv_heads / self.fused.heads;
        let mut keys = Packed::default();
        let key = &self.qkv[(self.fused.heads + group) * d_head..];
        keys.pack(key, d_head, tokens, 1, width);
        let factor = 1.0 / (d_head as f32).sqrt();
        weights.resize(tokens * tokens, 0.0);
        let blocks = weights.par_chunks_mut(ROWS * tokens).enumerate();
        blocks.for_each(|(i, block)| {
            let (first, end) = (i * ROWS, i * ROWS + block.len() / tokens);
            let queries = Rows::new(&self.qkv[first * width + head * d_head..], width);
            multiply_serial(queries, keys.part(d_head, end), block, tokens, Onto::ZERO);
            for (row, line) in block.chunks_exact_mut(tokens).enumerate() {
                let (past, later) = line.split_at_mut(first + row + 1);
                let (before, seen) = past.split_at_mut(self.fused.first_seen(first + row));
                softmax(seen, factor);
                before.fill(0.0);
                later.fill(0.0);
            }
        });
    }
}
