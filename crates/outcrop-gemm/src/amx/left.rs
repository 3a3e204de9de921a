//! The left-hand side of products on tiles.

use std::cell::RefCell;

use super::split::{self, Rows};
use super::tiles::{Factors, SIDE, Start, Tiles};
use super::{DEEP, PARTS, STEP};
use crate::Aligned;

/// Splits rows and columns of A, which lie so far apart, into panels of 32 rows, step by step.
pub(super) fn split_left(
    a: &[f32],
    [row, column]: [usize; 2],
    [rows, depth]: [usize; 2],
    to: &mut [u32],
) {
    let steps = depth.div_ceil(DEEP);
    for (i, to) in to.chunks_exact_mut((steps * STEP).max(1)).enumerate() {
        let (values, rows) = (&a[i * SIDE * row..], SIDE.min(rows - i * SIDE));
        if column == 1 {
            Rows {
                values,
                stride: row,
                rows,
                depth,
                to,
            }
            .split();
            continue;
        }
        let mut square = [0.0; SIDE * DEEP];
        for (step, to) in to.chunks_exact_mut(STEP).enumerate() {
            let (values, deep) = (
                &values[step * DEEP * column..],
                DEEP.min(depth - step * DEEP),
            );
            split::turn(values, [row, column], [rows, deep], &mut square);
            Rows {
                values: &square,
                stride: DEEP,
                rows,
                depth: deep,
                to,
            }
            .split();
        }
    }
}

thread_local! {
    /// A panel of B: used again, since fresh memory causes page faults.
    static PANEL: RefCell<Aligned<u32>> = RefCell::default();
}

/// The left-hand matrix A, m x k, split once for many panels of B.
#[derive(Clone, Debug, Default)]
pub(crate) struct Left {
    /// Panels of 32 rows, step by step.
    values: Aligned<u32>,
    m: usize,
    k: usize,
}

impl Left {
    pub(crate) fn pack(
        &mut self,
        a: &[f32],
        m: usize,
        k: usize,
        row_stride: usize,
        column_stride: usize,
    ) {
        (self.m, self.k) = (m, k);
        self.values
            .resize(m.div_ceil(SIDE) * k.div_ceil(DEEP) * STEP);
        split_left(a, [row_stride, column_stride], [m, k], &mut self.values);
    }

    /// C = A B of the first `m` rows and `k` columns of A; B is [k, 32] and C [m, 32].
    pub(crate) fn multiply(&self, m: usize, k: usize, b: &[f32], c: &mut [f32]) {
        assert!(m <= self.m && k <= self.k, "a part of {m} x {k} of A");
        let c = &mut c[..m * SIDE];
        if k == 0 {
            return c.fill(0.0);
        }
        let (steps, all, tiles) = (k.div_ceil(DEEP), self.k.div_ceil(DEEP), Tiles::new());
        let zero = Start::Line(&[0.0; SIDE]);
        PANEL.with_borrow_mut(|panel| {
            panel.resize(steps * STEP);
            split::panel(&b[..k * SIDE], [SIDE, 1], [k, SIDE], PARTS, panel);
            let panels = self.values.chunks_exact(all * STEP);
            for (a, c) in panels.zip(c.chunks_mut(SIDE * SIDE)) {
                let factors = Factors {
                    a: &a[..steps * STEP],
                    b: panel,
                    parts: PARTS,
                    next: 0,
                };
                if c.len() == SIDE * SIDE {
                    tiles.multiply(factors, zero, c, SIDE);
                    continue;
                }
                let mut sums = [0.0; SIDE * SIDE];
                tiles.multiply(factors, zero, &mut sums, SIDE);
                c.copy_from_slice(&sums[..c.len()]);
            }
        });
    }
}
