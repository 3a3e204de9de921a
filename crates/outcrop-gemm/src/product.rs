use std::ops::Range;

use rayon::prelude::*;

use crate::Aligned;
use crate::copy::Lines;
use crate::kernel::{Block, Onto, Source, Tile};
use crate::pack::{DEPTH, Part};

/// Rows of A at a time: they stay in the second-level cache.
const ROWS: usize = 96;

/// The left-hand matrix A: rows of k numbers, `stride` apart.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [f32],
    /// From one row to the next, and from one column to the next; one of them is 1.
    stride: usize,
    step: usize,
}

impl<'a> Rows<'a> {
    /// Rows that begin every `stride` numbers; a part of a wider matrix begins at its first column.
    pub fn new(values: &'a [f32], stride: usize) -> Self {
        let step = 1;
        Self {
            values,
            stride,
            step,
        }
    }

    /// The rows of A = X', X given by rows that begin every `stride` numbers, as the gradient of a weight
    /// needs what came in.
    pub fn transposed(values: &'a [f32], stride: usize) -> Self {
        Self {
            values,
            stride: 1,
            step: stride,
        }
    }

    /// Where they lie, from a column on.
    fn source(&self, column: usize) -> Source<'a> {
        let values = &self.values[column * self.step..];
        match self.step {
            1 => Source::Rows {
                values,
                stride: self.stride,
            },
            stride => Source::Columns { values, stride },
        }
    }

    fn from(&self, row: usize) -> Self {
        Self {
            values: &self.values[(row * self.stride).min(self.values.len())..],
            ..*self
        }
    }
}

/// C = A B, [`Onto::ZERO`], or A B added to what `onto` says. The rows of C, of n numbers, are `stride` apart;
/// as many are computed as `c` begins. In parallel on the current rayon pool.
///
/// # Panics
/// Where A has fewer rows than C, or a row of C or A does not hold n or k numbers.
pub fn multiply<'b>(
    a: Rows<'_>,
    b: impl Into<Part<'b>>,
    c: &mut [f32],
    stride: usize,
    onto: Onto<'_>,
) {
    let b = b.into();
    let rows = share(c.len().div_ceil(stride.max(1)));
    c.par_chunks_mut(rows * stride)
        .enumerate()
        .for_each(|(i, c)| block(a.from(i * rows), b, c, stride, onto));
}

/// How many of `rows` a thread takes at a time, no more than [`ROWS`]: as many times as the others, and
/// whole tiles of the smallest.
fn share(rows: usize) -> usize {
    let parts = rows.div_ceil(ROWS).max(1);
    let parts = parts.next_multiple_of(rayon::current_num_threads());
    rows.div_ceil(parts).next_multiple_of(4).max(4)
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
    onto: Onto<'_>,
) {
    let b = b.into();
    for (i, c) in c.chunks_mut(ROWS * stride).enumerate() {
        block(a.from(i * ROWS), b, c, stride, onto);
    }
}

thread_local! {
    /// What is packed of A: used again, since fresh memory costs page faults.
    static PANELS: std::cell::RefCell<Aligned> = std::cell::RefCell::default();
}

/// Columns of A at a time: with [`ROWS`] rows they stay in the second-level cache.
const LONG: usize = 8 * DEPTH;

/// Panels of B for which packing columns of A costs more than it spares.
const FEW: usize = 2;

/// At most [`ROWS`] rows of C. Rows of A are read where they lie; columns, which come a few numbers from
/// each cache line, are packed, but for few columns of B.
fn block(a: Rows<'_>, b: Part<'_>, c: &mut [f32], stride: usize, onto: Onto<'_>) {
    let (tile, k, n) = (Tile::new(), b.k, b.n);
    let rows = c.len().div_ceil(stride);
    let high = rows.next_multiple_of(tile.rows);
    if k == 0 {
        c.chunks_mut(stride)
            .for_each(|line| without_depth(&mut line[..n], onto));
    }
    let last = rows.saturating_sub(1) * a.stride + k.saturating_sub(1) * a.step;
    assert!(k == 0 || last < a.values.len(), "A has {rows} rows of {k}");
    let packs = a.step > 1 && n > FEW * tile.columns;
    PANELS.with_borrow_mut(|panels| {
        for first in (0..k).step_by(LONG) {
            let range = first..k.min(first + LONG);
            if packs {
                panels.resize(high * range.len());
                pack_columns(a, range.clone(), rows, tile.rows, panels);
            }
            let source = |from: usize, depth: usize| match packs {
                true => Source::Panels {
                    values: &panels[high * (from - first)..][..high * depth],
                    depth,
                },
                false => a.source(from),
            };
            // panel by panel of B, so that the columns of C stay in the first-level cache
            for j in (0..n).step_by(tile.columns) {
                let onto = onto.slice(first == 0).columns(j);
                columns(source, b, j, range.clone(), &mut c[j..], stride, onto);
            }
        }
    });
}

/// A row of C where A has no columns.
fn without_depth(line: &mut [f32], onto: Onto<'_>) {
    if !onto.c {
        line.fill(0.0);
    }
    if let Some(bias) = onto.bias {
        line.iter_mut().zip(bias).for_each(|(c, bias)| *c += bias);
    }
}

/// The columns of C that one panel of B makes, from `j` on, of the depth `range`; `a` gives the columns of A from
/// one on, and so many.
fn columns<'a>(
    a: impl Fn(usize, usize) -> Source<'a>,
    b: Part<'_>,
    j: usize,
    range: Range<usize>,
    c: &mut [f32],
    stride: usize,
    onto: Onto<'_>,
) {
    let tile = Tile::new();
    let rows = c.len().div_ceil(stride);
    for first in range.clone().step_by(DEPTH) {
        let depth = DEPTH.min(range.end - first);
        let (panel, b_depth) = b.whole.panel(first, j);
        let block = Block {
            a: a(first, depth),
            b: panel,
            b_depth,
            c,
            stride,
            rows,
            columns: tile.columns.min(b.n - j),
            depth,
            onto: onto.slice(first == range.start),
        };
        block.compute(tile);
    }
}

/// Packs the columns `range` of A = X': slices of [`DEPTH`] of them, each panel, column, row.
fn pack_columns(a: Rows<'_>, range: Range<usize>, rows: usize, high: usize, panels: &mut [f32]) {
    let slice = rows.next_multiple_of(high) * DEPTH;
    for (first, to) in range.step_by(DEPTH).zip(panels.chunks_mut(slice)) {
        let lines = Lines {
            values: &a.values[first * a.step..],
            stride: a.step,
            there: rows,
            high,
            to,
        };
        lines.spread();
    }
}
