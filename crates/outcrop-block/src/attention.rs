use outcrop_arch::AttentionWeighting;
use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply_serial};
use outcrop_vector::{softcap, softmax};
use rayon::prelude::*;

use crate::attend::AttentionSums;
use crate::extra::Extra;
use crate::heads::Heads;

/// Queries that one task works on.
const ROWS: usize = 120;

/// The attention of one sequence in one block. Its weights are computed when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct AttentionWeights<'a> {
    heads: Heads,
    /// Queries, keys and values of each token, normed and rotated.
    qkv: &'a [f32],
    /// One more score of each query beside those of its keys.
    extra: Extra<&'a [f32]>,
    /// By head; empty where they were not asked for.
    sums: &'a [AttentionSums],
}

impl<'a> AttentionWeights<'a> {
    pub(crate) fn new(
        heads: Heads,
        qkv: &'a [f32],
        extra: Extra<&'a [f32]>,
        sums: &'a [AttentionSums],
    ) -> Self {
        Self {
            heads,
            qkv,
            extra,
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
    /// not asked for ([`Stream::add_up`](crate::Stream::add_up)), or is not known: where weights are not those of softmax
    /// alone, without a score beside those of the keys.
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
    /// i gives to each token j, made of the scores s = q k' / sqrt(d_head) of the keys that it sees: with softmax exp(s_ij) /
    /// sum over j' <= i of exp(s_ij'), between 0 and 1 (Vaswani et al. 2017, equation 1), with another
    /// [`AttentionWeighting`](outcrop_arch::AttentionWeighting) as that says. 0 for j > i, which it does not see, and before
    /// its window where the layer has one; over all j in a block that is bidirectional; with another scale, bounds and
    /// linear biases as the block has them.
    ///
    /// What these weights are multiplied with is what the token reads: they are never normalised again. A row adds up to 1
    /// with softmax alone. Where the query has one more score z (softmax with 1 in the sum, sink logits, a learned key),
    /// that is part of the sum, and its weight is in no column: a row adds up to less than 1, as with clipped softmax whose
    /// `eta` is 1, and with softpick, where a row may be 0 altogether. Sigmoids add up to anything between 0 and the number of keys.
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
        let kv_head = head / self.heads.group();
        let extra = self.extra.of_head(head, [kv_head, d_head]);
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
                let beside = bias.is_some() || extra.is_some();
                let other = self.heads.weighting != AttentionWeighting::Softmax;
                if self.heads.softcap.is_some() || beside || other || scale < 0.0 {
                    seen.iter_mut().for_each(|score| *score *= scale);
                    if let Some(cap) = self.heads.softcap {
                        softcap(seen, cap);
                    }
                    if let Some(bias) = bias {
                        let from = self.heads.first_seen(query);
                        bias.add(seen, |_| query, |column| from + column);
                    }
                    let own = &self.qkv[query * width + self.heads.query(head)..][..d_head];
                    let extra = extra.map(|extra| self.heads.extra_score(extra, own));
                    self.heads.weigh_row(seen, extra);
                } else {
                    softmax(seen, scale);
                }
                before.fill(0.0);
                later.fill(0.0);
            }
        });
    }
}
