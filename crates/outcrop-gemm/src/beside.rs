//! Some rows of C += A B, and of the product itself.

use std::cell::RefCell;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::Aligned;
use crate::amx;
use crate::kernel::{Block, Onto, Tile};
use crate::pack::{DEPTH, PackedPart};
use crate::rows::LeftMatrix;

thread_local! {
    /// Used again, since fresh memory causes page faults.
    static PANELS: RefCell<Aligned> = RefCell::default();
}

/// Some rows of C += A B, with a bias for each column where one is given, and of the product itself, which is written
/// `beside`. Each slice of the rows of B, of which `slabs` come one after another, is added to both, in the order in which
/// the kernel adds slices to C. Both lie panel by panel meanwhile: rows that are far apart share few lines of the
/// first-level cache, and memory is faster where whole rows are written.
pub(crate) fn block_beside(
    a: LeftMatrix<'_>,
    b: PackedPart<'_>,
    slabs: impl Iterator<Item = Range<usize>>,
    [c, beside]: [&mut [f32]; 2],
    stride: usize,
    bias: Option<&[f32]>,
) {
    if let Some(b) = b.tiles() {
        return amx::block_beside(a, b, [c, beside], stride, bias);
    }
    let (tile, n) = (Tile::new(), b.n);
    let (rows, width) = (c.len().div_ceil(stride), tile.columns);
    let (size, all) = (rows * width, n.div_ceil(width) * rows * width);
    PANELS.with_borrow_mut(|panels| {
        panels.resize(size + 2 * all);
        let (panel, sums) = panels.split_at_mut(size);
        let (of_c, of_beside) = sums.split_at_mut(all);
        let lines = Lines { n, stride, width };
        lines.into_panels(c, of_c);
        of_beside.fill(0.0);
        for slab in slabs {
            let bias = bias.filter(|_| slab.start == 0);
            let (a, b) = (a.skip_columns(slab.start), b.rows(slab));
            let sums = of_c.chunks_mut(size).zip(of_beside.chunks_mut(size));
            for (j, (c, beside)) in (0..n).step_by(width).zip(sums) {
                // no rows of B are a slice too, which writes the bias
                for first in (0..b.k.max(1)).step_by(DEPTH) {
                    let onto = Onto {
                        c: false,
                        bias: bias.filter(|_| first == 0),
                    };
                    let (columns, onto) = (width.min(n - j), onto.columns(j));
                    match DEPTH.min(b.k - first) {
                        0 => {
                            let lines = panel.chunks_mut(width);
                            lines.for_each(|line| onto.without_depth(&mut line[..columns]));
                        }
                        depth => {
                            let block = Block {
                                a: a.left(first),
                                b: b.panel(first, j),
                                c: panel,
                                stride: width,
                                rows,
                                columns,
                                depth,
                                onto,
                            };
                            block.compute(tile);
                        }
                    }
                    Arch::new().dispatch(AddPanel { panel, c, beside });
                }
            }
        }
        lines.into_rows(of_c, c);
        lines.into_rows(of_beside, beside);
    });
}

/// Adds a panel to two others.
struct AddPanel<'a> {
    panel: &'a [f32],
    c: &'a mut [f32],
    beside: &'a mut [f32],
}

impl WithSimd for AddPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((x, c), beside) in self.panel.iter().zip(self.c).zip(self.beside) {
            *c += x;
            *beside += x;
        }
    }
}

/// The first `n` numbers of rows `stride` apart, and panels [panel, row, column] of `width` columns.
#[derive(Clone, Copy)]
struct Lines {
    n: usize,
    stride: usize,
    width: usize,
}

impl Lines {
    /// Copies rows into panels.
    fn into_panels(self, rows: &[f32], panels: &mut [f32]) {
        let size = rows.len().div_ceil(self.stride) * self.width;
        for (at, row) in rows.chunks(self.stride).enumerate() {
            let parts = row[..self.n].chunks(self.width);
            for (from, panel) in parts.zip(panels.chunks_mut(size)) {
                copy(from, &mut panel[at * self.width..][..from.len()]);
            }
        }
    }

    /// Copies panels into rows.
    fn into_rows(self, panels: &[f32], rows: &mut [f32]) {
        let size = rows.len().div_ceil(self.stride) * self.width;
        for (at, row) in rows.chunks_mut(self.stride).enumerate() {
            let parts = row[..self.n].chunks_mut(self.width);
            for (to, panel) in parts.zip(panels.chunks(size)) {
                copy(&panel[at * self.width..][..to.len()], to);
            }
        }
    }
}

/// Of few numbers, for which calling a function would take as long.
fn copy(from: &[f32], to: &mut [f32]) {
    let (vectors, rest) = from.as_chunks::<16>();
    let (to_vectors, to_rest) = to.as_chunks_mut::<16>();
    to_vectors
        .iter_mut()
        .zip(vectors)
        .for_each(|(to, x)| *to = *x);
    to_rest.copy_from_slice(rest);
}
