//! The backward pass of one block, as its forward pass some sequences at a time.

use outcrop_arch::Residual;
use outcrop_gemm::{Aligned, Onto};
use outcrop_vector::{layer_norm, layer_norm_backward};
use rayon::prelude::*;

use super::activation::activate_backward;
use super::block::{Kept, MEMORY, Memory, Parameters, Parts, Shape, linear};
use super::linear::{Backward, Forward, add_gradients};
use super::memory::Buffer;

/// Sums of gradients that are kept beside one another for `groups` groups of rows: as many threads work on
/// them, and they are added in the same order whatever the number of threads. Each has to be added to the
/// others in the end, so that more than four must have sixteen groups each.
pub(super) fn lanes(groups: usize) -> usize {
    (groups / 16).clamp(4, 16)
}

/// Of the parameters.
type Gradients = Parts<[Vec<f32>; 2]>;

/// Those of some of the rows.
struct Lane {
    sums: Parts<[Buffer; 2]>,
    /// What products are added to: at first nothing.
    onto: Onto<'static>,
}

/// The backward pass of a block.
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
    let lane = groups.div_ceil(lanes(groups)).max(1) * shape.group();
    let mut dx = dy.to_vec();
    let parts = dx.par_chunks_mut(lane * d).enumerate();
    let sums = parts.map(|(i, dx)| back.lane(all, i * lane, dx));
    let sums: Vec<_> = sums.map(|lane| lane.sums.into_array()).collect();
    let total =
        std::array::from_fn(|i| [0, 1].map(|j| total(sums.iter().map(|sums| &*sums[i][j]))));
    (dx, Parts::from_array(total))
}

/// The numbers of two buffers.
pub(super) fn slices(pair: &mut [Buffer; 2]) -> [&mut [f32]; 2] {
    pair.each_mut().map(|buffer| &mut ***buffer)
}

/// The sum of what the lanes have, in their order.
pub(super) fn total<'a>(lanes: impl Iterator<Item = &'a Aligned>) -> Vec<f32> {
    /// Numbers that are added up together: they stay in the first-level cache.
    const TOGETHER: usize = 4096;
    let lanes: Vec<&[f32]> = lanes.map(|lane| &**lane).collect();
    let Some((first, others)) = lanes.split_first() else {
        return Vec::new();
    };
    let mut sum = first.to_vec();
    sum.par_chunks_mut(TOGETHER)
        .enumerate()
        .for_each(|(i, sum)| {
            for lane in others {
                let lane = &lane[i * TOGETHER..];
                sum.iter_mut().zip(lane).for_each(|(sum, x)| *sum += x);
            }
        });
    sum
}

impl Lane {
    fn new(parameters: &Parameters<'_>) -> Self {
        let buffers = parameters.clone().into_array();
        let buffers = buffers.map(|pair| pair.map(|p| Buffer::of(p.len())));
        let mut sums = Parts::from_array(buffers);
        for [gain, shift] in [&mut sums.attention_norm, &mut sums.mlp_norm] {
            gain.fill(0.0);
            shift.fill(0.0);
        }
        for [_, bias] in [&mut sums.qkv, &mut sums.dense, &mut sums.up, &mut sums.down] {
            bias.fill(0.0);
        }
        Self {
            sums,
            onto: Onto::ZERO,
        }
    }
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
    fn lane(&self, all: Slices<'_>, first: usize, dx: &mut [f32]) -> Lane {
        let (shape, d) = (self.shape, self.shape.d_model());
        let mut lane = Lane::new(&self.parameters);
        MEMORY.with_borrow_mut(|memory| {
            for (i, dx) in dx.chunks_mut(shape.group() * d).enumerate() {
                let rows = all.rows(shape, first + i * shape.group(), dx.len() / d);
                self.mlp(rows, dx, &mut lane, memory);
                self.attention(rows, dx, &mut lane, memory);
                lane.onto = Onto::C;
            }
        });
        lane
    }

    fn mlp(
        &self,
        rows: Slices<'_>,
        dx: &mut [f32],
        Lane { sums, onto }: &mut Lane,
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
        add_gradients(active, rows.dy, &mut sums.down, *onto, packed);
        let middle = self.again.as_ref().map(|dense| {
            let mut middle = rows.x.to_vec();
            dense.add(rows.read, &mut middle);
            middle
        });
        let before = middle.as_deref().unwrap_or(rows.x);
        normed.resize(before.len());
        layer_norm(before, norm, eps, normed);
        add_gradients(normed, dhidden, &mut sums.up, *onto, packed);
        self.up.apply(dhidden, dnormed);
        layer_norm_backward(
            before,
            norm[0],
            eps,
            dnormed,
            dx,
            slices(&mut sums.mlp_norm),
        );
    }

    /// Attention wrote into what `dx` is the gradient of, or beside the MLP.
    fn attention(
        &self,
        rows: Slices<'_>,
        dx: &mut [f32],
        Lane { sums, onto }: &mut Lane,
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
            &mut sums.dense,
            *onto,
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
        add_gradients(normed, dqkv, &mut sums.qkv, *onto, packed);
        self.qkv.apply(dqkv, dnormed);
        layer_norm_backward(
            rows.x,
            norm[0],
            eps,
            dnormed,
            dx,
            slices(&mut sums.attention_norm),
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
