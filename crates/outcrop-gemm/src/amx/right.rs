//! The right-hand side of products on tiles.

use super::split;
use super::tiles::{Factors, SIDE};
use super::{DEEP, STEP, TILE};
use crate::Aligned;

/// The right-hand matrix B, k x n: panels of 32 columns, each step by step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Right {
    values: Aligned<u32>,
    /// Parts of its numbers; those that are left out are 0.
    parts: usize,
    k: usize,
    n: usize,
}

impl Right {
    /// Makes room for B, whose element (p, j) is `b[p * row + j * column]`: its panels, which are to be split.
    pub(crate) fn panels<'a>(
        &'a mut self,
        b: &'a [f32],
        [k, n]: [usize; 2],
        strides: [usize; 2],
    ) -> impl Iterator<Item = Panel<'a>> {
        let parts = split::parts(b);
        let panels = self.room([k, n], parts).enumerate();
        panels.map(move |(i, to)| {
            let (b, columns) = (&b[i * SIDE * strides[1]..], SIDE.min(n - i * SIDE));
            Panel {
                b,
                strides,
                size: [k, columns],
                parts,
                to,
            }
        })
    }

    /// Makes room for B of so many parts: its panels.
    pub(crate) fn room(
        &mut self,
        [k, n]: [usize; 2],
        parts: usize,
    ) -> impl ExactSizeIterator<Item = &mut [u32]> {
        (self.parts, self.k, self.n) = (parts, k, n);
        let size = self.size();
        self.values.resize(n.div_ceil(SIDE) * size);
        self.values.chunks_exact_mut(size.max(1))
    }

    /// Numbers in a panel.
    fn size(&self) -> usize {
        self.k.div_ceil(DEEP) * self.step()
    }

    /// Numbers in a step of a panel.
    fn step(&self) -> usize {
        2 * self.parts * TILE
    }

    /// The panel of this number from row `first` on, A to be filled in; what comes next is the next panel.
    pub(super) fn factors(&self, first: usize, panel: usize) -> Factors<'_> {
        let (size, skipped) = (self.size(), first / DEEP * self.step());
        let b = &self.values[panel * size + skipped..(panel + 1) * size];
        Factors {
            a: &[],
            b,
            parts: self.parts,
            next: size,
        }
    }

    /// How many numbers it keeps for k x n, if these need all parts.
    pub(crate) fn numbers(k: usize, n: usize) -> usize {
        n.div_ceil(SIDE) * k.div_ceil(DEEP) * STEP
    }

    pub(crate) fn capacity(&self) -> usize {
        self.values.capacity()
    }
}

/// The first `k` rows and `n` columns of B.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) b: &'a Right,
    pub(crate) k: usize,
    pub(crate) n: usize,
}

/// Some columns of B, and where their parts go.
pub(crate) struct Panel<'a> {
    pub(crate) b: &'a [f32],
    pub(crate) strides: [usize; 2],
    pub(crate) size: [usize; 2],
    pub(crate) parts: usize,
    pub(crate) to: &'a mut [u32],
}

impl Panel<'_> {
    pub(crate) fn split(self) {
        split::panel(self.b, self.strides, self.size, self.parts, self.to);
    }
}
