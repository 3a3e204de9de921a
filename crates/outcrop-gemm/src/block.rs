//! Some rows of C: what is packed of A and B for them, and the order of the tiles' panels.

use crate::Aligned;
use crate::amx;
use crate::copy::Lines;
use crate::kernel::{Block, Left, Onto, Right, Tile};
use crate::pack::{DEPTH, Packed, PackedPart};
use crate::rows::LeftMatrix;

/// B of a block.
pub(crate) enum Side<'a> {
    Packed(PackedPart<'a>),
    /// Rows one after another, and where they are packed.
    Fresh(&'a [f32], &'a mut Packed),
}

impl Side<'_> {
    /// Rows and columns.
    fn size(&self) -> [usize; 2] {
        match self {
            Self::Packed(part) => [part.k, part.n],
            Self::Fresh(_, packed) => [packed.k(), packed.n()],
        }
    }

    fn panel(&mut self, first: usize, j: usize) -> Right<'_> {
        match self {
            Self::Packed(part) => part.panel(first, j),
            Self::Fresh(values, packed) => packed.fresh(&values[first * packed.n()..], first, j),
        }
    }
}

thread_local! {
    /// What is packed of A: reused, since fresh memory causes page faults.
    static PANELS: std::cell::RefCell<Aligned> = std::cell::RefCell::default();
}

/// Panels of B for which packing columns of A costs more than it spares.
const FEW: usize = 2;

/// Some rows of C, few enough that those of A stay in the second-level cache. Rows of A are read where they
/// lie; columns, which come a few numbers from each cache line, are packed, but for few columns of B.
pub(crate) fn block(
    a: LeftMatrix<'_>,
    mut b: Side<'_>,
    c: &mut [f32],
    stride: usize,
    onto: Onto<'_>,
) {
    if let Side::Packed(b) = &b
        && let Some(b) = b.tiles()
    {
        return amx::block(a, b, c, stride, onto);
    }
    let (tile, [k, n]) = (Tile::new(), b.size());
    let rows = c.len().div_ceil(stride);
    let high = rows.next_multiple_of(tile.rows);
    if k == 0 {
        c.chunks_mut(stride)
            .for_each(|line| onto.without_depth(&mut line[..n]));
    }
    let last = rows.saturating_sub(1) * a.stride + k.saturating_sub(1) * a.step;
    assert!(k == 0 || last < a.values.len(), "A has {rows} rows of {k}");
    let packs = a.step > 1 && n > FEW * tile.columns;
    PANELS.with_borrow_mut(|panels| {
        if packs {
            panels.resize(high * k);
            pack_columns(a, rows, tile.rows, panels);
        }
        // panel by panel of B, so that the columns of C stay in the first-level cache
        for j in (0..n).step_by(tile.columns) {
            for first in (0..k).step_by(DEPTH) {
                let depth = DEPTH.min(k - first);
                let a = if packs {
                    let values = &panels[high * first..][..high * depth];
                    Left::Panels { values, depth }
                } else {
                    a.left(first)
                };
                let block = Block {
                    a,
                    b: b.panel(first, j),
                    c: &mut c[j..],
                    stride,
                    rows,
                    columns: tile.columns.min(n - j),
                    depth,
                    onto: onto.slice(first == 0).columns(j),
                };
                block.compute(tile);
            }
        }
    });
}

/// Packs the columns of A = X': slices of [`DEPTH`] of them, each panel, column, row.
fn pack_columns(a: LeftMatrix<'_>, rows: usize, high: usize, panels: &mut [f32]) {
    let slice = rows.next_multiple_of(high) * DEPTH;
    for (i, to) in panels.chunks_mut(slice).enumerate() {
        let lines = Lines {
            values: &a.values[i * DEPTH * a.step..],
            stride: a.step,
            there: rows,
            high,
            to,
        };
        lines.spread();
    }
}
