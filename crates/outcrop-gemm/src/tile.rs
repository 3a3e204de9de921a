//! The sums of one tile, by how the rows of A lie: in packed panels, or where they are.

use pulp::Simd;

/// Vectors of C in a row of a tile.
pub(crate) const VECTORS: usize = 2;
/// Steps between two branches.
const STEPS: usize = 4;

/// The sums of R rows of C.
type Sums<S, const R: usize> = [[<S as Simd>::f32s; VECTORS]; R];

/// Some rows of A, at least R of them.
pub(crate) trait Panel<const R: usize>: Copy {
    /// sums += a b, column by column of A.
    fn add<S: Simd>(self, simd: S, b: &[[S::f32s; VECTORS]], sums: &mut Sums<S, R>);
}

/// Packed: columns of HIGH numbers.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a, const HIGH: usize>(pub(crate) &'a [f32]);

/// Where they lie, `stride` apart. Those after the last are the last again: their sums go nowhere.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) rows: usize,
}

/// Columns where they lie, `stride` apart. Rows after the last are what lies there: their sums go nowhere.
#[derive(Clone, Copy)]
pub(crate) struct Across<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
}

impl<const R: usize, const HIGH: usize> Panel<R> for Packed<'_, HIGH> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, b: &[[S::f32s; VECTORS]], sums: &mut Sums<S, R>) {
        let a = &self.0.as_chunks::<HIGH>().0[..b.len()];
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

impl<const R: usize> Panel<R> for Lines<'_> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, b: &[[S::f32s; VECTORS]], sums: &mut Sums<S, R>) {
        let (blocks, last) = b.as_chunks::<STEPS>();
        let mut lines: [&[[f32; STEPS]]; R] = [&[]; R];
        let mut ends: [&[f32]; R] = [&[]; R];
        for i in 0..R {
            let line = &self.values[i.min(self.rows - 1) * self.stride..][..b.len()];
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

impl<const R: usize> Panel<R> for Across<'_> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, b: &[[S::f32s; VECTORS]], sums: &mut Sums<S, R>) {
        for (a, b) in self.values.chunks(self.stride).zip(b) {
            // the last column may end before; by a fixed length, which keeps the sums in registers
            let mut padded = [0.0; R];
            let a = a.first_chunk().unwrap_or_else(|| {
                padded[..a.len()].copy_from_slice(a);
                &padded
            });
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
