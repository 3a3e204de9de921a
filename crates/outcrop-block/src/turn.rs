//! What is done to each head of queries, keys and values before attention: norms, rotations, clipping.

use std::borrow::Cow;

use outcrop_arch::RotaryPairs;
use outcrop_vector::{rotate_heads, rotate_neighbours_of_heads};

use crate::op::{Norm, Turn, TurnKind};
use crate::rotary::{Table, Tables};
use crate::sums::Lane;
use crate::weight::Weights;

/// The turns of a block, over rows of queries, keys and values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turns<'a> {
    pub(crate) turns: &'a [Turn],
    pub(crate) tables: &'a Tables,
    /// Length of a row.
    pub(crate) width: usize,
    pub(crate) d_head: usize,
}

impl Turns<'_> {
    /// Rows of one sequence of so many tokens, the first of them at position `first`.
    pub(crate) fn apply(
        &self,
        weights: &Weights<'_>,
        rows: &mut [f32],
        first: usize,
        tokens: usize,
    ) {
        for turn in self.turns {
            self.turn(turn, weights, rows, [first, tokens]);
        }
    }

    fn turn(
        &self,
        turn: &Turn,
        weights: &Weights<'_>,
        rows: &mut [f32],
        [first, tokens]: [usize; 2],
    ) {
        match turn.kind {
            TurnKind::Norm(norm) => self.norm(weights, turn, norm, rows),
            TurnKind::Rotate { table, pairs } => {
                let table = self.tables.table(table, tokens);
                self.rotate(turn, (table, pairs), rows, first, 1.0);
            }
            TurnKind::Clip(limit) => self.clip(turn, limit, rows),
        }
    }

    fn clip(&self, turn: &Turn, limit: f32, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.width) {
            for start in &turn.starts {
                let head = row[*start..][..self.d_head].iter_mut();
                head.for_each(|x| *x = x.clamp(-limit, limit));
            }
        }
    }

    fn rotate(
        &self,
        turn: &Turn,
        (table, pairs): (&Table, RotaryPairs),
        rows: &mut [f32],
        first: usize,
        direction: f32,
    ) {
        let from = first * table.half;
        let tables = [&table.cosines[from..], &table.sines[from..]];
        let (width, starts, half) = (self.width, &turn.starts, table.half);
        match pairs {
            RotaryPairs::Halves => rotate_heads(rows, width, starts, tables, half, direction),
            RotaryPairs::HalvesBack => rotate_heads(rows, width, starts, tables, half, -direction),
            RotaryPairs::Neighbours => {
                rotate_neighbours_of_heads(rows, width, starts, tables, half, direction);
            }
        }
    }

    fn norm(&self, weights: &Weights<'_>, turn: &Turn, norm: Norm, rows: &mut [f32]) {
        let (mut before, mut after) = (Vec::new(), vec![0.0; turn.starts.len() * self.d_head]);
        for row in rows.chunks_exact_mut(self.width) {
            self.gather(turn, row, &mut before);
            norm.apply(weights, &before, &mut after);
            self.scatter(turn, &after, row);
        }
    }

    /// The heads of a turn in a row, one after another.
    fn gather(&self, turn: &Turn, row: &[f32], heads: &mut Vec<f32>) {
        heads.clear();
        for start in &turn.starts {
            heads.extend_from_slice(&row[*start..][..self.d_head]);
        }
    }

    fn scatter(&self, turn: &Turn, heads: &[f32], row: &mut [f32]) {
        for (start, head) in turn.starts.iter().zip(heads.chunks_exact(self.d_head)) {
            row[*start..][..self.d_head].copy_from_slice(head);
        }
    }

    /// Whether the backward pass needs the rows as they were before.
    pub(crate) fn keeps(turns: &[Turn]) -> bool {
        let rotates = |turn: &Turn| matches!(turn.kind, TurnKind::Rotate { .. });
        !turns.iter().all(rotates)
    }

    /// The gradients of rows of one whole sequence become those of the rows before all turns, which are `raw`;
    /// those of gains are added to `lane`.
    pub(crate) fn backward(
        &self,
        weights: &Weights<'_>,
        raw: &[f32],
        gradients: &mut [f32],
        lane: &mut Lane,
    ) {
        for (at, turn) in self.turns.iter().enumerate().rev() {
            match turn.kind {
                TurnKind::Rotate { table, pairs } => {
                    let table = self.tables.table(table, gradients.len() / self.width);
                    self.rotate(turn, (table, pairs), gradients, 0, -1.0);
                }
                TurnKind::Norm(norm) => {
                    let sums = lane.norm(&norm);
                    let before = self.before(at, weights, raw);
                    self.norm_backward(weights, turn, norm, &before, gradients, sums);
                }
                TurnKind::Clip(limit) => {
                    let before = self.before(at, weights, raw);
                    self.clip_backward(turn, limit, &before, gradients);
                }
            }
        }
    }

    /// The rows as the turn `at` read them.
    fn before<'r>(&self, at: usize, weights: &Weights<'_>, raw: &'r [f32]) -> Cow<'r, [f32]> {
        let on = &self.turns[at].starts;
        let earlier = self.turns[..at].iter();
        let earlier = earlier.filter(|turn| turn.starts.iter().any(|start| on.contains(start)));
        let tokens = raw.len() / self.width;
        let mut rows = Cow::Borrowed(raw);
        for turn in earlier {
            self.turn(turn, weights, rows.to_mut(), [0, tokens]);
        }
        rows
    }

    fn clip_backward(&self, turn: &Turn, limit: f32, before: &[f32], gradients: &mut [f32]) {
        let rows = before.chunks_exact(self.width);
        for (before, row) in rows.zip(gradients.chunks_exact_mut(self.width)) {
            for start in &turn.starts {
                let pairs = before[*start..][..self.d_head]
                    .iter()
                    .zip(&mut row[*start..]);
                for (_, gradient) in pairs.filter(|(x, _)| x.abs() > limit) {
                    *gradient = 0.0;
                }
            }
        }
    }

    fn norm_backward(
        &self,
        weights: &Weights<'_>,
        turn: &Turn,
        norm: Norm,
        before: &[f32],
        gradients: &mut [f32],
        sums: [&mut [f32]; 3],
    ) {
        let (mut x, mut dy) = (Vec::new(), Vec::new());
        let [dgain, dshift, dalpha] = sums;
        let mut dx = vec![0.0; turn.starts.len() * self.d_head];
        let rows = before.chunks_exact(self.width);
        for (before, row) in rows.zip(gradients.chunks_exact_mut(self.width)) {
            self.gather(turn, before, &mut x);
            self.gather(turn, row, &mut dy);
            dx.fill(0.0);
            let sums = [&mut *dgain, &mut *dshift, &mut *dalpha];
            norm.backward(weights, &x, &mut dy, &mut dx, sums);
            self.scatter(turn, &dx, row);
        }
    }
}
