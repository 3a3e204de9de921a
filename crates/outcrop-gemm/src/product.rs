use std::ops::Range;

use rayon::prelude::*;

use crate::Aligned;
use crate::kernel::{Block, Onto, Tile};
use crate::pack::{DEPTH, Part};
use crate::transpose::transpose;

/// Rows of A that are packed at a time: their panels stay in the second-level cache.
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
    c.par_chunks_mut(ROWS * stride)
        .enumerate()
        .for_each(|(i, c)| block(a.from(i * ROWS), b, c, stride, onto));
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
    /// The packed rows of A: used again, since fresh memory costs page faults.
    static PANELS: std::cell::RefCell<Aligned> = std::cell::RefCell::default();
}

/// Columns of A that are packed at a time: with [`ROWS`] rows they stay in the second-level cache.
const LONG: usize = 8 * DEPTH;

/// At most [`ROWS`] rows of C.
fn block(a: Rows<'_>, b: Part<'_>, c: &mut [f32], stride: usize, onto: Onto<'_>) {
    let (tile, k, n) = (Tile::new(), b.k, b.n);
    if k == 0 {
        c.chunks_mut(stride)
            .for_each(|line| without_depth(&mut line[..n], onto));
    }
    PANELS.with_borrow_mut(|panels| {
        for first in (0..k).step_by(LONG) {
            let range = first..k.min(first + LONG);
            pack_rows(
                a,
                range.clone(),
                c.len().div_ceil(stride),
                tile.rows,
                panels,
            );
            // panel by panel of B, so that the columns of C stay in the first-level cache
            for j in (0..n).step_by(tile.columns) {
                let onto = onto.slice(first == 0).columns(j);
                columns(panels, b, j, range.clone(), &mut c[j..], stride, onto);
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

/// The columns of C that one panel of B makes, from `j` on, of the depth `range`.
fn columns(
    panels: &[f32],
    b: Part<'_>,
    j: usize,
    range: Range<usize>,
    c: &mut [f32],
    stride: usize,
    onto: Onto<'_>,
) {
    let tile = Tile::new();
    let rows = c.len().div_ceil(stride);
    let high = rows.div_ceil(tile.rows) * tile.rows;
    let mut rest = panels;
    for first in range.clone().step_by(DEPTH) {
        let depth = DEPTH.min(range.end - first);
        let (a, after) = rest.split_at(high * depth);
        rest = after;
        let (panel, b_depth) = b.whole.panel(first, j);
        let block = Block {
            a,
            a_depth: depth,
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

/// Puts `there` numbers of each line, `stride` apart, into each `high` of a panel.
fn copy_lines(lines: &[f32], stride: usize, there: usize, high: usize, panel: &mut [f32]) {
    let pairs = panel.chunks_exact_mut(high).zip(lines.chunks(stride));
    match there {
        // copies of a length that the compiler knows
        12 => pairs.for_each(|(places, line)| places[..12].copy_from_slice(&line[..12])),
        6 => pairs.for_each(|(places, line)| places[..6].copy_from_slice(&line[..6])),
        _ => pairs.for_each(|(places, line)| places[..there].copy_from_slice(&line[..there])),
    }
}

/// Packs the columns `range` of A: slices of [`DEPTH`] of them, each panel, column, row.
fn pack_rows(a: Rows<'_>, range: Range<usize>, rows: usize, high: usize, panels: &mut Aligned) {
    let padded = rows.div_ceil(high) * high;
    panels.resize(padded * range.len());
    for (slice, panels) in panels.chunks_mut(padded * DEPTH).enumerate() {
        let depth = panels.len() / padded;
        for (i0, panel) in panels.chunks_exact_mut(high * depth).enumerate() {
            let there = high.min(rows - i0 * high);
            if there < high {
                panel.fill(0.0);
            }
            if a.step > 1 {
                let start = i0 * high + (range.start + slice * DEPTH) * a.step;
                copy_lines(&a.values[start..], a.step, there, high, panel);
                continue;
            }
            let start = i0 * high * a.stride + range.start + slice * DEPTH;
            transpose(&a.values[start..], a.stride, [there, depth], panel, high);
        }
    }
}
