use rayon::prelude::*;

use crate::kernel::{Block, Tile};
use crate::pack::{DEPTH, Part};

/// Rows of A that are packed at a time: their panels stay in the second-level cache.
const ROWS: usize = 120;

/// The left-hand matrix A: rows of k numbers, `stride` apart.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Rows<'a> {
    /// Rows that begin every `stride` numbers; a part of a wider matrix begins at its first column.
    pub fn new(values: &'a [f32], stride: usize) -> Self {
        Self { values, stride }
    }

    fn from(&self, row: usize) -> Self {
        Self {
            values: &self.values[(row * self.stride).min(self.values.len())..],
            ..*self
        }
    }
}

/// C = A B, or C += A B where it is to `accumulate`. The rows of C, of n numbers, are `stride` apart;
/// as many are computed as `c` begins. In parallel on the current rayon pool.
///
/// # Panics
/// Where A has fewer rows than C, or a row of C or A does not hold n or k numbers.
pub fn multiply<'b>(
    a: Rows<'_>,
    b: impl Into<Part<'b>>,
    c: &mut [f32],
    stride: usize,
    accumulate: bool,
) {
    let b = b.into();
    c.par_chunks_mut(ROWS * stride)
        .enumerate()
        .for_each(|(i, c)| block(a.from(i * ROWS), b, c, stride, accumulate));
}

/// As [`multiply`], on this thread.
///
/// # Panics
/// As [`multiply`].
pub fn multiply_serial<'b>(
    a: Rows<'_>,
    b: impl Into<Part<'b>>,
    c: &mut [f32],
    stride: usize,
    accumulate: bool,
) {
    let b = b.into();
    for (i, c) in c.chunks_mut(ROWS * stride).enumerate() {
        block(a.from(i * ROWS), b, c, stride, accumulate);
    }
}

thread_local! {
    /// The packed rows of A: used again, since fresh memory costs page faults.
    static PANELS: std::cell::RefCell<Vec<f32>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// At most [`ROWS`] rows of C.
fn block(a: Rows<'_>, b: Part<'_>, c: &mut [f32], stride: usize, accumulate: bool) {
    let (tile, k, n) = (Tile::new(), b.k, b.n);
    let rows = c.len().div_ceil(stride);
    if k == 0 && !accumulate {
        c.chunks_mut(stride).for_each(|line| line[..n].fill(0.0));
    }
    let padded = |n: usize| n.div_ceil(tile.columns) * tile.columns;
    PANELS.with_borrow_mut(|panels| {
        for first in (0..k).step_by(DEPTH) {
            let depth = DEPTH.min(k - first);
            let b_depth = DEPTH.min(b.whole.k() - first);
            let start = padded(b.whole.n()) * first;
            pack_rows(a, first, depth, rows, tile.rows, panels);
            let block = Block {
                a: panels,
                b: &b.whole.values[start..start + padded(n) * b_depth],
                b_depth,
                c,
                stride,
                rows,
                columns: n,
                depth,
                accumulate: accumulate || first > 0,
            };
            block.compute(tile);
        }
    });
}

/// Packs `depth` columns of A from `first` on: panel, column, row.
fn pack_rows(
    a: Rows<'_>,
    first: usize,
    depth: usize,
    rows: usize,
    high: usize,
    panels: &mut Vec<f32>,
) {
    panels.clear();
    panels.resize(rows.div_ceil(high) * high * depth, 0.0);
    for (i0, panel) in panels.chunks_exact_mut(high * depth).enumerate() {
        for i in 0..high.min(rows - i0 * high) {
            let start = (i0 * high + i) * a.stride + first;
            let places = panel[i..].iter_mut().step_by(high);
            let line = &a.values[start..start + depth];
            places.zip(line).for_each(|(place, value)| *place = *value);
        }
    }
}
