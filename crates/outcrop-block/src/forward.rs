//! The forward pass of whole sequences: some at a time go through all of a block, so that what they leave
//! stays in the cache; groups of them in parallel.

use std::cell::RefCell;

use rayon::prelude::*;

use crate::Block;
use crate::frame::{Frame, Memory, Part, Pass, room};
use crate::layout::{Keeps, Layout, Storage};
use crate::memory::Buffer;
use crate::op::X;
use crate::rotary::Tables;
use crate::turn::Turns;
use crate::weight::Weights;

/// Rows, in whole sequences, that go through a block together.
const ROWS: usize = 256;

thread_local! {
    /// What one thread needs while some rows go through: reused, since fresh memory causes page faults
    /// and zeros.
    pub(crate) static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The values of a forward pass that the backward pass needs.
#[derive(Debug)]
pub struct Tape {
    /// Some of the values, by row.
    pub(crate) kept: Vec<Buffer>,
    /// By sequence and head.
    pub(crate) log_sums: Buffer,
}

/// Gets the residual stream of some sequences after a block, from the thread that computed it: which is the
/// first, and their rows.
pub type TapRows<'a> = &'a (dyn Fn(usize, &[f32]) + Sync);

/// Rows of a group: whole sequences.
pub(crate) fn group(tokens: usize) -> usize {
    tokens * (ROWS / tokens).max(1)
}

/// One group on its way.
struct Group<'a> {
    x: &'a [f32],
    y: &'a mut [f32],
    kept: Vec<&'a mut [f32]>,
    log_sums: Option<&'a mut [f32]>,
}

impl Block {
    /// The residual stream after the block, of `x` [sequences, tokens, d_model] before it, and what
    /// [`Block::backward`] needs where it is asked for. `weights` are the inputs in order, matrices
    /// [inputs, outputs] by rows. In parallel on the current rayon pool, the same bits on any number of
    /// threads.
    ///
    /// # Panics
    /// Where a weight has another number of numbers, `tokens` is 0, `x` is not whole sequences, or the block has
    /// no gradients ([`Block::trains`]).
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Plan};
    /// use outcrop_block::Block;
    ///
    /// let block = Block::new(Plan::new(&ArchSpec::new(1, 8, 2)).block(1))?;
    /// let count = |shape: &[usize]| shape.iter().product::<usize>();
    /// let weights: Vec<Vec<f32>> = block.inputs().iter().map(|i| vec![0.0; count(&i.shape)]).collect();
    /// let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
    /// let x = [0.5; 3 * 8]; // a sequence of three tokens
    /// let (y, tape) = block.forward(&weights, &x, 3, true, None);
    /// assert_eq!(y, x); // nothing is added
    /// let (dx, gradients) = block.backward(&weights, &x, 3, &tape.expect("it was asked for"), &y);
    /// assert_eq!((dx.len(), gradients.len()), (24, block.inputs().len()));
    /// # Ok::<(), outcrop_block::Error>(())
    /// ```
    pub fn forward(
        &self,
        weights: &[&[f32]],
        x: &[f32],
        tokens: usize,
        keep: bool,
        tap: Option<TapRows<'_>>,
    ) -> (Vec<f32>, Option<Tape>) {
        let d = self.d_model();
        assert_eq!(x.len() % (tokens * d), 0, "whole sequences of {tokens}");
        assert!(self.trains().is_ok(), "a block with gradients");
        let weights = Weights::pack(self.inputs(), weights);
        let tables = self.known.of(&self.compiled.angles, &[tokens]);
        let (keeps, layout) = match keep {
            true => (&self.taped, &self.taped_layout),
            false => (&self.between, &self.between_layout),
        };
        let pass = self.pass(&weights, &tables, layout);
        let mut y = x.to_vec();
        let rows = x.len() / d;
        let heads = self.compiled.heads.heads;
        let mut tape = keep.then(|| Tape {
            kept: (keeps
                .values
                .iter()
                .map(|v| Buffer::of(rows * pass.width(*v))))
            .collect(),
            log_sums: Buffer::of(rows * heads),
        });
        let mut groups: Vec<Group<'_>> = (x.chunks(group(tokens) * d))
            .zip(y.chunks_mut(group(tokens) * d))
            .map(|(x, y)| Group {
                x,
                y,
                kept: Vec::new(),
                log_sums: None,
            })
            .collect();
        if let Some(tape) = &mut tape {
            for (buffer, value) in tape.kept.iter_mut().zip(&keeps.values) {
                let chunks = buffer.chunks_mut(group(tokens) * pass.width(*value));
                groups
                    .iter_mut()
                    .zip(chunks)
                    .for_each(|(group, chunk)| group.kept.push(chunk));
            }
            let chunks = tape.log_sums.chunks_mut(group(tokens) * heads);
            groups
                .iter_mut()
                .zip(chunks)
                .for_each(|(group, sums)| group.log_sums = Some(sums));
        }
        groups
            .into_par_iter()
            .enumerate()
            .for_each(|(number, rows)| {
                let y = MEMORY.with_borrow_mut(|memory| pass.group(rows, keeps, tokens, memory));
                if let Some(tap) = tap {
                    tap(number * group(tokens) / tokens, y);
                }
            });
        (y, tape)
    }

    pub(crate) fn pass<'a>(
        &'a self,
        weights: &'a Weights<'a>,
        tables: &'a Tables,
        layout: &'a Layout,
    ) -> Pass<'a> {
        Pass {
            compiled: &self.compiled,
            weights,
            turns: Turns {
                turns: &self.compiled.turns,
                tables,
                width: self.compiled.heads.width(),
                d_head: self.compiled.heads.d_head,
            },
            layout,
        }
    }
}

impl Pass<'_> {
    /// A group goes through all operations; the residual stream that it leaves.
    fn group<'a>(
        &self,
        group: Group<'a>,
        keeps: &Keeps,
        tokens: usize,
        memory: &mut Memory,
    ) -> &'a [f32] {
        let Group {
            x,
            y,
            kept,
            log_sums,
        } = group;
        let rows = x.len() / self.width(X);
        let whole = Part {
            first: 0,
            rows: tokens,
            tokens,
            past: None,
        };
        let parts = vec![whole; rows / tokens];
        let widths: Vec<usize> = keeps.values.iter().map(|v| self.width(*v)).collect();
        let kept = match kept.is_empty() {
            true => room(&mut memory.kept, &widths, rows),
            false => kept,
        };
        let mut frame = Frame {
            rows,
            parts: &parts,
            residual: &mut *y,
            fixed: Vec::new(),
            kept,
            scratch: room(&mut memory.scratch, &self.layout.scratch, rows),
            log_sums,
            sums: None,
            routes: None,
        };
        for (at, op) in self.compiled.ops.iter().enumerate() {
            self.run(
                *op,
                self.compiled.residual_before(at),
                &mut frame,
                &mut memory.tools,
            );
            let residual = self.place(op.to) == Some(Storage::Residual);
            if let Some(Storage::Kept(place)) = keeps.place(op.to).filter(|_| residual) {
                let copy = std::mem::take(&mut frame.kept[place]);
                copy.copy_from_slice(frame.residual);
                frame.kept[place] = copy;
            }
        }
        y
    }
}
