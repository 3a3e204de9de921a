//! The backward pass of a block, as its forward pass some sequences at a time.

mod run;

use rayon::prelude::*;

use crate::forward::{MEMORY, group};
use crate::frame::{Frame, Memory, Part, room};
use crate::op::X;
use crate::sums::{Lane, Totals, lanes};
use crate::weight::{Transposed, Weights};
use crate::{Block, Tape};
use run::Back;

impl Block {
    /// The gradients of `x` and of the inputs in order, from `dy`, those of the residual stream after the block:
    /// of what [`Block::forward`] computed of the same weights, `x` and `tokens`, with its `tape`. Sums over
    /// rows are made in lanes, whose number depends on the shape alone: the same bits on any number of threads.
    ///
    /// # Panics
    /// As [`Block::forward`].
    pub fn backward(
        &self,
        weights: &[&[f32]],
        x: &[f32],
        tokens: usize,
        tape: &Tape,
        dy: &[f32],
    ) -> (Vec<f32>, Vec<Vec<f32>>) {
        let d = self.d_model();
        let transposed = Transposed::pack(self.inputs(), weights);
        let again = |input: usize| self.program.again.contains(&input);
        let weights = Weights::pack_some(self.inputs(), weights, &again);
        let tables = self.known.of(&self.compiled.angles, &[tokens]);
        let back = Back {
            pass: self.pass(&weights, &tables, &self.program.layout),
            transposed: &transposed,
            program: &self.program,
        };
        let group = group(tokens);
        let groups = (x.len() / d).div_ceil(group);
        let lane = groups.div_ceil(lanes(groups)).max(1) * group;
        let mut dx = dy.to_vec();
        // no more lanes at a time than threads: each has the size of all gradients
        let (together, mut totals) = (rayon::current_num_threads().max(1), Totals::default());
        for (wave, dx) in dx.chunks_mut(together * lane * d).enumerate() {
            let parts = dx.par_chunks_mut(lane * d).enumerate();
            let sums = parts.map(|(i, dx)| {
                let mut sums = Lane::new(self.inputs());
                MEMORY.with_borrow_mut(|memory| {
                    for (j, dx) in dx.chunks_mut(group * d).enumerate() {
                        let first = (wave * together + i) * lane + j * group;
                        back.group(self, x, tokens, tape, first, dx, &mut sums, memory);
                        sums.next();
                    }
                });
                sums.sums
            });
            totals.add(&sums.collect::<Vec<_>>());
        }
        let gradients = totals.finish();
        (dx, gradients)
    }
}

impl Back<'_> {
    /// The rows from `first` on, as many as `dx` has, which begins as dy.
    #[expect(
        clippy::too_many_arguments,
        reason = "what all groups share, and what is the group's"
    )]
    fn group(
        &self,
        block: &Block,
        x: &[f32],
        tokens: usize,
        tape: &Tape,
        first: usize,
        dx: &mut [f32],
        sums: &mut Lane,
        memory: &mut Memory,
    ) {
        let rows = dx.len() / self.pass.width(X);
        fn part(values: &[f32], width: usize, [first, rows]: [usize; 2]) -> &[f32] {
            &values[first * width..][..rows * width]
        }
        let range = [first, rows];
        let kept = tape.kept.iter().zip(&block.taped.values);
        let kept = kept.map(|(buffer, value)| part(buffer, self.pass.width(*value), range));
        let x = part(x, self.pass.width(X), range);
        let whole = Part {
            first: 0,
            rows: tokens,
            tokens,
            past: None,
        };
        let log_sums = part(&tape.log_sums, block.compiled.heads.heads, range);
        let mut frame = Frame {
            rows,
            parts: &vec![whole; rows / tokens],
            residual: dx,
            fixed: std::iter::once(x).chain(kept).collect(),
            kept: Vec::new(),
            scratch: room(&mut memory.scratch, &self.pass.layout.scratch, rows),
            log_sums: None,
            sums: None,
            routes: None,
        };
        for (action, op) in &self.program.steps {
            self.step(*action, *op, &mut frame, log_sums, sums, &mut memory.tools);
        }
    }
}
