use outcrop_arch::AttentionWeighting;
use outcrop_gemm::{Aligned, LeftMatrix, Onto, multiply_serial, panel_width, transpose};
use outcrop_vector::{clip_panel_levelled, dot, multiply_into, softcap_slopes};

use super::{Scratch, gather};
use crate::extra::Extra;
use crate::heads::Heads;
use crate::linear::Bias;

/// What the forward pass left of one sequence, and the gradients of what was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<'a> {
    /// Rows of queries, keys and values, as attention took them.
    pub(crate) qkv: &'a [f32],
    /// [heads, tokens].
    pub(crate) log_sums: &'a [f32],
    pub(crate) read: &'a [f32],
    pub(crate) dread: &'a [f32],
}

impl Heads {
    /// The gradients `dqkv` of the rows of one sequence, from those of what was read. The weights are computed
    /// again from `log_sums`. With P the weights, S the scores, for softmax:
    /// dV = P' dO, dS = P (dO V' - sum(dO O)), dQ = scale dS K, dK = scale dS' Q; before that dS is multiplied by the slopes of their
    /// bound, where there is one. Those of what is learned of an `extra` score are added to `dextra`.
    pub(crate) fn read_backward(
        &self,
        kept: Kept<'_>,
        extra: Extra<&[f32]>,
        dqkv: &mut [f32],
        mut dextra: Extra<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        let tokens = kept.qkv.len() / self.width();
        let biases = self.biases();
        for head in 0..self.heads {
            let bias = biases.get(head).copied();
            let extra = extra.of_head(head, [head / self.group(), self.d_head]);
            self.take_queries(kept, head, scratch);
            if let Some(extra) = extra {
                self.extra_weights(extra, scratch);
            }
            let firsts = (0..tokens).step_by(panel_width());
            if self.looks_twice() {
                self.look(kept.qkv, (head, bias), dqkv, scratch);
            } else {
                for first in firsts {
                    self.weigh_keys(kept.qkv, (head, bias), first, scratch);
                    self.add_values(head, first, dqkv, scratch);
                    self.add_keys(kept.qkv, head, first, dqkv, scratch);
                }
            }
            if let Some(extra) = extra {
                self.extra_backward(head, extra, &mut dextra, scratch);
            }
            let rows = dqkv.chunks_exact_mut(self.width()).rev();
            let (query, scale) = (self.query(head), self.scale);
            for (row, from) in rows.zip(scratch.dqueries.chunks_exact(self.d_head)) {
                let row = &mut row[query..][..self.d_head];
                row.iter_mut().zip(from).for_each(|(to, x)| *to = x * scale);
            }
        }
    }

    /// All keys of a head, first for what the weights of each query get together, then for the gradients of scores.
    fn look(
        &self,
        qkv: &[f32],
        (head, bias): (usize, Option<Bias>),
        dqkv: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let firsts = (0..qkv.len() / self.width()).step_by(panel_width());
        if scratch.panels.len() < firsts.len() {
            scratch.panels.resize_with(firsts.len(), Default::default);
        }
        for (panel, first) in firsts.clone().enumerate() {
            self.weigh_keys(qkv, (head, bias), first, scratch);
            self.add_values(head, first, dqkv, scratch);
            std::mem::swap(&mut scratch.weights, &mut scratch.panels[panel]);
        }
        for (panel, first) in firsts.enumerate() {
            std::mem::swap(&mut scratch.weights, &mut scratch.panels[panel]);
            let [p, q] = &mut scratch.weights;
            let levels = &scratch.known.levels;
            clip_panel_levelled(q, p, levels, panel_width());
            self.add_keys(qkv, head, first, dqkv, scratch);
        }
    }

    /// What belongs to the queries of a head, last token first: those that see a key are then the first.
    fn take_queries(&self, kept: Kept<'_>, head: usize, scratch: &mut Scratch) {
        let (d, out, width) = (self.d_head, self.out(), self.width());
        let tokens = kept.qkv.len() / width;
        let factor = self.scale;
        scratch.queries.clear();
        scratch.dread.clear();
        scratch.known.clear();
        for token in (0..tokens).rev() {
            let query = &kept.qkv[token * width + self.query(head)..][..d];
            let place = token * out + head * d;
            let (read, dread) = (&kept.read[place..][..d], &kept.dread[place..][..d]);
            scratch.queries.extend(query.iter().map(|q| q * factor));
            scratch.dread.extend_from_slice(dread);
            scratch.known.levels.push(dot(read, dread));
        }
        let log_sums = &kept.log_sums[head * tokens..][..tokens];
        scratch.known.log_sums.extend(log_sums.iter().rev());
        scratch.known.prepare(self);
        scratch.dqueries.clear();
        scratch.dqueries.resize(tokens * d, 0.0);
        for (i, rows) in [&scratch.queries, &scratch.dread].into_iter().enumerate() {
            scratch.by_token[i].pack(rows, tokens, d, d, 1);
            scratch.by_channel[i].pack(rows, d, tokens, 1, d);
        }
    }

    /// The weights of the keys from `first` on, as many as a panel has columns, and the gradients of their scores.
    fn weigh_keys(
        &self,
        qkv: &[f32],
        (head, bias): (usize, Option<Bias>),
        first: usize,
        scratch: &mut Scratch,
    ) {
        let (panel, width, d) = (panel_width(), self.width(), self.d_head);
        let seeing = qkv.len() / width - first;
        let columns = panel.min(seeing);
        let kv_head = head / self.group();
        let [p, ds] = &mut scratch.weights;
        let starts = [self.key(kv_head), self.value(kv_head)];
        for (i, weights) in [&mut *p, &mut *ds].into_iter().enumerate() {
            let rows = &qkv[first * width + starts[i]..];
            gather(rows, width, columns, d, &mut scratch.columns[0]);
            weights.resize(seeing * panel);
            scratch.by_token[i].multiply(seeing, d, &scratch.columns[0], weights);
        }
        if let Some(cap) = self.softcap {
            scratch.capped.resize(p.len());
            softcap_slopes(p, cap, &mut scratch.capped);
        }
        if let Some(bias) = bias {
            for (row, line) in p.chunks_exact_mut(panel).enumerate() {
                let query = first + seeing - 1 - row;
                bias.add(line, |_| query, |column| first + column);
            }
        }
        if self.weighting == AttentionWeighting::Softmax {
            self.weigh_backward([p, ds, &mut []], &mut scratch.known, panel);
            self.forget(p, seeing, 0.0);
            self.forget(ds, seeing, 0.0);
        } else {
            later(p, seeing);
            self.forget(p, seeing, f32::NEG_INFINITY);
            scratch
                .clipped
                .resize(if self.looks_twice() { p.len() } else { 0 });
            self.weigh_backward([p, ds, &mut scratch.clipped], &mut scratch.known, panel);
        }
        if self.softcap.is_some() {
            multiply_into(&scratch.capped, ds);
            if self.looks_twice() {
                multiply_into(&scratch.capped, p);
            }
        }
    }

    /// Adds the gradients of the values from `first` on.
    fn add_values(&self, head: usize, first: usize, dqkv: &mut [f32], scratch: &mut Scratch) {
        let weights = match self.looks_twice() {
            true => std::mem::take(&mut scratch.clipped),
            false => std::mem::take(&mut scratch.weights[0]),
        };
        self.add(head, (1, first), &weights, dqkv, scratch);
        match self.looks_twice() {
            true => scratch.clipped = weights,
            false => scratch.weights[0] = weights,
        }
    }

    /// Adds the gradients of the keys from `first` on, and what queries get from them.
    fn add_keys(
        &self,
        qkv: &[f32],
        head: usize,
        first: usize,
        dqkv: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (panel, width, d) = (panel_width(), self.width(), self.d_head);
        let ds = std::mem::take(&mut scratch.weights[1]);
        self.add(head, (0, first), &ds, dqkv, scratch);
        let seeing = ds.len() / panel;
        let start = first * width + self.key(head / self.group());
        let keys = &mut scratch.keys;
        keys.pack_serial(&qkv[start..], panel.min(seeing), d, width, 1);
        let dqueries = &mut scratch.dqueries[..seeing * d];
        multiply_serial(LeftMatrix::new(&ds, panel), &*keys, dqueries, d, Onto::C);
        scratch.weights[1] = ds;
    }

    /// Adds the gradients of keys (0) or values (1) from `first` on: panels [queries, keys] by queries, or by what these
    /// read.
    fn add(
        &self,
        head: usize,
        (which, first): (usize, usize),
        panels: &Aligned,
        dqkv: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (panel, width, d) = (panel_width(), self.width(), self.d_head);
        let seeing = panels.len() / panel;
        let columns = panel.min(seeing);
        let kv_head = head / self.group();
        let start = [self.key(kv_head), self.value(kv_head)][which];
        let gradient = &mut scratch.columns[1];
        gradient.resize(d * panel);
        scratch.by_channel[which].multiply(d, seeing, panels, gradient);
        let rows = &mut dqkv[first * width + start..];
        if head.is_multiple_of(self.group()) {
            return transpose(gradient, panel, [d, columns], rows, width);
        }
        // another head of the group was there before
        scratch.added.resize(columns * d, 0.0);
        transpose(gradient, panel, [d, columns], &mut scratch.added, d);
        for (row, added) in rows.chunks_mut(width).zip(scratch.added.chunks_exact(d)) {
            row.iter_mut().zip(added).for_each(|(sum, x)| *sum += x);
        }
    }

    /// Puts `x` into panels [queries, keys], the last query first, where queries are later than the window: the
    /// query in row r is `seeing` - 1 - r - c positions after the key in column c.
    fn forget(&self, weights: &mut [f32], seeing: usize, x: f32) {
        if self.window >= seeing {
            return;
        }
        for (row, line) in weights.chunks_exact_mut(panel_width()).enumerate() {
            let seen = (seeing - row).saturating_sub(self.window).min(line.len());
            line[..seen].fill(x);
        }
    }
}

/// Hides from panels of scores [queries, keys], the last query first, the keys after the query.
fn later(scores: &mut [f32], seeing: usize) {
    for (row, line) in scores.chunks_exact_mut(panel_width()).enumerate() {
        let seen = (seeing - row).min(line.len());
        line[seen..].fill(f32::NEG_INFINITY);
    }
}
