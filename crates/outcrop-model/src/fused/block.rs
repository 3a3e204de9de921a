//! One block, forward and backward: some sequences at a time go through all of it, so that what they leave
//! stays in the cache; groups of them in parallel.

use std::cell::RefCell;

use outcrop_core::{Activation, Residual};
use outcrop_gemm::{Aligned, Packed};
use rayon::prelude::*;

use super::activation::{activate, activate_backward};
use super::attention::{Heads, Scratch};
use super::linear::{Backward, Forward, Linear, add_gradients};
use super::vector::{layer_norm, layer_norm_backward};

/// Rows, in whole sequences, that go through a block together.
const ROWS: usize = 256;

/// Sums of gradients that are kept beside one another: as many threads work on them, and they are added
/// in the same order whatever the number of threads.
pub(super) const LANES: usize = 4;

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
type Gradients = Parts<[Vec<f32>; 2]>;

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

/// What the way back needs of the way forward, by row.
#[derive(Debug)]
pub(super) struct Kept {
    /// Rotated queries, keys and values.
    qkv: Vec<f32>,
    /// By sequence and head.
    log_sums: Vec<f32>,
    /// What attention read.
    read: Vec<f32>,
    /// The first linear map of the MLP.
    hidden: Vec<f32>,
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
    fn d_model(&self) -> usize {
        self.heads.heads * self.heads.d_head
    }

    /// Rows of a group: whole sequences.
    fn group(&self) -> usize {
        self.tokens * (ROWS / self.tokens).max(1)
    }
}

thread_local! {
    /// What one thread needs while some rows go through: used again, since fresh memory costs page faults
    /// and zeros.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

#[derive(Default)]
struct Memory {
    scratch: Scratch,
    packed: Packed,
    normed: Aligned,
    active: Aligned,
    dhidden: Aligned,
    dnormed: Aligned,
    dread: Aligned,
    dqkv: Aligned,
}

fn linear<'a>([weight, bias]: [&'a [f32]; 2]) -> Linear<'a> {
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
pub(super) fn forward(shape: Shape<'_>, parameters: Parameters<'_>, x: &[f32]) -> (Vec<f32>, Kept) {
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
        qkv: vec![0.0; rows * 3 * d],
        log_sums: vec![0.0; rows * heads],
        read: vec![0.0; rows * d],
        hidden: vec![0.0; rows * shape.d_ff],
    };
    let groups = x.par_chunks(group * d).zip(y.par_chunks_mut(group * d));
    let groups = groups
        .zip(kept.qkv.par_chunks_mut(group * 3 * d))
        .zip(kept.log_sums.par_chunks_mut(group * heads))
        .zip(kept.read.par_chunks_mut(group * d))
        .zip(kept.hidden.par_chunks_mut(group * shape.d_ff));
    groups.for_each(|(((((x, y), qkv), log_sums), read), hidden)| {
        MEMORY.with_borrow_mut(|memory| {
            ahead.attend(x, qkv, [log_sums, read], memory);
            ahead.write(x, read, [hidden, y], memory);
        });
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

/// A block on its way back.
struct Back<'a> {
    shape: Shape<'a>,
    parameters: Parameters<'a>,
    /// Needed again where the residual is sequential.
    again: Option<Forward<'a>>,
    qkv: Backward,
    dense: Backward,
    up: Backward,
    down: Backward,
}

/// Rows of a lane or of a group.
#[derive(Clone, Copy)]
struct Slices<'a> {
    x: &'a [f32],
    dy: &'a [f32],
    qkv: &'a [f32],
    log_sums: &'a [f32],
    read: &'a [f32],
    hidden: &'a [f32],
}

/// The gradients of x and of the parameters, from those of the residual stream after the block.
pub(super) fn backward(
    shape: Shape<'_>,
    parameters: Parameters<'_>,
    x: &[f32],
    kept: &Kept,
    dy: &[f32],
) -> (Vec<f32>, Gradients) {
    let back = Back {
        shape,
        again: (shape.residual == Residual::Sequential).then(|| linear(parameters.dense).forward()),
        qkv: linear(parameters.qkv).backward(),
        dense: linear(parameters.dense).backward(),
        up: linear(parameters.up).backward(),
        down: linear(parameters.down).backward(),
        parameters,
    };
    let all = Slices {
        x,
        dy,
        qkv: &kept.qkv,
        log_sums: &kept.log_sums,
        read: &kept.read,
        hidden: &kept.hidden,
    };
    let d = shape.d_model();
    let groups = (x.len() / d).div_ceil(shape.group());
    let lane = groups.div_ceil(LANES).max(1) * shape.group();
    let mut dx = dy.to_vec();
    let lanes = dx.par_chunks_mut(lane * d).enumerate();
    let lanes = lanes.map(|(i, dx)| back.lane(all, i * lane, dx));
    let lanes: Vec<Gradients> = lanes.collect();
    (dx, total(lanes))
}

/// The sum of what the lanes have, in their order.
fn total(lanes: Vec<Gradients>) -> Gradients {
    let mut lanes = lanes.into_iter().map(Parts::into_array);
    let mut sum = lanes.next().unwrap_or_default();
    for lane in lanes {
        for (sum, part) in sum.iter_mut().flatten().zip(lane.iter().flatten()) {
            sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
    }
    Parts::from_array(sum)
}

impl<'a> Slices<'a> {
    /// `count` rows from `first` on.
    fn rows(&self, shape: Shape<'_>, first: usize, count: usize) -> Self {
        let part = |values: &'a [f32], width: usize| &values[first * width..][..count * width];
        let d = shape.d_model();
        Self {
            x: part(self.x, d),
            dy: part(self.dy, d),
            qkv: part(self.qkv, 3 * d),
            log_sums: part(self.log_sums, shape.heads.heads),
            read: part(self.read, d),
            hidden: part(self.hidden, shape.d_ff),
        }
    }
}

impl Back<'_> {
    /// The groups of a lane, one after the other; `dx` begins as dy.
    fn lane(&self, all: Slices<'_>, first: usize, dx: &mut [f32]) -> Gradients {
        let (shape, d) = (self.shape, self.shape.d_model());
        let zeros = self.parameters.clone().into_array();
        let zeros = zeros.map(|pair| pair.map(|p| vec![0.0; p.len()]));
        let mut gradients = Parts::from_array(zeros);
        MEMORY.with_borrow_mut(|memory| {
            for (i, dx) in dx.chunks_mut(shape.group() * d).enumerate() {
                let rows = all.rows(shape, first + i * shape.group(), dx.len() / d);
                self.mlp(rows, dx, &mut gradients, memory);
                self.attention(rows, dx, &mut gradients, memory);
            }
        });
        gradients
    }

    fn mlp(
        &self,
        rows: Slices<'_>,
        dx: &mut [f32],
        gradients: &mut Gradients,
        memory: &mut Memory,
    ) {
        let Memory {
            packed,
            normed,
            active,
            dhidden,
            dnormed,
            ..
        } = memory;
        let (norm, eps) = (self.parameters.mlp_norm, self.shape.eps);
        self.down.apply(rows.dy, dhidden);
        active.resize(rows.hidden.len());
        activate_backward(self.shape.activation, rows.hidden, active, dhidden);
        add_gradients(active, rows.dy, &mut gradients.down, packed);
        let middle = self.again.as_ref().map(|dense| {
            let mut middle = rows.x.to_vec();
            dense.add(rows.read, &mut middle);
            middle
        });
        let before = middle.as_deref().unwrap_or(rows.x);
        normed.resize(before.len());
        layer_norm(before, norm, eps, normed);
        add_gradients(normed, dhidden, &mut gradients.up, packed);
        self.up.apply(dhidden, dnormed);
        layer_norm_backward(before, norm[0], eps, dnormed, dx, &mut gradients.mlp_norm);
    }

    /// Attention wrote into what `dx` is the gradient of, or beside the MLP.
    fn attention(
        &self,
        rows: Slices<'_>,
        dx: &mut [f32],
        gradients: &mut Gradients,
        memory: &mut Memory,
    ) {
        let (norm, eps) = (self.parameters.attention_norm, self.shape.eps);
        let dwritten = match self.shape.residual {
            Residual::Parallel => rows.dy,
            Residual::Sequential => &*dx,
        };
        add_gradients(
            rows.read,
            dwritten,
            &mut gradients.dense,
            &mut memory.packed,
        );
        self.dense.apply(dwritten, &mut memory.dread);
        self.read_backward(rows, memory);
        let Memory {
            packed,
            normed,
            dnormed,
            dqkv,
            ..
        } = memory;
        normed.resize(rows.x.len());
        layer_norm(rows.x, norm, eps, normed);
        add_gradients(normed, dqkv, &mut gradients.qkv, packed);
        self.qkv.apply(dqkv, dnormed);
        layer_norm_backward(
            rows.x,
            norm[0],
            eps,
            dnormed,
            dx,
            &mut gradients.attention_norm,
        );
    }

    /// The gradients of queries, keys and values from those of what was read.
    fn read_backward(&self, rows: Slices<'_>, memory: &mut Memory) {
        let Memory {
            scratch,
            dread,
            dqkv,
            ..
        } = memory;
        let (heads, tokens) = (self.shape.heads, self.shape.tokens);
        let (width, out) = (tokens * heads.width(), tokens * self.shape.d_model());
        dqkv.resize(rows.qkv.len());
        let sequences = dqkv
            .chunks_exact_mut(width)
            .zip(rows.qkv.chunks_exact(width))
            .zip(rows.log_sums.chunks_exact(tokens * heads.heads))
            .zip(rows.read.chunks_exact(out).zip(dread.chunks_exact(out)));
        for (((dqkv, qkv), log_sums), (read, dread)) in sequences {
            heads.read_backward([qkv, log_sums, read, dread], dqkv, scratch);
        }
    }
}
