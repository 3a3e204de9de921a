use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply_serial};
use outcrop_vector::{exp_sum, largest, softcap, softmax};
use rayon::prelude::*;

use crate::attend::AttentionSums;
use crate::heads::Heads;

/// Queries that one task works on.
const ROWS: usize = 120;

/// The attention of one sequence in one block. Its weights are computed when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct AttentionWeights<'a> {
    heads: Heads,
    /// Queries, keys and values of each token, normed and rotated.
    qkv: &'a [f32],
    /// One more score of each head, whose weight falls away; empty where there are none.
    sinks: &'a [f32],
    /// By head; empty where they were not asked for.
    sums: &'a [AttentionSums],
}

impl<'a> AttentionWeights<'a> {
    pub(crate) fn new(
        heads: Heads,
        qkv: &'a [f32],
        sinks: &'a [f32],
        sums: &'a [AttentionSums],
    ) -> Self {
        Self {
            heads,
            qkv,
            sinks,
            sums,
        }
    }

    /// Number of heads.
    pub fn heads(&self) -> usize {
        self.heads.heads
    }

    /// Number of key-value heads: consecutive heads share one.
    pub fn kv_heads(&self) -> usize {
        self.heads.kv_heads
    }

    /// What the weights of `head` (from 0) add up to, after [`Stream::write`](crate::Stream::write); none where that was
    /// not asked for ([`Stream::add_up`](crate::Stream::add_up)).
    pub fn sums(&self, head: usize) -> Option<&'a AttentionSums> {
        self.sums.get(head)
    }

    /// Whether a token sees no later ones.
    pub fn is_causal(&self) -> bool {
        !self.heads.bidirectional
    }

    /// Channels of a head.
    pub fn d_head(&self) -> usize {
        self.heads.d_head
    }

    /// Puts the queries of `head` (from 0) into `rows`, [tokens, d_head]: normed and rotated, before they are scaled.
    ///
    /// # Panics
    /// Where `head` is not below [`AttentionWeights::heads`].
    pub fn queries(&self, head: usize, rows: &mut Vec<f32>) {
        assert!(head < self.heads(), "head {head} of {}", self.heads());
        self.gather(self.heads.query(head), rows);
    }

    /// Puts the keys of `kv_head` (from 0) into `rows`, [tokens, d_head]: normed and rotated.
    ///
    /// # Panics
    /// Where `kv_head` is not below [`AttentionWeights::kv_heads`].
    pub fn keys(&self, kv_head: usize, rows: &mut Vec<f32>) {
        assert!(
            kv_head < self.kv_heads(),
            "head {kv_head} of {}",
            self.kv_heads()
        );
        self.gather(self.heads.key(kv_head), rows);
    }

    /// Puts the values of `kv_head` (from 0) into `rows`, [tokens, d_head].
    ///
    /// # Panics
    /// As [`AttentionWeights::keys`].
    pub fn values(&self, kv_head: usize, rows: &mut Vec<f32>) {
        assert!(
            kv_head < self.kv_heads(),
            "head {kv_head} of {}",
            self.kv_heads()
        );
        self.gather(self.heads.value(kv_head), rows);
    }

    fn gather(&self, start: usize, rows: &mut Vec<f32>) {
        rows.clear();
        for row in self.qkv.chunks_exact(self.heads.width()) {
            rows.extend_from_slice(&row[start..][..self.heads.d_head]);
        }
    }

    /// Number of tokens of the sequence.
    pub fn tokens(&self) -> usize {
        self.qkv.len().checked_div(self.heads.width()).unwrap_or(0)
    }

    /// Puts the weights of `head` (from 0) into `weights`: [tokens, tokens] by rows, in row i what token
    /// i gives to each token j: exp(s_ij) / sum over j' <= i of exp(s_ij'), s = q k' / sqrt(d_head),
    /// between 0 and 1, and 0 for j > i, which it does not see (Vaswani et al. 2017, equation 1), and before
    /// its window where the layer has one; over all j in a block that is bidirectional; with another scale, bounds and linear biases as the block has them. Where the
    /// head has a sink logit z, exp(z) is part of the sum, so that a row adds up to less than 1.
    /// Computed from queries and keys on the current rayon pool.
    ///
    /// # Panics
    /// Where `head` is not below [`AttentionWeights::heads`].
    pub fn weights(&self, head: usize, weights: &mut Vec<f32>) {
        assert!(head < self.heads(), "head {head} of {}", self.heads());
        let (tokens, width, d_head) = (self.tokens(), self.heads.width(), self.heads.d_head);
        let mut keys = Packed::default();
        let key = &self.qkv[self.heads.key(head / self.heads.group())..];
        keys.pack(key, d_head, tokens, 1, width);
        let (scale, bias) = (self.heads.scale, self.heads.biases().get(head).copied());
        let sink = self.sinks.get(head).copied();
        weights.resize(tokens * tokens, 0.0);
        let blocks = weights.par_chunks_mut(ROWS * tokens).enumerate();
        blocks.for_each(|(i, block)| {
            let (first, rows) = (i * ROWS, block.len() / tokens);
            let end = self.heads.seen(first + rows - 1, tokens);
            let queries = &self.qkv[first * width + self.heads.query(head)..];
            let queries = LeftMatrix::new(queries, width);
            multiply_serial(queries, keys.part(d_head, end), block, tokens, Onto::ZERO);
            for (row, line) in block.chunks_exact_mut(tokens).enumerate() {
                let (past, later) = line.split_at_mut(self.heads.seen(first + row, tokens));
                let (before, seen) = past.split_at_mut(self.heads.first_seen(first + row));
                let query = first + row;
                let beside = bias.is_some() || sink.is_some();
                if self.heads.softcap.is_some() || beside || scale < 0.0 {
                    seen.iter_mut().for_each(|score| *score *= scale);
                    if let Some(cap) = self.heads.softcap {
                        softcap(seen, cap);
                    }
                    if let Some(bias) = bias {
                        let from = self.heads.first_seen(query);
                        bias.add(seen, |_| query, |column| from + column);
                    }
                    let share = sink.map(|sink| kept(seen, sink));
                    softmax(seen, 1.0);
                    if let Some(share) = share {
                        seen.iter_mut().for_each(|weight| *weight *= share);
                    }
                } else {
                    softmax(seen, scale);
                }
                before.fill(0.0);
                later.fill(0.0);
            }
        });
    }
}

/// The share of all weight that scores have beside a sink: 1 / (1 + exp(sink - ln sum exp(score))).
fn kept(scores: &[f32], sink: f32) -> f32 {
    let most = largest(scores);
    let log_sum = most + exp_sum(scores, most).ln();
    1.0 / (1.0 + (sink - log_sum).exp())
}
