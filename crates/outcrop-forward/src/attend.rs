//! Causal softmax attention of a few queries, a panel of them at a time: their scores are [keys, queries],
//! so that softmax goes down columns and its result is the right-hand side of the product with values.

use outcrop_arch::ArchSpec;
use outcrop_gemm::{Aligned, Left, panel_width};
use outcrop_vector::soften_panel;

/// Where in its row [queries | keys | values], heads in order, everything of a token is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fused {
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) d_head: usize,
    /// Positions that a query sees, itself among them.
    pub(crate) window: usize,
}

impl Fused {
    /// Of `layer`, from 1.
    pub(crate) fn new(arch: &ArchSpec, layer: usize) -> Self {
        Self {
            heads: arch.heads,
            kv_heads: arch.kv_heads,
            d_head: arch.d_head(),
            window: arch.window_width(layer).unwrap_or(usize::MAX),
        }
    }

    /// The first position that the query at `position` sees.
    pub(crate) fn first_seen(&self, position: usize) -> usize {
        (position + 1).saturating_sub(self.window)
    }

    /// Length of a row.
    pub(crate) fn width(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.d_head
    }

    /// Length of what the heads read.
    pub(crate) fn out(&self) -> usize {
        self.heads * self.d_head
    }
}

/// Keys [tokens, d_head] and values [d_head, tokens] of one key-value head and sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    keys: Left,
    values: Left,
}

impl Past {
    /// Packs those of the key-value head `head` from the rows `qkv` of a sequence.
    pub(crate) fn pack(&mut self, fused: Fused, qkv: &[f32], head: usize) {
        let (d_head, width) = (fused.d_head, fused.width());
        let tokens = qkv.len() / width;
        let key = (fused.heads + head) * d_head;
        self.keys.pack(&qkv[key..], tokens, d_head, width, 1);
        let value = key + fused.kv_heads * d_head;
        self.values.pack(&qkv[value..], d_head, tokens, 1, width);
    }
}

/// Memory of [`Scratch::attend`] that is used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Queries [d_head, panel], scores and weights [keys, panel], what is read [d_head, panel].
    queries: Aligned,
    scores: Aligned,
    read: Aligned,
    sums: Vec<f32>,
}

impl Scratch {
    /// What the queries in the rows `qkv`, the first of them at position `first` of its sequence, read
    /// from the `past` of each key-value head, into the rows of `out`.
    pub(crate) fn attend(
        &mut self,
        fused: Fused,
        past: &[Past],
        first: usize,
        qkv: &[f32],
        out: &mut [f32],
    ) {
        let panel = panel_width();
        for head in 0..fused.heads {
            let past = &past[head * fused.kv_heads / fused.heads];
            let queries = qkv.chunks(panel * fused.width());
            let panels = queries.zip(out.chunks_mut(panel * fused.out()));
            for (i, (queries, out)) in panels.enumerate() {
                self.gather(fused, queries, head);
                self.read(
                    fused,
                    past,
                    first + i * panel,
                    queries.len() / fused.width(),
                );
                self.scatter(fused, out, head);
            }
        }
    }

    /// The queries of a head, one a column, divided by sqrt(d_head); columns without one are 0.
    fn gather(&mut self, fused: Fused, qkv: &[f32], head: usize) {
        let (panel, d_head) = (panel_width(), fused.d_head);
        let factor = 1.0 / (d_head as f32).sqrt();
        self.queries.resize(d_head * panel);
        if qkv.len() < panel * fused.width() {
            self.queries.fill(0.0);
        }
        for (column, row) in qkv.chunks_exact(fused.width()).enumerate() {
            let query = &row[head * d_head..][..d_head];
            let places = self.queries[column..].iter_mut().step_by(panel);
            places.zip(query).for_each(|(place, x)| *place = x * factor);
        }
    }

    /// Attention of `columns` queries from position `first` on.
    fn read(&mut self, fused: Fused, past: &Past, first: usize, columns: usize) {
        let (panel, d_head, end) = (panel_width(), fused.d_head, first + columns);
        self.scores.resize(end * panel);
        self.read.resize(d_head * panel);
        self.sums.resize(panel, 0.0);
        past.keys
            .multiply(end, d_head, &self.queries, &mut self.scores);
        for column in 0..columns {
            let before = fused.first_seen(first + column);
            let scores = self.scores.chunks_exact_mut(panel).take(before);
            scores.for_each(|row| row[column] = f32::NEG_INFINITY);
        }
        soften_panel(&mut self.scores, first, &mut self.sums, None);
        past.values
            .multiply(d_head, end, &self.scores, &mut self.read);
    }

    /// Puts the columns of what was read, divided by the sums of their weights, into rows of `out`.
    fn scatter(&self, fused: Fused, out: &mut [f32], head: usize) {
        let (panel, d_head) = (panel_width(), fused.d_head);
        for (column, row) in out.chunks_exact_mut(fused.out()).enumerate() {
            let factor = 1.0 / self.sums[column];
            let read = self.read[column..].iter().step_by(panel);
            let places = row[head * d_head..][..d_head].iter_mut();
            places.zip(read).for_each(|(place, x)| *place = x * factor);
        }
    }
}
