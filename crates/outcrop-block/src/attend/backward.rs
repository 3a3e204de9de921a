use outcrop_gemm::{LeftMatrix, Onto, multiply_serial, panel_width, transpose};
use outcrop_vector::{dot, multiply_into, softcap_slopes, soften_known, soften_panel_backward};

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
    /// again from `log_sums`. With P the weights, S the scores:
    /// dV = P' dO, dS = P (dO V' - sum(dO O)), dQ = scale dS K, dK = scale dS' Q; before that dS is multiplied by the slopes of their
    /// bound, where there is one. Those of what is learned of an extra score z, whose value is 0, are added to `dextra`:
    /// dz = - exp(z - log sum) sum(dO O).
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
            self.take_queries(kept, head, scratch);
            self.extra_backward(head, extra, &mut dextra, scratch);
            for first in (0..tokens).step_by(panel_width()) {
                self.backward_panel(kept.qkv, (head, bias), first, dqkv, scratch);
            }
            let rows = dqkv.chunks_exact_mut(self.width()).rev();
            let (query, scale) = (self.query(head), self.scale);
            for (row, from) in rows.zip(scratch.dqueries.chunks_exact(self.d_head)) {
                let row = &mut row[query..][..self.d_head];
                row.iter_mut().zip(from).for_each(|(to, x)| *to = x * scale);
            }
        }
    }

    fn extra_backward(
        &self,
        head: usize,
        extra: Extra<&[f32]>,
        dextra: &mut Extra<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        let (Some(z), Extra::Logits(sums)) = (extra.score(head), dextra) else {
            return;
        };
        let own = &mut scratch.extra;
        own.clear();
        own.resize(scratch.log_sums.len(), z);
        soften_known(own, &scratch.log_sums);
        sums[head] -= dot(own, &scratch.levels);
    }

    /// What belongs to the queries of a head, last token first: those that see a key are then the first.
    fn take_queries(&self, kept: Kept<'_>, head: usize, scratch: &mut Scratch) {
        let (d, out, width) = (self.d_head, self.out(), self.width());
        let tokens = kept.qkv.len() / width;
        let factor = self.scale;
        scratch.queries.clear();
        scratch.dread.clear();
        scratch.levels.clear();
        for token in (0..tokens).rev() {
            let query = &kept.qkv[token * width + self.query(head)..][..d];
            let place = token * out + head * d;
            let (read, dread) = (&kept.read[place..][..d], &kept.dread[place..][..d]);
            scratch.queries.extend(query.iter().map(|q| q * factor));
            scratch.dread.extend_from_slice(dread);
            scratch.levels.push(dot(read, dread));
        }
        let log_sums = &kept.log_sums[head * tokens..][..tokens];
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
        (head, bias): (usize, Option<Bias>),
        first: usize,
        dqkv: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (panel, width, d) = (panel_width(), self.width(), self.d_head);
        let seeing = qkv.len() / width - first;
        let columns = panel.min(seeing);
        let kv_head = head / self.group();
        let starts = [self.key(kv_head), self.value(kv_head)].map(|start| first * width + start);
        let [p, ds] = &mut scratch.weights;
        for (i, weights) in [&mut *p, &mut *ds].into_iter().enumerate() {
            let rows = &qkv[starts[i]..];
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
        let known = [&scratch.log_sums[..seeing], &scratch.levels[..seeing]];
        soften_panel_backward(p, ds, known, panel);
        self.forget(p, seeing);
        self.forget(ds, seeing);
        if self.softcap.is_some() {
            multiply_into(&scratch.capped, ds);
        }
        for (i, weights) in [&*ds, &*p].into_iter().enumerate() {
            let gradient = &mut scratch.columns[1];
            gradient.resize(d * panel);
            scratch.by_channel[i].multiply(d, seeing, weights, gradient);
            let rows = &mut dqkv[starts[i]..];
            if head % self.group() == 0 {
                transpose(gradient, panel, [d, columns], rows, width);
                continue;
            }
            // another head of the group was there before
            scratch.added.resize(columns * d, 0.0);
            transpose(gradient, panel, [d, columns], &mut scratch.added, d);
            for (row, added) in rows.chunks_mut(width).zip(scratch.added.chunks_exact(d)) {
                row.iter_mut().zip(added).for_each(|(sum, x)| *sum += x);
            }
        }
        let keys = &mut scratch.keys;
        keys.pack_serial(&qkv[starts[0]..], columns, d, width, 1);
        let dqueries = &mut scratch.dqueries[..seeing * d];
        multiply_serial(LeftMatrix::new(ds, panel), &*keys, dqueries, d, Onto::C);
    }

    /// Takes from panels [queries, keys], the last query first, those that are later than the window: the
    /// query in row r is `seeing` - 1 - r - c positions after the key in column c.
    fn forget(&self, weights: &mut [f32], seeing: usize) {
        if self.window >= seeing {
            return;
        }
        for (row, line) in weights.chunks_exact_mut(panel_width()).enumerate() {
            let seen = (seeing - row).saturating_sub(self.window).min(line.len());
            line[..seen].fill(0.0);
        }
    }
}
