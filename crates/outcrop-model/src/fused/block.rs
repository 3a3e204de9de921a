//! One block on its way forward: some sequences at a time go through all of it, so that what they leave
//! stays in the cache; groups of them in parallel.

use std::cell::RefCell;

use outcrop_arch::{Activation, Residual};
use outcrop_gemm::{Aligned, Packed};
use outcrop_vector::layer_norm;
use rayon::prelude::*;

use super::activation::activate;
use super::attention::{Heads, Scratch};
use super::linear::{Forward, Linear};
use super::memory::Buffer;
use crate::{Sequences, TapSequences};

/// Rows, in whole sequences, that go through a block together.
const ROWS: usize = 256;

/// What there is of each kind in a block: parameters, gradients.
#[derive(Clone, Debug)]
pub(super) struct Parts<T> {
    pub(super) attention_norm: T,
    pub(super) qkv: T,
    pub(super) dense: T,
    pub(super) mlp_norm: T,
    pub(super) up: T,
    pub(super) down: T,
}

/// Gains and shifts of norms, weights and biases of linear maps.
pub(super) type Parameters<'a> = Parts<[&'a [f32]; 2]>;

/// What a block computes, but for its parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    pub(super) heads: Heads<'a>,
    /// Positions of each sequence.
    pub(super) tokens: usize,
    pub(super) d_ff: usize,
    pub(super) eps: f32,
    pub(super) activation: Activation,
    pub(super) residual: Residual,
}

/// What the backward pass needs of the forward pass, by row.
#[derive(Debug)]
pub(super) struct Kept {
    /// Rotated queries, keys and values.
    pub(super) qkv: Buffer,
    /// By sequence and head.
    pub(super) log_sums: Buffer,
    /// What attention read.
    pub(super) read: Buffer,
    /// The first linear map of the MLP.
    pub(super) hidden: Buffer,
}

impl<T> Parts<T> {
    /// In the order in which [`Parts::into_array`] gives them.
    pub(super) fn from_array(parts: [T; 6]) -> Self {
        let [attention_norm, qkv, dense, mlp_norm, up, down] = parts;
        Self {
            attention_norm,
            qkv,
            dense,
            mlp_norm,
            up,
            down,
        }
    }

    pub(super) fn into_array(self) -> [T; 6] {
        let Self {
            attention_norm,
            qkv,
            dense,
            mlp_norm,
            up,
            down,
        } = self;
        [attention_norm, qkv, dense, mlp_norm, up, down]
    }
}

impl Shape<'_> {
    pub(super) fn d_model(&self) -> usize {
        self.heads.heads * self.heads.d_head
    }

    /// Rows of a group: whole sequences.
    pub(super) fn group(&self) -> usize {
        self.tokens * (ROWS / self.tokens).max(1)
    }
}

thread_local! {
    /// What one thread needs while some rows go through: used again, since fresh memory costs page faults
    /// and zeros.
    pub(super) static MEMORY: RefCell<Memory> = RefCell::default();
}

#[derive(Default)]
pub(super) struct Memory {
    pub(super) scratch: Scratch,
    pub(super) packed: Packed,
    pub(super) normed: Aligned,
    pub(super) active: Aligned,
    pub(super) dhidden: Aligned,
    pub(super) dnormed: Aligned,
    pub(super) dread: Aligned,
    pub(super) dqkv: Aligned,
}

pub(super) fn linear<'a>([weight, bias]: [&'a [f32]; 2]) -> Linear<'a> {
    Linear { weight, bias }
}

/// A block on its way forward.
struct Ahead<'a> {
    shape: Shape<'a>,
    norms: [[&'a [f32]; 2]; 2],
    qkv: Forward<'a>,
    dense: Forward<'a>,
    up: Forward<'a>,
    down: Forward<'a>,
}

/// The residual stream after the block, of `x` [sequences, tokens, d_model] before it:
/// x + a + m with a = attention(LN1(x)), m = MLP(LN2(x)), or LN2(x + a) where the residual is sequential.
/// `tap` gets it from the thread that has computed it.
pub(super) fn forward(
    shape: Shape<'_>,
    parameters: Parameters<'_>,
    x: &[f32],
    tap: Option<&dyn TapSequences>,
) -> (Vec<f32>, Kept) {
    let ahead = Ahead {
        shape,
        norms: [parameters.attention_norm, parameters.mlp_norm],
        qkv: linear(parameters.qkv).forward(),
        dense: linear(parameters.dense).forward(),
        up: linear(parameters.up).forward(),
        down: linear(parameters.down).forward(),
    };
    let (d, group) = (shape.d_model(), shape.group());
    let (rows, heads) = (x.len() / d, shape.heads.heads);
    let mut y = x.to_vec();
    let mut kept = Kept {
        qkv: Buffer::of(rows * 3 * d),
        log_sums: Buffer::of(rows * heads),
        read: Buffer::of(rows * d),
        hidden: Buffer::of(rows * shape.d_ff),
    };
    let groups = x.par_chunks(group * d).zip(y.par_chunks_mut(group * d));
    let groups = groups
        .zip(kept.qkv.par_chunks_mut(group * 3 * d))
        .zip(kept.log_sums.par_chunks_mut(group * heads))
        .zip(kept.read.par_chunks_mut(group * d))
        .zip(kept.hidden.par_chunks_mut(group * shape.d_ff))
        .enumerate();
    groups.for_each(|(number, (((((x, y), qkv), log_sums), read), hidden))| {
        MEMORY.with_borrow_mut(|memory| {
            ahead.attend(x, qkv, [log_sums, read], memory);
            ahead.write(x, read, [hidden, y], memory);
        });
        if let Some(tap) = tap {
            tap.tap_sequences(Sequences {
                first: number * group / shape.tokens,
                hidden: y,
                positions: shape.tokens,
                d_model: d,
            });
        }
    });
    (y, kept)
}

impl Ahead<'_> {
    fn attend(
        &self,
        x: &[f32],
        qkv: &mut [f32],
        [log_sums, read]: [&mut [f32]; 2],
        memory: &mut Memory,
    ) {
        let shape = self.shape;
        let Shape { heads, tokens, .. } = shape;
        let normed = &mut memory.normed;
        normed.resize(x.len());
        layer_norm(x, self.norms[0], shape.eps, normed);
        self.qkv.apply(normed, qkv);
        let sequences = qkv
            .chunks_exact_mut(tokens * heads.width())
            .zip(log_sums.chunks_exact_mut(tokens * heads.heads))
            .zip(read.chunks_exact_mut(tokens * shape.d_model()));
        for ((qkv, log_sums), read) in sequences {
            heads.rotate(qkv, 1.0);
            heads.read(qkv, read, log_sums, &mut memory.scratch);
        }
    }

    fn write(&self, x: &[f32], read: &[f32], [hidden, y]: [&mut [f32]; 2], memory: &mut Memory) {
        let Memory { normed, active, .. } = memory;
        let (norm, eps) = (self.norms[1], self.shape.eps);
        normed.resize(x.len());
        self.dense.add(read, y);
        match self.shape.residual {
            Residual::Parallel => layer_norm(x, norm, eps, normed),
            Residual::Sequential => layer_norm(y, norm, eps, normed),
        }
        self.up.apply(normed, hidden);
        active.resize(hidden.len());
        activate(self.shape.activation, hidden, active);
        self.down.add(active, y);
    }
}
