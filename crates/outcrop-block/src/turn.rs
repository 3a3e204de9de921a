//! What is done to each head of queries and keys before attention: norms and rotations.

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
            match turn.kind {
                TurnKind::Norm(norm) => self.norm(weights, turn, norm, rows),
                TurnKind::Rotate { table, neighbours } => {
                    let table = self.tables.table(table, tokens);
                    self.rotate(turn, (table, neighbours), rows, first, 1.0);
                }
            }
        }
    }

    fn rotate(
        &self,
        turn: &Turn,
        (table, neighbours): (&Table, bool),
        rows: &mut [f32],
        first: usize,
        direction: f32,
    ) {
        let from = first * table.half;
        let tables = [&table.cosines[from..], &table.sines[from..]];
        let (width, starts, half) = (self.width, &turn.starts, table.half);
        match neighbours {
            false => rotate_heads(rows, width, starts, tables, half, direction),
            true => rotate_neighbours_of_heads(rows, width, starts, tables, half, direction),
        }
    }

    fn norm(&self, weights: &Weights<'_>, turn: &Turn, norm: Norm, rows: &mut [f32]) {
        let mut before = vec![0.0; norm.width];
        for row in rows.chunks_exact_mut(self.width) {
            for start in &turn.starts {
                let head = &mut row[*start..][..norm.width];
                before.copy_from_slice(head);
                norm.apply(weights, &before, head);
            }
        }
    }

    /// Whether the backward pass needs the rows as they were before.
    pub(crate) fn keeps(turns: &[Turn]) -> bool {
        turns
            .iter()
            .any(|turn| matches!(turn.kind, TurnKind::Norm(_)))
    }

    /// The gradients of rows of one whole sequence become those of the rows before, `raw`; those of gains are
    /// added to `lane`. A norm read the rows before all turns: it comes first on its heads.
    pub(crate) fn backward(
        &self,
        weights: &Weights<'_>,
        raw: &[f32],
        gradients: &mut [f32],
        lane: &mut Lane,
    ) {
        for turn in self.turns.iter().rev() {
            match turn.kind {
                TurnKind::Rotate { table, neighbours } => {
                    let table = self.tables.table(table, gradients.len() / self.width);
                    self.rotate(turn, (table, neighbours), gradients, 0, -1.0);
                }
                TurnKind::Norm(norm) => {
                    let sums = lane.norm(norm.gain, norm.shift, norm.width);
                    self.norm_backward(weights, turn, norm, raw, gradients, sums);
                }
            }
        }
    }

    fn norm_backward(
        &self,
        weights: &Weights<'_>,
        turn: &Turn,
        norm: Norm,
        raw: &[f32],
        gradients: &mut [f32],
        [dgain, dshift]: [&mut [f32]; 2],
    ) {
        let mut dx = vec![0.0; norm.width];
        let rows = raw.chunks_exact(self.width);
        for (raw, row) in rows.zip(gradients.chunks_exact_mut(self.width)) {
            for start in &turn.starts {
                let (raw, dy) = (&raw[*start..], &mut row[*start..]);
                let (raw, dy) = (&raw[..norm.width], &mut dy[..norm.width]);
                dx.fill(0.0);
                norm.backward(weights, raw, dy, &mut dx, [&mut *dgain, &mut *dshift]);
                dy.copy_from_slice(&dx);
            }
        }
    }
}
