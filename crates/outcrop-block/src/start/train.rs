//! Forward and backward pass of the section before the blocks, from token ids on.

use std::borrow::Cow;

use outcrop_vector::add_into;
use rayon::prelude::*;

use super::{Start, StartStep, add_positions, inserted};
use crate::Input;
use crate::sums::{Lane, lanes, total};
use crate::weight::{Transposed, Weights};

/// Rows that go through a step together.
const ROWS: usize = 256;
/// Parts of a table whose gradients are made in parallel.
const PARTS: usize = 16;

/// The rows before each step, where the backward pass needs them.
#[derive(Debug)]
pub struct StartTape(Vec<Vec<f32>>);

impl Start {
    /// The tables [rows, width] that it takes, in order: of tokens and, where the plan has them, of positions.
    pub fn tables(&self) -> &[Input] {
        &self.tables
    }

    /// The residual streams [sequences, inserted + tokens, d_model] before the first block of token `ids` [sequences, tokens],
    /// and what [`Start::backward`] needs. `tables` and `weights` are the [tables](Self::tables) and the
    /// [inputs](Self::inputs) in order, matrices [inputs, outputs] by rows. In parallel on the current rayon pool, the
    /// same bits on any number of threads.
    ///
    /// Of a start that [`Start::trains`].
    ///
    /// # Panics
    /// Where a weight has another number of numbers, an id or a position is not in its table, or `tokens` is 0.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Plan};
    /// use outcrop_block::Start;
    ///
    /// let arch = ArchSpec { vocab: 3, ..ArchSpec::new(1, 2, 1) };
    /// let start = Start::new(&Plan::new(&arch).start)?;
    /// let table = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    /// let (x, tape) = start.forward(&[&table], &[], &[2, 0, 2], 3);
    /// assert_eq!(x, [4.0, 5.0, 0.0, 1.0, 4.0, 5.0]);
    /// let gradients = start.backward(&[], &[2, 0, 2], 3, &tape, &[1.0; 6]);
    /// assert_eq!(gradients, [[1.0, 1.0, 0.0, 0.0, 2.0, 2.0]]);
    /// # Ok::<(), outcrop_block::Error>(())
    /// ```
    pub fn forward(
        &self,
        tables: &[&[f32]],
        weights: &[&[f32]],
        ids: &[usize],
        tokens: usize,
    ) -> (Vec<f32>, StartTape) {
        assert!(self.trains().is_ok(), "a start with gradients");
        let weights = Weights::pack(&self.inputs, weights);
        let mut lengths = vec![tokens; ids.len() / tokens];
        let mut x = look_up(tables[0], self.tables[0].shape[1], ids);
        let apply = |step: &StartStep| match step {
            StartStep::Positions => {
                add_positions(&mut x, &lengths, tables[1]);
                Vec::new()
            }
            StartStep::Insert { input, at, .. } => {
                x = inserted(&x, &mut lengths, weights.vector(*input), *at);
                Vec::new()
            }
            StartStep::Scale(_) | StartStep::Project(_) | StartStep::Norm(_) => {
                step.apply(&weights, &mut x)
            }
        };
        let tape = self.steps.iter().map(apply).collect();
        (x, StartTape(tape))
    }

    /// The gradients of the tables and of the inputs, in order, from `dy`, those of what [`Start::forward`] gave of the
    /// same weights, `ids` and `tokens`, with its `tape`. Sums have an order that depends on the shape alone: the same
    /// bits on any number of threads.
    ///
    /// # Panics
    /// As [`Start::forward`].
    pub fn backward(
        &self,
        weights: &[&[f32]],
        ids: &[usize],
        tokens: usize,
        tape: &StartTape,
        dy: &[f32],
    ) -> Vec<Vec<f32>> {
        let back = Back {
            inputs: &self.inputs,
            weights: Weights::pack(&self.inputs, weights),
            transposed: Transposed::pack(&self.inputs, weights),
        };
        let mut gradients = vec![Vec::new(); self.inputs.len()];
        let (mut dx, mut positions) = (Cow::Borrowed(dy), None);
        for (step, before) in self.steps.iter().zip(&tape.0).rev() {
            match step {
                StartStep::Scale(by) => dx.to_mut().par_iter_mut().for_each(|x| *x *= by),
                StartStep::Insert { input, .. } => {
                    let sequences = ids.len() / tokens;
                    let (others, sum) = taken(step, &dx, sequences);
                    (dx, gradients[*input]) = (others.into(), sum);
                }
                StartStep::Positions => positions = Some(self.positions(&dx, tokens)),
                StartStep::Project(_) | StartStep::Norm(_) => {
                    dx = back
                        .step(step, before, dx.into_owned(), &mut gradients)
                        .into();
                }
            }
        }
        let tables = std::iter::once(self.looked_up(&dx, ids)).chain(positions);
        tables.chain(gradients).collect()
    }

    /// The gradients of the table of tokens.
    fn looked_up(&self, dx: &[f32], ids: &[usize]) -> Vec<f32> {
        let [rows, width] = [0, 1].map(|i| self.tables[0].shape[i]);
        let mut table = vec![0.0; rows * width];
        let share = rows.div_ceil(PARTS).max(1);
        let parts = table.par_chunks_mut(share * width).enumerate();
        parts.for_each(|(i, part)| {
            for (id, dx) in ids.iter().zip(dx.chunks_exact(width)) {
                let row = id.checked_sub(i * share).filter(|row| *row < share);
                if let Some(row) = row {
                    add_into(dx, &mut part[row * width..][..width]);
                }
            }
        });
        table
    }

    /// The gradients of the table of positions.
    fn positions(&self, dx: &[f32], tokens: usize) -> Vec<f32> {
        let [rows, width] = [0, 1].map(|i| self.tables[1].shape[i]);
        let mut table = vec![0.0; rows * width];
        let used = table[..tokens * width].par_chunks_mut(width).enumerate();
        used.for_each(|(position, sum)| {
            for sequence in dx.chunks_exact(tokens * width) {
                add_into(&sequence[position * width..][..width], sum);
            }
        });
        table
    }
}

/// The rows of `table`, `width` numbers each, that `ids` are.
fn look_up(table: &[f32], width: usize, ids: &[usize]) -> Vec<f32> {
    let mut x = vec![0.0; ids.len() * width];
    let groups = x.par_chunks_mut(ROWS * width).zip(ids.par_chunks(ROWS));
    groups.for_each(|(x, ids)| {
        for (row, id) in x.chunks_exact_mut(width).zip(ids) {
            row.copy_from_slice(&table[id * width..][..width]);
        }
    });
    x
}

/// Without the rows that a step put into each sequence; and the sum of these over the sequences.
fn taken(step: &StartStep, dx: &[f32], sequences: usize) -> (Vec<f32>, Vec<f32>) {
    let StartStep::Insert {
        at, count, width, ..
    } = *step
    else {
        return (dx.to_vec(), Vec::new());
    };
    let (first, end) = (at * width, (at + count) * width);
    let mut others = Vec::with_capacity(dx.len());
    let mut sum = vec![0.0; count * width];
    for rows in dx.chunks_exact((dx.len() / sequences.max(1)).max(1)) {
        others.extend_from_slice(&rows[..first]);
        add_into(&rows[first..end], &mut sum);
        others.extend_from_slice(&rows[end..]);
    }
    (others, sum)
}

/// What the steps of a backward pass share.
struct Back<'a> {
    inputs: &'a [Input],
    weights: Weights<'a>,
    transposed: Transposed,
}

impl Back<'_> {
    /// The gradients of the rows before a step, of those after it, `dy`; those of its inputs go to `gradients`.
    fn step(
        &self,
        step: &StartStep,
        x: &[f32],
        mut dy: Vec<f32>,
        gradients: &mut [Vec<f32>],
    ) -> Vec<f32> {
        let ([before, after], inputs) = match step {
            StartStep::Norm(norm) => ([norm.width; 2], [norm.gain, norm.shift, norm.alpha]),
            StartStep::Project(map) => (
                [map.inputs, map.outputs],
                [Some(map.weight), map.bias, None],
            ),
            StartStep::Scale(_) | StartStep::Positions | StartStep::Insert { .. } => return dy,
        };
        let groups = (x.len() / before).div_ceil(ROWS);
        let lane = groups.div_ceil(lanes(groups)).max(1) * ROWS;
        let mut dx = vec![0.0; x.len()];
        let parts = x.par_chunks(lane * before);
        let parts = parts.zip(dx.par_chunks_mut(lane * before));
        let parts = parts.zip(dy.par_chunks_mut(lane * after));
        let lanes = parts.map(|((x, dx), dy)| self.lane(step, x, dy, dx));
        let lanes: Vec<Lane> = lanes.collect();
        for input in inputs.into_iter().flatten() {
            gradients[input] = total(lanes.iter().map(|lane| &*lane.sums[input]));
        }
        dx
    }

    fn lane(&self, step: &StartStep, x: &[f32], dy: &mut [f32], dx: &mut [f32]) -> Lane {
        let mut lane = Lane::new(self.inputs);
        match step {
            StartStep::Norm(norm) => {
                let sums = lane.norm(norm);
                norm.backward(&self.weights, x, dy, dx, sums);
            }
            StartStep::Project(map) => {
                let onto = lane.onto;
                let (dw, db) = lane.map(map.weight, map.bias);
                map.gradients(x, dy, dw, db, onto, &mut Default::default());
                map.backward(&self.transposed, dy, dx, false);
            }
            StartStep::Scale(_) | StartStep::Positions | StartStep::Insert { .. } => {}
        }
        lane
    }
}
