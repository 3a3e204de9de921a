//! Causal softmax attention of one sequence, forward and backward, head by head and a panel of columns at
//! a time: forward the columns are queries, backward keys (Dao et al. 2022 keep the same numbers).

use outcrop_gemm::{Aligned, Left, Onto, Packed, Rows, multiply_serial, panel_width, transpose};
use outcrop_vector::{dot, rotate_rows, soften_panel, soften_panel_backward};

/// How rows [heads, q | k | v] are laid out and rotated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads<'a> {
    pub(super) heads: usize,
    pub(super) d_head: usize,
    pub(super) rotary: Option<Rotary<'a>>,
}

/// Cosines and sines [positions, half] of the rotation angles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rotary<'a> {
    pub(super) half: usize,
    pub(super) tables: [&'a [f32]; 2],
}

/// Memory that is used again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Packed from the left: forward keys and values; backward queries and the gradients of what was
    /// read, each by token and by channel.
    by_token: [Left; 2],
    by_channel: [Left; 2],
    /// Columns [d_head, panel], and scores or weights [tokens, panel].
    columns: [Aligned; 2],
    weights: [Aligned; 2],
    keys: Packed,
    /// Rows [tokens, d_head], last token first.
    queries: Vec<f32>,
    dread: Vec<f32>,
    dqueries: Vec<f32>,
    /// By token, last first: ln of the sum of exponentials, and dread' read.
    log_sums: Vec<f32>,
    levels: Vec<f32>,
}

impl Heads<'_> {
    /// Length of a row of queries, keys and values.
    pub(super) fn width(&self) -> usize {
        3 * self.heads * self.d_head
    }

    fn scale(&self) -> f32 {
        1.0 / (self.d_head as f32).sqrt()
    }

    /// Rotates the rows of a sequence in place; `direction` is 1, or -1 for gradients.
    pub(super) fn rotate(&self, qkv: &mut [f32], direction: f32) {
        if let Some(Rotary { half, tables }) = self.rotary {
            rotate_rows(qkv, self.heads, self.d_head, tables, half, direction);
        }
    }

    /// What each token reads, [tokens, heads d_head]: softmax(q k' / sqrt(d_head)) v over the keys up to
    /// its own, from rotated rows `qkv`. `log_sums` [heads, tokens]: ln sum exp of its scores.
    pub(super) fn read(
        &self,
        qkv: &[f32],
        read: &mut [f32],
        log_sums: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (panel, width, d) = (panel_width(), self.width(), self.d_head);
        let tokens = qkv.len() / width;
        let [queries, columns] = &mut scratch.columns;
        for head in 0..self.heads {
            let rows = &qkv[3 * head * d..];
            scratch.by_token[0].pack(&rows[d..], tokens, d, width, 1);
            scratch.by_channel[0].pack(&rows[2 * d..], d, tokens, 1, width);
            for first in (0..tokens).step_by(panel) {
                let end = tokens.min(first + panel);
                let weights = &mut scratch.weights[0];
                weights.resize(end * panel);
                columns.resize(d * panel);
                gather(&rows[first * width..], width, end - first, d, queries);
                scale(queries, self.scale());
                scratch.by_token[0].multiply(end, d, queries, weights);
                let mut sums = [[0.0; 32]; 2];
                let [sums, logs] = sums.each_mut().map(|s| &mut s[..panel]);
                soften_panel(weights, first, sums, Some(logs));
                scratch.by_channel[0].multiply(d, end, weights, columns);
                let seen = &mut log_sums[head * tokens..][first..end];
                seen.copy_from_slice(&logs[..end - first]);
                let out = &mut read[first * self.heads * d + head * d..];
                scatter(columns, &sums[..end - first], out, self.heads * d, d);
            }
        }
    }

    /// The gradients `dqkv` of the rows `qkv`, before they were rotated, from those of what was read. The
    /// weights are computed again from `log_sums`. With P the weights, S the scores:
    /// dV = P' dO, dS = P (dO V' - sum(dO O)), dQ = dS K / sqrt(d_head), dK = dS' Q / sqrt(d_head).
    pub(super) fn read_backward(
        &self,
        [qkv, log_sums, read, dread]: [&[f32]; 4],
        dqkv: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let tokens = qkv.len() / self.width();
        for head in 0..self.heads {
            let log_sums = &log_sums[head * tokens..][..tokens];
            self.take_queries([qkv, log_sums, read, dread], head, scratch);
            for first in (0..tokens).step_by(panel_width()) {
                self.backward_panel(qkv, head, first, dqkv, scratch);
            }
            let rows = dqkv.chunks_exact_mut(self.width()).rev();
            for (row, from) in rows.zip(scratch.dqueries.chunks_exact(self.d_head)) {
                let row = &mut row[3 * head * self.d_head..][..self.d_head];
                row.iter_mut()
                    .zip(from)
                    .for_each(|(to, x)| *to = x * self.scale());
            }
        }
        self.rotate(dqkv, -1.0);
    }

    /// What belongs to the queries of a head, last token first: those that see a key are then the first.
    fn take_queries(&self, given: [&[f32]; 4], head: usize, scratch: &mut Scratch) {
        let [qkv, log_sums, read, dread] = given;
        let (d, out) = (self.d_head, self.heads * self.d_head);
        let tokens = log_sums.len();
        let factor = self.scale();
        scratch.queries.clear();
        scratch.dread.clear();
        scratch.levels.clear();
        for token in (0..tokens).rev() {
            let query = &qkv[token * self.width() + 3 * head * d..][..d];
            let place = token * out + head * d;
            let (read, dread) = (&read[place..][..d], &dread[place..][..d]);
            scratch.queries.extend(query.iter().map(|q| q * factor));
            scratch.dread.extend_from_slice(dread);
            scratch.levels.push(dot(read, dread));
        }
        scratch.log_sums.clear();
        scratch.log_sums.extend(log_sums.iter().rev());
        scratch.dqueries.clear();
        scratch.dqueries.resize(tokens * d, 0.0);
        for (i, rows) in [&scratch.queries, &scratch.dread].into_iter().enumerate() {
            scratch.by_token[i].pack(rows, tokens, d, d, 1);
            scratch.by_channel[i].pack(rows, d, tokens, 1, d);
        }
    }

    /// The keys and values from `first` on, as many as a panel has columns.
    fn backward_panel(
        &self,
        qkv: &[f32],
        head: usize,
        first: usize,
        dqkv: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (panel, width, d) = (panel_width(), self.width(), self.d_head);
        let seeing = qkv.len() / width - first;
        let columns = panel.min(seeing);
        let start = first * width + (3 * head + 1) * d;
        let [p, ds] = &mut scratch.weights;
        for (i, weights) in [&mut *p, &mut *ds].into_iter().enumerate() {
            let rows = &qkv[start + i * d..];
            gather(rows, width, columns, d, &mut scratch.columns[0]);
            weights.resize(seeing * panel);
            scratch.by_token[i].multiply(seeing, d, &scratch.columns[0], weights);
        }
        let known = [&scratch.log_sums[..seeing], &scratch.levels[..seeing]];
        soften_panel_backward(p, ds, known, panel);
        for (i, weights) in [&*ds, &*p].into_iter().enumerate() {
            let gradient = &mut scratch.columns[1];
            gradient.resize(d * panel);
            scratch.by_channel[i].multiply(d, seeing, weights, gradient);
            let rows = &mut dqkv[start + i * d..];
            transpose(gradient, panel, [d, columns], rows, width);
        }
        let keys = &mut scratch.keys;
        keys.pack_serial(&qkv[start..], columns, d, width, 1);
        let dqueries = &mut scratch.dqueries[..seeing * d];
        multiply_serial(Rows::new(ds, panel), &*keys, dqueries, d, Onto::C);
    }
}

/// Makes columns [d, panel] of `count` rows of d numbers, `stride` apart; the other columns are 0.
fn gather(rows: &[f32], stride: usize, count: usize, d: usize, columns: &mut Aligned) {
    let panel = panel_width();
    columns.resize(d * panel);
    if count < panel {
        columns.fill(0.0);
    }
    transpose(rows, stride, [count, d], columns, panel);
}

/// Makes rows of d numbers, `stride` apart, of the columns, each divided by its sum.
fn scatter(columns: &mut [f32], sums: &[f32], rows: &mut [f32], stride: usize, d: usize) {
    let panel = panel_width();
    let mut factors = [0.0; 32];
    factors
        .iter_mut()
        .zip(sums)
        .for_each(|(f, sum)| *f = 1.0 / sum);
    for line in columns.chunks_exact_mut(panel) {
        line.iter_mut().zip(&factors).for_each(|(x, f)| *x *= f);
    }
    transpose(columns, panel, [d, sums.len()], rows, stride);
}

fn scale(values: &mut [f32], factor: f32) {
    values.iter_mut().for_each(|x| *x *= factor);
}
