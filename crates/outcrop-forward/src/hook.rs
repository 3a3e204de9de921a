use crate::{AttentionWeights, Routing};

/// What looks at a model while it runs, and may change it: see [`crate::forward`].
///
/// It is called with layers ascending and, within a layer, sequences ascending. A closure
/// `|layer: usize, sequence: usize, hidden: &mut [f32]|` is a hook; `()` is one that does nothing.
pub trait Hook {
    /// Gets the residual stream `hidden` [tokens, d_model], by rows, of a `sequence` (from 0) after the
    /// block `layer` (from 1): after both residual additions, before the next norm. What it changes
    /// here is what later blocks, and the loss, see.
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]);

    /// Gets the attention of a `sequence` in the block `layer`, before what it reads is added to the
    /// residual stream, hence before [`Hook::residual`] of the same layer and sequence. Does nothing
    /// unless it is written, and costs nothing unless it asks for weights.
    fn attention(&mut self, layer: usize, sequence: usize, attention: &AttentionWeights<'_>) {
        let _ = (layer, sequence, attention);
    }

    /// Gets which experts the tokens of a `sequence` passed in the block `layer`, before [`Hook::residual`] of the same
    /// layer and sequence; in blocks with experts alone. Does nothing unless it is written.
    fn routing(&mut self, layer: usize, sequence: usize, routing: &Routing<'_>) {
        let _ = (layer, sequence, routing);
    }
}

impl<F: FnMut(usize, usize, &mut [f32])> Hook for F {
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]) {
        self(layer, sequence, hidden);
    }
}

impl Hook for () {
    fn residual(&mut self, _: usize, _: usize, _: &mut [f32]) {}
}
