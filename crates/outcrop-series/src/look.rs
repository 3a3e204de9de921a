//! What figures of one checkpoint show.

use outcrop_forward::{AttentionWeights, Hook, Published, forward};
use outcrop_measure::received;

use crate::Result;

/// The residual stream and the attention of one sequence.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// For each layer the largest |h| of every channel, d_model values.
    pub channels: Vec<Vec<f32>>,
    /// The layer, from 1, whose `hidden` was kept.
    pub layer: usize,
    /// The residual stream [tokens, d_model] after that layer.
    pub hidden: Vec<f32>,
    /// The head that gives most attention to the first position: its layer from 1 and its number from
    /// 0.
    pub head: (usize, usize),
    /// Its weights [tokens, tokens].
    pub attention: Vec<f32>,
}

/// Runs one sequence through a model and keeps what figures show, the residual stream after `layer`
/// (from 1) among it.
///
/// # Errors
/// As [`forward`].
pub fn look(model: &Published, sequence: &[u32], layer: usize) -> Result<Look> {
    let mut hook = Looking {
        d_model: model.arch().d_model,
        found: Look {
            layer,
            ..Look::default()
        },
        alpha: f64::NEG_INFINITY,
        weights: Vec::new(),
    };
    forward(model, &[sequence.to_vec()], &mut hook)?;
    Ok(hook.found)
}

struct Looking {
    d_model: usize,
    found: Look,
    /// The attention that the first position gets from the head that was kept.
    alpha: f64,
    weights: Vec<f32>,
}

impl Hook for Looking {
    fn residual(&mut self, layer: usize, _: usize, hidden: &mut [f32]) {
        let mut largest = vec![0.0f32; self.d_model];
        for row in hidden.chunks_exact(self.d_model) {
            for (most, h) in largest.iter_mut().zip(row) {
                *most = most.max(h.abs());
            }
        }
        self.found.channels.push(largest);
        if layer == self.found.layer {
            self.found.hidden = hidden.to_vec();
        }
    }

    fn attention(&mut self, layer: usize, _: usize, attention: &AttentionWeights<'_>) {
        for head in 0..attention.heads() {
            attention.weights(head, &mut self.weights);
            let alpha = received(&self.weights, attention.tokens());
            let alpha = alpha.first().copied().unwrap_or(0.0);
            if alpha > self.alpha {
                self.alpha = alpha;
                self.found.head = (layer, head);
                std::mem::swap(&mut self.found.attention, &mut self.weights);
            }
        }
    }
}
