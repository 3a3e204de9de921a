//! From scores to weights, a panel of queries at a time; and back, a panel of keys at a time.

use outcrop_arch::AttentionWeighting;
use outcrop_vector::{
    clip_panel, clip_panel_backward, clip_row, sigmoid_panel, sigmoid_panel_backward, sigmoid_row,
    soften_panel, soften_panel_backward, soften_panel_deep, softmax, softmax_beside,
    softpick_known, softpick_panel, softpick_panel_backward, softpick_row,
};

use crate::heads::Heads;

/// What is known of each query before its weights are computed again, last token first.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// ln of what weights are divided by.
    pub(super) log_sums: Vec<f32>,
    /// The sum over keys of each weight times its gradient, as far as the gradients of scores need it.
    pub(super) levels: Vec<f32>,
    /// What softpick needs beside.
    picked: [Vec<f32>; 3],
}

/// What becomes of the extra score of each column, and what is known of the columns.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    /// Scores, then weights as those of keys are.
    pub(super) extra: Option<&'a mut [f32]>,
    /// What weights are yet to be divided by.
    pub(super) sums: &'a mut [f32],
    /// ln of that, where it is wanted.
    pub(super) log_sums: Option<&'a mut [f32]>,
    /// Where they are wanted, of softmax alone: the sums of exp(score - largest score) (largest score - score).
    pub(super) depths: Option<&'a mut [f32]>,
}

/// eta and gamma.
fn bounds(eta: f64, gamma: f64) -> [f32; 2] {
    [eta as f32, gamma as f32]
}

impl Heads {
    /// Makes weights, but for a division by sums, of scores [keys, panel], of which column c sees the rows to `first` + c.
    pub(super) fn weigh(&self, scores: &mut [f32], first: usize, columns: Columns<'_>) {
        let Columns {
            mut extra,
            sums,
            log_sums,
            depths,
        } = columns;
        match self.weighting {
            AttentionWeighting::Softmax => match depths {
                Some(depths) => soften_panel_deep(scores, first, sums, depths),
                None => soften_panel(scores, first, extra, sums, log_sums),
            },
            AttentionWeighting::ClippedSoftmax { eta, gamma } => {
                soften_panel(scores, first, extra.as_deref_mut(), sums, log_sums);
                clip_panel(scores, extra, sums, bounds(eta, gamma));
            }
            AttentionWeighting::Softpick => softpick_panel(scores, first, extra, sums, log_sums),
            AttentionWeighting::Sigmoid => {
                sigmoid_panel(scores, first, sums.len());
                if let Some(extra) = extra {
                    sigmoid_row(extra);
                }
                sums.fill(1.0);
                log_sums.into_iter().for_each(|logs| logs.fill(0.0));
            }
        }
    }

    /// Makes weights of the scores of one query, `extra` among them.
    pub(crate) fn weigh_row(&self, scores: &mut [f32], extra: Option<f32>) {
        let soften = |scores: &mut [f32]| match extra {
            Some(extra) => drop(softmax_beside(scores, extra)),
            None => softmax(scores, 1.0),
        };
        match self.weighting {
            AttentionWeighting::Softmax => soften(scores),
            AttentionWeighting::ClippedSoftmax { eta, gamma } => {
                soften(scores);
                clip_row(scores, bounds(eta, gamma));
            }
            AttentionWeighting::Softpick => softpick_row(scores, extra),
            AttentionWeighting::Sigmoid => sigmoid_row(scores),
        }
    }

    /// Whether the gradients of scores need what the weights of all keys get.
    pub(super) fn looks_twice(&self) -> bool {
        match self.weighting {
            AttentionWeighting::ClippedSoftmax { .. } => true,
            AttentionWeighting::Softmax
            | AttentionWeighting::Softpick
            | AttentionWeighting::Sigmoid => false,
        }
    }

    /// Scores [queries, panel], minus infinity where a key is not seen, become weights, and `gradients` of weights those of
    /// scores. Where [`Heads::looks_twice`], they become softmax weights p and p times their gradients, whose sums are added
    /// to the levels, and `weights` the weights.
    pub(super) fn weigh_backward(
        &self,
        [scores, gradients, weights]: [&mut [f32]; 3],
        known: &mut Known,
        panel: usize,
    ) {
        let queries = scores.len() / panel;
        let log_sums = &known.log_sums[..queries];
        let levels = &mut known.levels[..queries];
        match self.weighting {
            AttentionWeighting::Softmax => {
                soften_panel_backward(scores, gradients, [log_sums, levels], panel);
            }
            AttentionWeighting::ClippedSoftmax { eta, gamma } => {
                let shape = (bounds(eta, gamma), panel);
                clip_panel_backward(scores, gradients, weights, log_sums, levels, shape);
            }
            AttentionWeighting::Softpick => {
                let picked = known.picked.each_ref().map(|known| &known[..queries]);
                softpick_panel_backward(scores, gradients, picked, levels, panel);
            }
            AttentionWeighting::Sigmoid => sigmoid_panel_backward(scores, gradients),
        }
    }
}

impl Known {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.log_sums.clear();
        self.levels.clear();
    }

    /// Takes in what was kept of the queries of a head.
    pub(super) fn prepare(&mut self, heads: &Heads) {
        match heads.weighting {
            AttentionWeighting::Softmax | AttentionWeighting::Sigmoid => {}
            AttentionWeighting::ClippedSoftmax { .. } => self.levels.fill(0.0),
            AttentionWeighting::Softpick => {
                let count = self.log_sums.len();
                let picked = self.picked.each_mut().map(|known| {
                    known.resize(count, 0.0);
                    known.as_mut_slice()
                });
                softpick_known(&self.log_sums, picked);
            }
        }
    }
}
