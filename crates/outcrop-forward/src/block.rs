//! One block over a group of sequences: some rows of all of them at a time, in parallel.

use std::sync::Mutex;

use outcrop_arch::{Activation, ArchSpec, Residual};
use outcrop_gemm::{Aligned, Onto, Rows, multiply_serial};
use outcrop_vector::{gelu, gelu_tanh, relu, rms_norm, swiglu};
use rayon::prelude::*;

use crate::Attention;
use crate::attend::{Fused, Past, Scratch};
use crate::layer::{Layer, Linear};
use crate::rotary::Rotary;

/// Rows that one task works on: a multiple of the panels of attention and of the tiles of products.
const ROWS: usize = 96;

/// What every block needs, whatever its weights; its memory is used again.
#[derive(Debug)]
pub(crate) struct Blocks<'a> {
    arch: &'a ArchSpec,
    fused: Fused,
    rotary: Option<Rotary>,
    /// The sequences of the group, in order: where each row stands.
    places: Vec<Place>,
    /// Queries, keys and values by row.
    qkv: Aligned,
    /// By sequence and key-value head.
    past: Vec<Past>,
    /// By thread.
    memory: Vec<Memory>,
}

/// A token of a group.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Number of its sequence within the group.
    sequence: usize,
    position: usize,
}

/// Memory of one thread.
#[derive(Debug, Default)]
struct Memory {
    scratch: Scratch,
    read: Aligned,
    normed: Aligned,
    hidden: Aligned,
    active: Aligned,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(arch: &'a ArchSpec, rotary: Option<Rotary>) -> Self {
        Self {
            arch,
            fused: Fused::new(arch, 1),
            rotary,
            places: Vec::new(),
            qkv: Aligned::default(),
            past: Vec::new(),
            memory: Vec::new(),
        }
    }

    /// Takes in a group of sequences of these lengths, whose residual streams `x` [tokens, d_model]
    /// follow one another: their queries, keys and values.
    pub(crate) fn look(&mut self, layer: &Layer, lengths: &[usize], x: &[f32]) {
        self.fused = layer.fused;
        self.places.clear();
        for (sequence, &tokens) in lengths.iter().enumerate() {
            let place = |position| Place { sequence, position };
            self.places.extend((0..tokens).map(place));
        }
        self.project(layer, x);
        self.pack(lengths);
    }

    /// The attention of the sequence that has these rows of the group.
    pub(crate) fn attention(&self, rows: std::ops::Range<usize>) -> Attention<'_> {
        let width = self.fused.width();
        let qkv = &self.qkv[rows.start * width..rows.end * width];
        Attention::new(self.fused, qkv)
    }

    /// Queries, keys and values, normed and rotated where the architecture says so.
    fn project(&mut self, layer: &Layer, x: &[f32]) {
        let (arch, d, width) = (self.arch, self.arch.d_model, self.fused.width());
        self.qkv.resize(self.places.len() * width);
        let (rotary, eps) = (&self.rotary, arch.norm_eps as f32);
        let blocks = self.qkv.chunks_mut(ROWS * width);
        let blocks = blocks.zip(x.chunks(ROWS * d)).zip(self.places.chunks(ROWS));
        share(blocks, &mut self.memory, |memory, ((qkv, x), places)| {
            let normed = &mut memory.normed;
            normed.resize(x.len());
            layer.attention_norm.apply(x, normed);
            affine(&layer.qkv, normed, d, qkv, width);
            for (place, line) in places.iter().zip(qkv.chunks_exact_mut(width)) {
                let heads = line.chunks_exact_mut(arch.d_head());
                for (h, head) in heads.take(arch.heads + arch.kv_heads).enumerate() {
                    if let Some(gains) = &layer.qk_gains {
                        let before = head.to_vec();
                        rms_norm(&before, &gains[usize::from(h >= arch.heads)], eps, head);
                    }
                    if let Some(rotary) = rotary {
                        rotary.apply(head, place.position);
                    }
                }
            }
        });
    }

    fn pack(&mut self, lengths: &[usize]) {
        let (fused, kv_heads) = (self.fused, self.arch.kv_heads);
        self.past.resize(lengths.len() * kv_heads, Past::default());
        let mut rest = &*self.qkv;
        let rows = lengths.iter().map(|tokens| {
            let (rows, after) = rest.split_at(tokens * fused.width());
            rest = after;
            rows
        });
        let rows: Vec<&[f32]> = rows.collect();
        let past = self.past.par_iter_mut().enumerate();
        past.for_each(|(i, past)| past.pack(fused, rows[i / kv_heads], i % kv_heads));
    }

    /// Adds what attention and the MLP write to the residual streams of the group.
    pub(crate) fn write(&mut self, layer: &Layer, x: &mut [f32]) {
        let mut memory = std::mem::take(&mut self.memory);
        let blocks = x.chunks_mut(ROWS * self.arch.d_model);
        let blocks = blocks.zip(self.qkv.chunks(ROWS * self.fused.width()));
        let blocks = blocks.zip(self.places.chunks(ROWS));
        // the last rows of a sequence, which see the most, first
        share(blocks.rev(), &mut memory, |memory, ((x, qkv), places)| {
            self.attend(places, qkv, memory);
            self.write_rows(layer, x, memory);
        });
        self.memory = memory;
    }

    /// What some rows, of one sequence or more, read by attention.
    fn attend(&self, places: &[Place], qkv: &[f32], memory: &mut Memory) {
        let (fused, kv_heads) = (self.fused, self.arch.kv_heads);
        memory.read.resize(places.len() * fused.out());
        let (mut qkv, mut out) = (qkv, &mut *memory.read);
        for part in places.chunk_by(|a, b| a.sequence == b.sequence) {
            let (queries, later) = qkv.split_at(part.len() * fused.width());
            let (read, rest) = out.split_at_mut(part.len() * fused.out());
            let past = &self.past[part[0].sequence * kv_heads..][..kv_heads];
            let scratch = &mut memory.scratch;
            scratch.attend(fused, past, part[0].position, queries, read);
            (qkv, out) = (later, rest);
        }
    }

    fn write_rows(&self, layer: &Layer, x: &mut [f32], memory: &mut Memory) {
        let (arch, d) = (self.arch, self.arch.d_model);
        let Memory {
            read,
            normed,
            hidden,
            active,
            ..
        } = memory;
        normed.resize(x.len());
        if arch.residual == Residual::Parallel {
            layer.mlp_norm.apply(x, normed);
        }
        add(&layer.output, read, self.fused.out(), x, d);
        if arch.residual == Residual::Sequential {
            layer.mlp_norm.apply(x, normed);
        }
        hidden.resize(x.len() / d * arch.d_ff);
        affine(&layer.up, normed, d, hidden, arch.d_ff);
        active.resize(hidden.len());
        match (&layer.gate, arch.activation) {
            (Some(gate), _) => {
                affine(gate, normed, d, active, arch.d_ff);
                swiglu(hidden, active);
            }
            (None, Activation::GeluTanh) => gelu_tanh(hidden, active),
            (None, Activation::Relu) => relu(hidden, active),
            (None, Activation::Gelu | Activation::SwiGlu) => gelu(hidden, active),
        }
        add(&layer.down, active, arch.d_ff, x, d);
    }
}

/// Gives `items` one by one to the threads of the current rayon pool, each with a memory of its own. None
/// waits for a share that was dealt out before.
fn share<T>(
    items: impl Iterator<Item = T> + Send,
    memory: &mut Vec<Memory>,
    work: impl Fn(&mut Memory, T) + Sync,
) {
    memory.resize_with(rayon::current_num_threads(), Memory::default);
    let items = Mutex::new(items);
    let next = || items.lock().ok()?.next();
    rayon::scope(|scope| {
        for memory in memory {
            scope.spawn(|_| {
                while let Some(item) = next() {
                    work(memory, item);
                }
            });
        }
    });
}

/// out = x W' + b
fn affine(map: &Linear, x: &[f32], inputs: usize, out: &mut [f32], outputs: usize) {
    let bias = Some(map.bias.as_slice());
    let onto = Onto { c: false, bias };
    multiply_serial(Rows::new(x, inputs), &map.weight, out, outputs, onto);
}

/// x += from W' + b
fn add(map: &Linear, from: &[f32], inputs: usize, x: &mut [f32], d: usize) {
    let bias = Some(map.bias.as_slice());
    let onto = Onto { c: true, bias };
    multiply_serial(Rows::new(from, inputs), &map.weight, x, d, onto);
}
