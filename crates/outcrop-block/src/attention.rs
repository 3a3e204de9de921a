use outcrop_arch::AttentionWeighting;
use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply_serial};
use outcrop_vector::{softcap, softmax};
use rayon::prelude::*;

use crate::attend::AttentionSums;
use crate::extra::Extra;
use crate::heads::Heads;

/// Heads whose rows one task puts apart: they stay in the second-level cache.
const HEADS: usize = 4;
/// Rows of which it does so together.
const TOGETHER: usize = 4;

/// Rows of one head, from 0: queries and keys normed and rotated, queries before they are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadPart {
    /// Of a query head.
    Queries(usize),
    /// Of a key-value head.
    Keys(usize),
    /// Of a key-value head.
    Values(usize),
}

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

    /// Puts the rows of some heads into `rows`, [parts, tokens, d_head]: a few heads in one pass over all rows, of which each
    /// head has a small part. On the current rayon pool.
    ///
    /// # Panics
    /// Where a head is not below [`AttentionWeights::heads`], or [`AttentionWeights::kv_heads`].
    pub fn put_apart(&self, parts: &[HeadPart], rows: &mut Vec<f32>) {
        rows.resize(parts.len() * self.tokens() * self.heads.d_head, 0.0);
        self.put_into(parts, rows);
    }

    /// As [`AttentionWeights::put_apart`], into memory of that length: vectors are read fastest where it begins on a line.
    ///
    /// # Panics
    /// As [`AttentionWeights::put_apart`].
    pub fn put_into(&self, parts: &[HeadPart], rows: &mut [f32]) {
        let (width, d_head) = (self.heads.width(), self.heads.d_head);
        let size = self.tokens() * d_head;
        let starts: Vec<usize> = parts.iter().map(|part| self.start(*part)).collect();
        let shares = rows.par_chunks_mut((HEADS * size).max(1));
        shares
            .zip(starts.par_chunks(HEADS))
            .for_each(|(rows, starts)| {
                for (group, lines) in self.qkv.chunks(TOGETHER * width).enumerate() {
                    let first = group * TOGETHER * d_head;
                    for (rows, start) in rows.chunks_exact_mut(size).zip(starts) {
                        let rows = rows[first..].chunks_exact_mut(d_head);
                        for (row, line) in rows.zip(lines.chunks_exact(width)) {
                            row.copy_from_slice(&line[*start..][..d_head]);
                        }
                    }
                }
            });
    }

    /// Where the numbers of a part begin in a row.
    fn start(&self, part: HeadPart) -> usize {
        let (head, heads) = match part {
            HeadPart::Queries(head) => (head, self.heads()),
            HeadPart::Keys(head) | HeadPart::Values(head) => (head, self.kv_heads()),
        };
        assert!(head < heads, "head {head} of {heads}");
        match part {
            HeadPart::Queries(head) => self.heads.query(head),
            HeadPart::Keys(head) => self.heads.key(head),
            HeadPart::Values(head) => self.heads.value(head),
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
