use outcrop_gemm::{Aligned, Left, panel_width, transpose};
use outcrop_vector::{add_outer, softcap};

use super::sums::Softened;
use super::weigh::Columns;
use super::{AttentionSums, Scratch, gather};
use crate::extra::{Extra, HeadExtra};
use crate::heads::Heads;
use crate::linear::Bias;

/// Keys [tokens, d_head] and values [d_head, tokens] of one key-value head and sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    keys: Left,
    values: Left,
    tokens: usize,
}

impl Past {
    /// Packs those of a key-value head from the rows `qkv` of a sequence.
    pub(crate) fn pack(&mut self, heads: Heads, qkv: &[f32], kv_head: usize) {
        let (d_head, width) = (heads.d_head, heads.width());
        let tokens = qkv.len() / width;
        self.tokens = tokens;
        self.keys
            .pack(&qkv[heads.key(kv_head)..], tokens, d_head, width, 1);
        self.values
            .pack(&qkv[heads.value(kv_head)..], d_head, tokens, 1, width);
    }
}

/// Some queries of one sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queries<'a> {
    /// Position of the first.
    pub(crate) first: usize,
    /// Their rows of queries, keys and values, as attention takes them.
    pub(crate) rows: &'a [f32],
    /// By key-value head, the keys and values of the sequence; none where `rows` are all of it.
    pub(crate) past: Option<&'a [Past]>,
}

/// What is kept of attention beside what it reads.
#[derive(Debug, Default)]
pub(crate) struct Beside<'a> {
    /// [heads, queries]: ln of what the weights of each query are divided by, for softmax ln sum exp of its scores.
    pub(crate) log_sums: Option<&'a mut [f32]>,
    /// By head; where weights are those of softmax alone ([`Heads::adds_up`]).
    pub(crate) sums: Option<&'a mut [AttentionSums]>,
}

impl Heads {
    /// What each query reads, [queries, heads d_head]: the weights of scores, times v, over the keys that it sees, and the
    /// `extra` one.
    pub(crate) fn read(
        &self,
        queries: Queries<'_>,
        extra: Extra<&[f32]>,
        read: &mut [f32],
        mut beside: Beside<'_>,
        scratch: &mut Scratch,
    ) {
        let count = queries.rows.len() / self.width();
        let mut own = std::mem::take(&mut scratch.past);
        let biases = self.biases();
        for kv_head in 0..self.kv_heads {
            let past = match queries.past {
                Some(past) => &past[kv_head],
                None => {
                    own.pack(*self, queries.rows, kv_head);
                    &own
                }
            };
            for head in kv_head * self.group()..(kv_head + 1) * self.group() {
                for start in (0..count).step_by(panel_width()) {
                    let end = count.min(start + panel_width());
                    let log_sums = beside.log_sums.as_deref_mut();
                    let beside = PanelBeside {
                        log_sums: log_sums.map(|sums| &mut sums[head * count..][start..end]),
                        sums: beside.sums.as_deref_mut().map(|sums| &mut sums[head]),
                    };
                    let panel = Queries {
                        first: queries.first + start,
                        rows: &queries.rows[start * self.width()..end * self.width()],
                        past: None,
                    };
                    let read = &mut read[start * self.out()..end * self.out()];
                    let extra = extra.of_head(head, [kv_head, self.d_head]);
                    let of_head = (head, biases.get(head).copied(), extra);
                    self.panel(of_head, past, panel, read, beside, scratch);
                }
            }
        }
        scratch.past = own;
    }

    /// What one head's queries of a panel read.
    fn panel(
        &self,
        (head, bias, extra): (usize, Option<Bias>, Option<HeadExtra<'_>>),
        past: &Past,
        queries: Queries<'_>,
        read: &mut [f32],
        beside: PanelBeside<'_>,
        scratch: &mut Scratch,
    ) {
        let (panel, width, d) = (panel_width(), self.width(), self.d_head);
        let (first, count) = (queries.first, queries.rows.len() / width);
        let end = self.seen(first + count - 1, past.tokens);
        let [columns, out] = &mut scratch.columns;
        let weights = &mut scratch.weights[0];
        weights.resize(end * panel);
        out.resize(d * panel);
        gather(&queries.rows[self.query(head)..], width, count, d, columns);
        let scale = self.scale;
        columns.iter_mut().for_each(|x| *x *= scale);
        past.keys.multiply(end, d, columns, weights);
        if let Some(cap) = self.softcap {
            softcap(weights, cap);
        }
        if let Some(bias) = bias {
            for (key, row) in weights.chunks_exact_mut(panel).enumerate() {
                bias.add(row, |column| first + column, |_| key);
            }
        }
        self.hide(weights, first, count);
        let mut lines = [[0.0; 32]; 4];
        let [sums, logs, own, depths] = lines.each_mut().map(|line| &mut line[..panel]);
        if let Some(extra) = extra {
            self.extra_scores(extra, columns, own);
        }
        let known = Columns {
            extra: extra.is_some().then_some(&mut *own),
            sums: &mut *sums,
            log_sums: beside.log_sums.is_some().then_some(&mut *logs),
            depths: beside.sums.is_some().then_some(&mut *depths),
        };
        // the first column sees one row more than this
        self.weigh(weights, self.seen(first, end) - 1, known);
        if let Some(kept) = beside.log_sums {
            kept.copy_from_slice(&logs[..count]);
        }
        if let Some(all) = beside.sums {
            let panel = Softened {
                weights,
                count,
                sums,
                depths,
            };
            all.add(panel);
        }
        past.values.multiply(d, end, weights, out);
        if let Some(HeadExtra::Key(_, Some(value))) = extra {
            add_outer(value, own, out);
        }
        scatter(out, &sums[..count], &mut read[head * d..], self.out(), d);
    }

    /// Hides from each column of scores [keys, queries] the keys before its window.
    fn hide(&self, scores: &mut [f32], first: usize, count: usize) {
        let panel = panel_width();
        for column in 0..count {
            let before = self.first_seen(first + column);
            let scores = scores.chunks_exact_mut(panel).take(before);
            scores.for_each(|row| row[column] = f32::NEG_INFINITY);
        }
    }
}

/// The same of one head and panel.
struct PanelBeside<'a> {
    log_sums: Option<&'a mut [f32]>,
    sums: Option<&'a mut AttentionSums>,
}

/// Makes rows of d numbers, `stride` apart, of the columns, each divided by its sum.
fn scatter(columns: &mut Aligned, sums: &[f32], rows: &mut [f32], stride: usize, d: usize) {
    let panel = panel_width();
    let mut factors = [0.0; 32];
    let pairs = factors.iter_mut().zip(sums);
    pairs.for_each(|(factor, sum)| *factor = 1.0 / sum);
    for line in columns.chunks_exact_mut(panel) {
        line.iter_mut().zip(&factors).for_each(|(x, f)| *x *= f);
    }
    transpose(columns, panel, [d, sums.len()], rows, stride);
}
