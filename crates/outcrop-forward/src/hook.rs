use crate::{AttentionWeights, BlockPlace, BlockRows, Routing, Watch};

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

    /// The places in blocks whose rows [`Hook::block`] gets, each once and always the same. Of other places nothing is kept.
    fn places(&self) -> Vec<BlockPlace> {
        Vec::new()
    }

    /// Whether [`Hook::block`] gets what attention weights add up to ([`AttentionWeights::sums`]); asked once, before the
    /// first block. They are added up as they are computed, which costs much less than computing them again.
    fn adds_up(&self) -> bool {
        false
    }

    /// What looks at rows of the block `layer` on the threads that compute them, where there is such; of two hooks the
    /// first that has one. There is one for every block or for none.
    fn watch(&self, layer: usize) -> Option<Box<dyn Watch + '_>> {
        let _ = layer;
        None
    }

    /// Whether what was watched of these sequences was not enough: the block is then computed again, and [`Hook::block`]
    /// gets the rows at the watched places, too. Asked after [`Hook::watch`] of the same sequences.
    fn lacks(&mut self, layer: usize, sequences: std::ops::Range<usize>) -> bool {
        let _ = (layer, sequences);
        false
    }

    /// Gets the residual stream `hidden` [tokens, d_model] of a `sequence` before the first block. Does nothing unless it is
    /// written.
    fn embedding(&mut self, sequence: usize, hidden: &[f32]) {
        let _ = (sequence, hidden);
    }

    /// Gets what the block `layer` computed of a `sequence`, before [`Hook::residual`] of the same layer and sequence, which
    /// gets `hidden`, too. Does nothing unless it is written.
    fn block(
        &mut self,
        layer: usize,
        sequence: usize,
        rows: &BlockRows<'_>,
        attention: &AttentionWeights<'_>,
        hidden: &[f32],
    ) {
        let _ = (layer, sequence, rows, attention, hidden);
    }
}

/// Two hooks, one after the other.
impl<A: Hook, B: Hook> Hook for (&mut A, &mut B) {
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]) {
        self.0.residual(layer, sequence, hidden);
        self.1.residual(layer, sequence, hidden);
    }

    fn attention(&mut self, layer: usize, sequence: usize, attention: &AttentionWeights<'_>) {
        self.0.attention(layer, sequence, attention);
        self.1.attention(layer, sequence, attention);
    }

    fn routing(&mut self, layer: usize, sequence: usize, routing: &Routing<'_>) {
        self.0.routing(layer, sequence, routing);
        self.1.routing(layer, sequence, routing);
    }

    fn places(&self) -> Vec<BlockPlace> {
        let mut places = self.0.places();
        places.extend(self.1.places());
        places.sort_unstable();
        places.dedup();
        places
    }

    fn adds_up(&self) -> bool {
        self.0.adds_up() || self.1.adds_up()
    }

    fn watch(&self, layer: usize) -> Option<Box<dyn Watch + '_>> {
        self.0.watch(layer).or_else(|| self.1.watch(layer))
    }

    fn lacks(&mut self, layer: usize, sequences: std::ops::Range<usize>) -> bool {
        let first = self.0.lacks(layer, sequences.clone());
        self.1.lacks(layer, sequences) || first
    }

    fn embedding(&mut self, sequence: usize, hidden: &[f32]) {
        self.0.embedding(sequence, hidden);
        self.1.embedding(sequence, hidden);
    }

    fn block(
        &mut self,
        layer: usize,
        sequence: usize,
        rows: &BlockRows<'_>,
        attention: &AttentionWeights<'_>,
        hidden: &[f32],
    ) {
        self.0.block(layer, sequence, rows, attention, hidden);
        self.1.block(layer, sequence, rows, attention, hidden);
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
