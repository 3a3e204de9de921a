//! One block over one sequence: rows in parallel, attention by blocks of queries.

use outcrop_core::{Activation, ArchSpec, Residual};
use outcrop_gemm::{Packed, Rows, multiply_serial};
use rayon::prelude::*;

use crate::Attention;
use crate::layer::{Layer, Linear};
use crate::rotary::Rotary;
use crate::vector::{gelu, gelu_tanh, relu, rms_norm, scale, soften, swiglu};

/// Rows that one task works on.
const ROWS: usize = 120;

/// What every block needs, whatever its weights; its memory is used again.
#[derive(Debug)]
pub(crate) struct Blocks<'a> {
    arch: &'a ArchSpec,
    rotary: Option<Rotary>,
    /// Queries, keys and values of a sequence, by position.
    qkv: Vec<f32>,
    /// Keys (transposed) and values of each key-value head, packed.
    past: Vec<[Packed; 2]>,
    /// What attention read, by position, heads in order.
    read: Vec<f32>,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(arch: &'a ArchSpec, rotary: Option<Rotary>) -> Self {
        Self {
            arch,
            rotary,
            qkv: Vec::new(),
            past: Vec::new(),
            read: Vec::new(),
        }
    }

    /// Attends within one sequence, whose residual stream `x` is [tokens, d_model].
    pub(crate) fn attend(&mut self, layer: &Layer, x: &[f32]) {
        self.project(layer, x);
        self.pack();
        self.read(x.len() / self.arch.d_model);
    }

    /// The attention of the sequence that attended last.
    pub(crate) fn attention(&self) -> Attention<'_> {
        Attention::new(self.arch, &self.qkv)
    }

    /// Queries, keys and values, normed and rotated where the architecture says so.
    fn project(&mut self, layer: &Layer, x: &[f32]) {
        let (arch, d, d_head) = (self.arch, self.arch.d_model, self.arch.d_head());
        let width = (arch.heads + 2 * arch.kv_heads) * d_head;
        self.qkv.resize(x.len() / d * width, 0.0);
        let (rotary, eps) = (&self.rotary, arch.norm_eps as f32);
        let blocks = self.qkv.par_chunks_mut(ROWS * width);
        let blocks = blocks.zip(x.par_chunks(ROWS * d)).enumerate();
        blocks.for_each_init(Vec::new, |normed: &mut Vec<f32>, (i, (qkv, x))| {
            normed.resize(x.len(), 0.0);
            for (row, out) in x.chunks_exact(d).zip(normed.chunks_exact_mut(d)) {
                layer.attention_norm.apply(row, out);
            }
            affine(&layer.qkv, normed, d, qkv, width);
            for (row, line) in qkv.chunks_exact_mut(width).enumerate() {
                let rotated = line
                    .chunks_exact_mut(d_head)
                    .take(arch.heads + arch.kv_heads);
                for (h, head) in rotated.enumerate() {
                    if let Some(gains) = &layer.qk_gains {
                        let before = head.to_vec();
                        rms_norm(&before, &gains[usize::from(h >= arch.heads)], eps, head);
                    }
                    if let Some(rotary) = rotary {
                        rotary.apply(head, i * ROWS + row);
                    }
                }
            }
        });
    }

    fn pack(&mut self) {
        let (arch, d_head) = (self.arch, self.arch.d_head());
        let width = (arch.heads + 2 * arch.kv_heads) * d_head;
        let tokens = self.qkv.len() / width;
        let qkv = &self.qkv;
        self.past.resize(arch.kv_heads, Default::default());
        self.past
            .par_iter_mut()
            .enumerate()
            .for_each(|(h, [keys, values])| {
                let at = (arch.heads + h) * d_head;
                keys.pack(&qkv[at..], d_head, tokens, 1, width);
                values.pack(
                    &qkv[at + arch.kv_heads * d_head..],
                    tokens,
                    d_head,
                    width,
                    1,
                );
            });
    }

    /// Causal softmax attention.
    fn read(&mut self, tokens: usize) {
        let (arch, d_head) = (self.arch, self.arch.d_head());
        let (width, out) = (
            (arch.heads + 2 * arch.kv_heads) * d_head,
            arch.heads * d_head,
        );
        self.read.resize(tokens * out, 0.0);
        let (qkv, past) = (&self.qkv, &self.past);
        let factor = 1.0 / (d_head as f32).sqrt();
        let blocks = self.read.par_chunks_mut(ROWS * out).enumerate();
        blocks.for_each_init(Vec::new, |scores: &mut Vec<f32>, (i, read)| {
            let (first, rows) = (i * ROWS, read.len() / out);
            let end = first + rows;
            scores.resize(rows * end, 0.0);
            for head in 0..arch.heads {
                let [keys, values] = &past[head * arch.kv_heads / arch.heads];
                let queries = Rows::new(&qkv[first * width + head * d_head..], width);
                multiply_serial(queries, keys.part(d_head, end), scores, end, false);
                let target = &mut read[head * d_head..];
                let mut sums = [0.0; ROWS];
                for (row, scores) in scores.chunks_exact_mut(end).enumerate() {
                    let (seen, hidden) = scores.split_at_mut(first + row + 1);
                    sums[row] = soften(seen, factor);
                    hidden.fill(0.0);
                }
                let scores = Rows::new(scores, end);
                multiply_serial(scores, values.part(end, d_head), target, out, false);
                for (line, sum) in target.chunks_mut(out).zip(sums) {
                    scale(&mut line[..d_head], 1.0 / sum);
                }
            }
        });
    }

    /// Adds what attention and the MLP write to the residual stream of the sequence that attended last.
    pub(crate) fn write(&self, layer: &Layer, x: &mut [f32]) {
        let (arch, d) = (self.arch, self.arch.d_model);
        let out = arch.heads * arch.d_head();
        let blocks = x
            .par_chunks_mut(ROWS * d)
            .zip(self.read.par_chunks(ROWS * out));
        blocks.for_each_init(
            Default::default,
            |scratch: &mut [Vec<f32>; 3], (x, read)| {
                let [normed, hidden, gate] = scratch;
                normed.resize(x.len(), 0.0);
                if arch.residual == Residual::Parallel {
                    norm_rows(layer, x, d, normed);
                }
                add(&layer.output, read, out, x, d);
                if arch.residual == Residual::Sequential {
                    norm_rows(layer, x, d, normed);
                }
                hidden.resize(x.len() / d * arch.d_ff, 0.0);
                affine(&layer.up, normed, d, hidden, arch.d_ff);
                match (&layer.gate, arch.activation) {
                    (Some(map), _) => {
                        gate.resize(hidden.len(), 0.0);
                        affine(map, normed, d, gate, arch.d_ff);
                        swiglu(gate, hidden);
                    }
                    (None, Activation::GeluTanh) => gelu_tanh(hidden),
                    (None, Activation::Relu) => relu(hidden),
                    (None, _) => gelu(hidden),
                }
                add(&layer.down, hidden, arch.d_ff, x, d);
            },
        );
    }
}

fn norm_rows(layer: &Layer, x: &[f32], d: usize, normed: &mut [f32]) {
    for (row, out) in x.chunks_exact(d).zip(normed.chunks_exact_mut(d)) {
        layer.mlp_norm.apply(row, out);
    }
}

/// out = x W' + b
fn affine(map: &Linear, x: &[f32], inputs: usize, out: &mut [f32], outputs: usize) {
    out.chunks_exact_mut(outputs)
        .for_each(|row| row.copy_from_slice(&map.bias));
    multiply_serial(Rows::new(x, inputs), &map.weight, out, outputs, true);
}

/// x += from W' + b
fn add(map: &Linear, from: &[f32], inputs: usize, x: &mut [f32], d: usize) {
    for row in x.chunks_exact_mut(d) {
        row.iter_mut().zip(&map.bias).for_each(|(x, b)| *x += b);
    }
    multiply_serial(Rows::new(from, inputs), &map.weight, x, d, true);
}
