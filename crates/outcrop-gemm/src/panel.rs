//! Products whose right-hand side and result are as wide as a panel: B needs no packing, and C is in the
//! order in which the next product reads it.

use crate::amx;
use crate::copy::Lines;
use crate::kernel::{self, Block, Onto, Right, Tile};
use crate::pack::DEPTH;
use crate::transpose::transpose;
use crate::{Aligned, ProductKernel};

/// Columns of a panel on this machine: 32 with AVX-512, 16 with AVX2, 8 with NEON.
pub fn panel_width() -> usize {
    Tile::new().columns
}

/// The left-hand matrix A, m x k, packed for products with panels.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// The kernel that was asked for; none where the size decides.
    asked: Option<ProductKernel>,
    /// The one it is packed for, and what that reads.
    kernel: ProductKernel,
    panels: Panels,
    tiles: amx::Left,
}

impl Left {
    /// Nothing yet, for this kernel whatever the size.
    pub fn of(kernel: ProductKernel) -> Self {
        Self {
            asked: Some(kernel),
            ..Self::default()
        }
    }

    /// Packs A, whose element (i, p) is `a[i * row_stride + p * column_stride]`, into the memory that is
    /// there.
    pub fn pack(&mut self, a: &[f32], m: usize, k: usize, row_stride: usize, column_stride: usize) {
        self.kernel = self
            .asked
            .unwrap_or_else(|| ProductKernel::for_panels(m, k));
        match self.kernel {
            ProductKernel::Vectors => self.panels.pack(a, m, k, row_stride, column_stride),
            ProductKernel::Tiles => self.tiles.pack(a, m, k, row_stride, column_stride),
        }
    }

    /// C = A B of the first `m` rows and `k` columns of A: B is [k, [`panel_width`]] and C
    /// [m, [`panel_width`]], both by rows. On this thread.
    ///
    /// # Panics
    /// Where A, B or C is smaller.
    pub fn multiply(&self, m: usize, k: usize, b: &[f32], c: &mut [f32]) {
        match self.kernel {
            ProductKernel::Vectors => self.panels.multiply(m, k, b, c),
            ProductKernel::Tiles => self.tiles.multiply(m, k, b, c),
        }
    }
}

/// For vectors.
#[derive(Clone, Debug, Default)]
struct Panels {
    /// Slices of [`DEPTH`] columns of A, each in panels: panel, column, row.
    values: Aligned,
    m: usize,
    k: usize,
}

impl Panels {
    fn pack(&mut self, a: &[f32], m: usize, k: usize, row_stride: usize, column_stride: usize) {
        let high = Tile::new().rows;
        (self.m, self.k) = (m, k);
        let padded = m.div_ceil(high) * high;
        self.values.resize(padded * k);
        for (slice, values) in self.values.chunks_mut((padded * DEPTH).max(1)).enumerate() {
            let depth = DEPTH.min(k - slice * DEPTH);
            if padded > m {
                // the rows of the last panel that A has not
                values[(padded - high) * depth..].fill(0.0);
            }
            let from = &a[slice * DEPTH * column_stride..];
            if row_stride == 1 {
                let lines = Lines {
                    values: from,
                    stride: column_stride,
                    there: m,
                    high,
                    to: values,
                };
                lines.spread();
                continue;
            }
            for (i0, panel) in values.chunks_exact_mut(high * depth).enumerate() {
                let from = &from[i0 * high * row_stride..];
                let there = high.min(m - i0 * high);
                if column_stride == 1 {
                    transpose(from, row_stride, [there, depth], panel, high);
                    continue;
                }
                for (p, places) in panel.chunks_exact_mut(high).enumerate() {
                    let from = from[p * column_stride..].iter().step_by(row_stride);
                    let places = places[..there].iter_mut();
                    places.zip(from).for_each(|(place, x)| *place = *x);
                }
            }
        }
    }

    fn multiply(&self, m: usize, k: usize, b: &[f32], c: &mut [f32]) {
        assert!(m <= self.m && k <= self.k, "a part of {m} x {k} of A");
        let tile = Tile::new();
        let padded = self.m.div_ceil(tile.rows) * tile.rows;
        let c = &mut c[..m * tile.columns];
        if k == 0 {
            c.fill(0.0);
        }
        for first in (0..k).step_by(DEPTH) {
            let (depth, a_depth) = (DEPTH.min(k - first), DEPTH.min(self.k - first));
            let block = Block {
                a: kernel::Left::Panels {
                    values: &self.values[padded * first..][..padded * a_depth],
                    depth: a_depth,
                },
                b: Right::Panel(&b[first * tile.columns..]),
                c,
                stride: tile.columns,
                rows: m,
                columns: tile.columns,
                depth,
                onto: Onto::ZERO.slice(first == 0),
            };
            block.compute(tile);
        }
    }
}
