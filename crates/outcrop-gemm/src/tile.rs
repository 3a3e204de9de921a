//! The sums of one tile, by how the rows of A lie: in packed panels, or where they are.

use std::ops::Range;

use pulp::Simd;

/// Vectors of C in a row of a tile.
pub(crate) const VECTORS: usize = 2;
/// Steps between two branches.
const STEPS: usize = 4;

/// The sums of R rows of C.
type Sums<S, const R: usize> = [[<S as Simd>::f32s; VECTORS]; R];

/// At least R rows of A and a panel of B.
pub(crate) trait Factors<const R: usize> {
    /// sums += a b, column by column of A.
    fn add<S: Simd>(self, simd: S, sums: &mut Sums<S, R>);
}

/// A packed in columns of HIGH numbers, and as many rows of B.
pub(crate) struct Packed<'a, const HIGH: usize> {
    pub(crate) a: &'a [f32],
    pub(crate) b: &'a [f32],
}

/// Rows of A where they lie, `stride` apart. Those after the last are the last again: their sums go nowhere.
pub(crate) struct Lines<'a> {
    pub(crate) a: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    pub(crate) b: &'a [f32],
}

/// Columns of A where they lie, `stride` apart. Rows after the last are what lies there: their sums go nowhere.
pub(crate) struct Across<'a> {
    pub(crate) a: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) b: &'a [f32],
}

/// A packed in columns of HIGH numbers, and as many rows of B that become a panel on the way.
pub(crate) struct Fresh<'a, const HIGH: usize> {
    pub(crate) a: &'a [f32],
    pub(crate) b: Apart<'a>,
}

/// Rows of B that begin `stride` apart, and the panel that they become, as deep.
pub(crate) struct Apart<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) to: &'a mut [f32],
}

impl Apart<'_> {
    /// Some rows of the panel.
    #[inline(always)]
    fn copy<S: Simd>(&mut self, range: Range<usize>) -> &[f32] {
        let width = VECTORS * S::F32_LANES;
        let to = &mut self.to[range.start * width..range.end * width];
        for (p, to) in range.zip(to.chunks_exact_mut(width)) {
            to.copy_from_slice(&self.values[p * self.stride..][..width]);
        }
        to
    }

    /// The panel, where all of it is read at once.
    #[inline(always)]
    pub(crate) fn panel<S: Simd>(&mut self) -> &[f32] {
        self.copy::<S>(0..self.to.len() / (VECTORS * S::F32_LANES))
    }

    /// The first numbers of the panel.
    pub(crate) fn first(&mut self, length: usize) -> Apart<'_> {
        Apart {
            values: self.values,
            stride: self.stride,
            to: &mut self.to[..length],
        }
    }
}

/// Rows of B that are packed at a time, just before they are multiplied: few enough that the processor does both
/// at once.
const AHEAD: usize = 16;

impl<const R: usize, const HIGH: usize> Factors<R> for Fresh<'_, HIGH> {
    #[inline(always)]
    fn add<S: Simd>(mut self, simd: S, sums: &mut Sums<S, R>) {
        let depth = self.b.to.len() / (VECTORS * S::F32_LANES);
        for first in (0..depth).step_by(AHEAD) {
            let range = first..depth.min(first + AHEAD);
            let a = &self.a[range.start * HIGH..range.end * HIGH];
            let b = self.b.copy::<S>(range);
            Packed::<HIGH> { a, b }.add(simd, sums);
        }
    }
}

impl<const R: usize, const HIGH: usize> Factors<R> for Packed<'_, HIGH> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, sums: &mut Sums<S, R>) {
        let b = S::as_simd_f32s(self.b).0.as_chunks::<VECTORS>().0;
        let a = &self.a.as_chunks::<HIGH>().0[..b.len()];
        let ((a, last_a), (b, last_b)) = (a.as_chunks::<STEPS>(), b.as_chunks::<STEPS>());
        for (a, b) in a.iter().zip(b) {
            for p in 0..STEPS {
                // by index: the compiler unrolls these loops and keeps the sums in registers
                for i in 0..R {
                    row(simd, a[p][i], &b[p], &mut sums[i]);
                }
            }
        }
        for (a, b) in last_a.iter().zip(last_b) {
            for i in 0..R {
                row(simd, a[i], b, &mut sums[i]);
            }
        }
    }
}

impl<const R: usize> Factors<R> for Lines<'_> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, sums: &mut Sums<S, R>) {
        let b = S::as_simd_f32s(self.b).0.as_chunks::<VECTORS>().0;
        let (blocks, last) = b.as_chunks::<STEPS>();
        let mut lines: [&[[f32; STEPS]]; R] = [&[]; R];
        let mut ends: [&[f32]; R] = [&[]; R];
        for i in 0..R {
            let line = &self.a[i.min(self.rows - 1) * self.stride..][..b.len()];
            let (whole, end) = line.as_chunks::<STEPS>();
            // as long as B's, which the compiler then need not ask again
            (lines[i], ends[i]) = (&whole[..blocks.len()], &end[..last.len()]);
        }
        for (q, b) in blocks.iter().enumerate() {
            for p in 0..STEPS {
                for i in 0..R {
                    row(simd, lines[i][q][p], &b[p], &mut sums[i]);
                }
            }
        }
        for (p, b) in last.iter().enumerate() {
            for i in 0..R {
                row(simd, ends[i][p], b, &mut sums[i]);
            }
        }
    }
}

impl<const R: usize> Factors<R> for Across<'_> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, sums: &mut Sums<S, R>) {
        let b = S::as_simd_f32s(self.b).0.as_chunks::<VECTORS>().0;
        // the last columns may end before
        let whole = (self.a.len() + self.stride).saturating_sub(R) / self.stride;
        let (b, last) = b.split_at(whole.min(b.len()));
        for (p, b) in b.iter().enumerate() {
            // by a fixed length, which keeps the sums in registers
            let Some(a) = self.a[p * self.stride..].first_chunk::<R>() else {
                break;
            };
            for i in 0..R {
                row(simd, a[i], b, &mut sums[i]);
            }
        }
        for (p, b) in last.iter().enumerate() {
            let line = &self.a[(whole + p) * self.stride..];
            let mut a = [0.0; R];
            let there = R.min(line.len());
            a[..there].copy_from_slice(&line[..there]);
            for i in 0..R {
                row(simd, a[i], b, &mut sums[i]);
            }
        }
    }
}

/// sums += a b of one number of A and one row of B.
#[inline(always)]
fn row<S: Simd>(simd: S, a: f32, b: &[S::f32s; VECTORS], sums: &mut [S::f32s; VECTORS]) {
    let a = simd.splat_f32s(a);
    for j in 0..VECTORS {
        sums[j] = simd.mul_add_f32s(a, b[j], sums[j]);
    }
}
