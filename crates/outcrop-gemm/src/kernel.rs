//! The inner loops: a tile of C in registers, one column of A's panel times one row of B's.

use pulp::{Arch, Simd, WithSimd};

/// How wide the tiles are on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Rows of A in a panel.
    pub(crate) rows: usize,
    /// Columns of B in a panel.
    pub(crate) columns: usize,
}

/// Vectors of C in a row of a tile.
const VECTORS: usize = 2;
/// Rows of a tile with 32 vector registers of 16 numbers, and otherwise.
const ROWS_OF_16: usize = 12;
const ROWS: usize = 6;
/// The widest row of a tile.
const WIDEST: usize = 32;

impl Tile {
    /// The tile of the widest vectors that this machine has.
    pub(crate) fn new() -> Self {
        let lanes = Arch::new().dispatch(Lanes);
        Self {
            rows: if lanes == 16 { ROWS_OF_16 } else { ROWS },
            columns: VECTORS * lanes,
        }
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// One block of C: `rows` x `columns` from packed panels of A and B, `depth` deep.
pub(crate) struct Block<'a> {
    /// Panels of [`Tile::rows`] rows: panel, depth, row.
    pub(crate) a: &'a [f32],
    /// Panels of [`Tile::columns`] columns: panel, depth, column; at least `depth` deep.
    pub(crate) b: &'a [f32],
    /// How deep the panels of B are.
    pub(crate) b_depth: usize,
    /// The block's rows, `stride` apart.
    pub(crate) c: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) depth: usize,
    /// C += A B instead of C = A B.
    pub(crate) accumulate: bool,
}

impl Block<'_> {
    pub(crate) fn compute(self, tile: Tile) {
        match tile.rows {
            ROWS_OF_16 => Arch::new().dispatch(Sized::<ROWS_OF_16>(self)),
            _ => Arch::new().dispatch(Sized::<ROWS>(self)),
        }
    }
}

struct Sized<'a, const R: usize>(Block<'a>);

impl<const R: usize> WithSimd for Sized<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Block {
            a,
            b,
            b_depth,
            c,
            stride,
            rows,
            columns,
            depth,
            accumulate,
        } = self.0;
        let width = VECTORS * S::F32_LANES;
        for (jb, b) in b.chunks_exact(width * b_depth).enumerate() {
            for (ib, a) in a.chunks_exact(R * depth).enumerate() {
                simd.vectorize(Micro::<R> {
                    a,
                    b,
                    c: &mut c[ib * R * stride + jb * width..],
                    stride,
                    rows: R.min(rows - ib * R),
                    columns: width.min(columns - jb * width),
                    accumulate,
                });
            }
        }
    }
}

/// One tile.
struct Micro<'a, const R: usize> {
    a: &'a [f32],
    b: &'a [f32],
    c: &'a mut [f32],
    stride: usize,
    rows: usize,
    columns: usize,
    accumulate: bool,
}

impl<const R: usize> WithSimd for Micro<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; R];
        let (b, _) = S::as_simd_f32s(self.b);
        let steps = self.a.as_chunks::<R>().0.iter();
        for (a, b) in steps.zip(b.as_chunks::<VECTORS>().0) {
            // by index: the compiler unrolls these loops and keeps the sums in registers
            for i in 0..R {
                let a = simd.splat_f32s(a[i]);
                for j in 0..VECTORS {
                    sums[i][j] = simd.mul_add_f32s(a, b[j], sums[i][j]);
                }
            }
        }
        let width = VECTORS * S::F32_LANES;
        let whole = self.columns == width;
        let lines = self.c.chunks_mut(self.stride).take(self.rows);
        for (line, sums) in lines.zip(&sums) {
            if whole {
                let (line, _) = S::as_mut_simd_f32s(&mut line[..width]);
                for (c, &sum) in line.iter_mut().zip(sums) {
                    *c = if self.accumulate {
                        simd.add_f32s(*c, sum)
                    } else {
                        sum
                    };
                }
                continue;
            }
            let mut edge = [0.0; WIDEST];
            let (vectors, _) = S::as_mut_simd_f32s(&mut edge[..width]);
            vectors.copy_from_slice(sums);
            for (c, sum) in line[..self.columns].iter_mut().zip(edge) {
                *c = if self.accumulate { *c + sum } else { sum };
            }
        }
    }
}
