//! The extra score of each query, beside those of its keys: O(tokens d_head), where the keys take O(tokens^2 d_head).

use outcrop_gemm::Aligned;
use outcrop_vector::{add_outer, add_weighted, row_products, row_sum, softcap, softcap_slopes};

use super::Scratch;
use crate::extra::{Extra, HeadExtra};
use crate::heads::Heads;

/// What is remembered of the extra score of each query of a head, last token first.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Scores, then softmax weights or weights.
    scores: Vec<f32>,
    /// Gradients of weights, then of scores.
    gradients: Vec<f32>,
    weights: Vec<f32>,
    slopes: Vec<f32>,
}

impl Heads {
    /// The extra scores of the queries `columns` [d_head, panel], which are scaled.
    pub(super) fn extra_scores(&self, extra: HeadExtra<'_>, columns: &Aligned, scores: &mut [f32]) {
        match extra {
            HeadExtra::Score(score) => scores.fill(score),
            HeadExtra::Key(key, _) => {
                scores.fill(0.0);
                add_weighted(key, columns, scores);
                if let Some(cap) = self.softcap {
                    softcap(scores, cap);
                }
            }
        }
    }

    /// The extra score of one query [d_head], which is not scaled.
    pub(crate) fn extra_score(&self, extra: HeadExtra<'_>, query: &[f32]) -> f32 {
        match extra {
            HeadExtra::Score(score) => score,
            HeadExtra::Key(key, _) => {
                let mut score = [outcrop_vector::dot(query, key) * self.scale];
                if let Some(cap) = self.softcap {
                    softcap(&mut score, cap);
                }
                score[0]
            }
        }
    }

    /// Computes the weights of the extra scores again and what they get; of weights that are looked at twice, what all of
    /// a query get together becomes complete with these.
    pub(super) fn extra_weights(&self, extra: HeadExtra<'_>, scratch: &mut Scratch) {
        let count = scratch.known.log_sums.len();
        let Lines {
            scores,
            gradients,
            weights,
            slopes,
        } = &mut scratch.extra;
        for line in [&mut *scores, &mut *gradients, &mut *weights, &mut *slopes] {
            line.clear();
            line.resize(count, 0.0);
        }
        match extra {
            HeadExtra::Score(score) => scores.fill(score),
            HeadExtra::Key(key, value) => {
                row_products(&scratch.queries, key, scores);
                if let Some(cap) = self.softcap {
                    softcap_slopes(scores, cap, slopes);
                }
                if let Some(value) = value {
                    row_products(&scratch.dread, value, gradients);
                }
            }
        }
        self.weigh_backward([scores, gradients, weights], &mut scratch.known, 1);
    }

    /// Adds the gradients of what is learned, and those of the queries, from what [`Heads::extra_weights`] made.
    pub(super) fn extra_backward(
        &self,
        head: usize,
        extra: HeadExtra<'_>,
        sums: &mut Extra<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        let Lines {
            scores,
            gradients,
            weights,
            slopes,
        } = &mut scratch.extra;
        if self.looks_twice() {
            outcrop_vector::clip_panel_levelled(gradients, scores, &scratch.known.levels, 1);
        }
        let weights = if self.looks_twice() { weights } else { scores };
        let d = self.d_head;
        let own = head / self.group() * d..(head / self.group() + 1) * d;
        match (extra, sums) {
            (HeadExtra::Key(given, _), Extra::Key { key, value }) => {
                if self.softcap.is_some() {
                    outcrop_vector::multiply_into(slopes, gradients);
                }
                add_weighted(gradients, &scratch.queries, &mut key[own.clone()]);
                add_outer(gradients, given, &mut scratch.dqueries);
                if let Some(value) = value {
                    add_weighted(weights, &scratch.dread, &mut value[own]);
                }
            }
            (_, Extra::Logits(sums)) => sums[head] += row_sum(gradients),
            (_, Extra::None | Extra::Zero | Extra::Key { .. }) => {}
        }
    }
}
