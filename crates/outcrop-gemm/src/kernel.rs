//! The inner loops: a tile of C in registers, one column of A's panel times one row of B's.

use pulp::{Arch, Simd, WithSimd};

/// How large the tiles of C are, which stay in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Rows of A in a panel.
    pub(crate) rows: usize,
    /// Columns of B in a panel.
    pub(crate) columns: usize,
}

/// Rows of a tile with 32 vector registers of 16 numbers, and otherwise.
const ROWS_OF_16: usize = 12;
const ROWS: usize = 6;
/// Vectors of C in a row of a tile.
const VECTORS: usize = 2;
/// Steps between two branches.
const STEPS: usize = 4;
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
    /// Panels of [`Tile::rows`] rows: panel, depth, row; at least `depth` deep.
    pub(crate) a: &'a [f32],
    /// How deep the panels of A are.
    pub(crate) a_depth: usize,
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
    /// What the product is added to; a bias begins at the block's first column.
    pub(crate) onto: Onto<'a>,
}

/// What a product is added to: C = A B, C += A B, and either with a bias for each column.
#[derive(Clone, Copy, Debug, Default)]
pub struct Onto<'a> {
    /// To what is in C.
    pub c: bool,
    /// To as many numbers as C has columns, in every row.
    pub bias: Option<&'a [f32]>,
}

impl<'a> Onto<'a> {
    /// C = A B.
    pub const ZERO: Self = Self {
        c: false,
        bias: None,
    };
    /// C += A B.
    pub const C: Self = Self {
        c: true,
        bias: None,
    };

    /// What the later slices of one product are added to.
    pub(crate) fn slice(self, first: bool) -> Self {
        if first { self } else { Self::C }
    }

    /// Of the columns from `j` on.
    pub(crate) fn columns(self, j: usize) -> Self {
        let bias = self.bias.map(|bias| &bias[j..]);
        Self { bias, ..self }
    }
}

impl Block<'_> {
    pub(crate) fn compute(self, tile: Tile) {
        let arch = Arch::new();
        match tile.rows {
            ROWS_OF_16 => arch.dispatch(Sized::<ROWS_OF_16>(self)),
            _ => arch.dispatch(Sized::<ROWS>(self)),
        }
    }
}

struct Sized<'a, const R: usize>(Block<'a>);

impl<const R: usize> WithSimd for Sized<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let block = self.0;
        let width = VECTORS * S::F32_LANES;
        for (jb, b) in block.b.chunks_exact(width * block.b_depth).enumerate() {
            let panels = block.a.chunks_exact(R * block.a_depth);
            for (ib, a) in panels.take(block.rows.div_ceil(R)).enumerate() {
                simd.vectorize(Micro::<R> {
                    a: &a[..R * block.depth],
                    b,
                    c: &mut block.c[ib * R * block.stride + jb * width..],
                    stride: block.stride,
                    rows: R.min(block.rows - ib * R),
                    columns: width.min(block.columns - jb * width),
                    onto: block.onto.columns(jb * width),
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
    onto: Onto<'a>,
}

impl<const R: usize> WithSimd for Micro<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut sums = [self.bias(simd); R];
        let (b, _) = S::as_simd_f32s(self.b);
        let a = self.a.as_chunks::<R>().0;
        let b = &b.as_chunks::<VECTORS>().0[..a.len()];
        let ((a, last_a), (b, last_b)) = (a.as_chunks::<STEPS>(), b.as_chunks::<STEPS>());
        for (a, b) in a.iter().zip(b) {
            for (a, b) in a.iter().zip(b) {
                step(simd, a, b, &mut sums);
            }
        }
        for (a, b) in last_a.iter().zip(last_b) {
            step(simd, a, b, &mut sums);
        }
        if self.rows == R && self.columns == VECTORS * S::F32_LANES {
            self.whole(simd, &sums);
        } else {
            self.edge::<S>(&sums);
        }
    }
}

impl<const R: usize> Micro<'_, R> {
    /// What every row begins with.
    #[inline(always)]
    fn bias<S: Simd>(&self, simd: S) -> [S::f32s; VECTORS] {
        let Some(bias) = self.onto.bias else {
            return [simd.splat_f32s(0.0); VECTORS];
        };
        let mut padded = [0.0; WIDEST];
        padded[..self.columns].copy_from_slice(&bias[..self.columns]);
        match S::as_simd_f32s(&padded).0 {
            [low, high, ..] => [*low, *high],
            _ => unreachable!("two vectors are no longer than the widest row"),
        }
    }

    /// By index, so that the sums go from registers to C.
    #[inline(always)]
    fn whole<S: Simd>(self, simd: S, sums: &[[S::f32s; VECTORS]; R]) {
        let width = VECTORS * S::F32_LANES;
        for (i, sums) in sums.iter().enumerate() {
            let (line, _) = S::as_mut_simd_f32s(&mut self.c[i * self.stride..][..width]);
            for j in 0..VECTORS {
                line[j] = match self.onto.c {
                    true => simd.add_f32s(line[j], sums[j]),
                    false => sums[j],
                };
            }
        }
    }

    /// Through memory, of which a part is C.
    #[inline(always)]
    fn edge<S: Simd>(self, sums: &[[S::f32s; VECTORS]; R]) {
        let mut edge = [[0.0; WIDEST]; R];
        for (edge, sums) in edge.iter_mut().zip(sums) {
            let (vectors, _) = S::as_mut_simd_f32s(&mut edge[..VECTORS * S::F32_LANES]);
            vectors.copy_from_slice(sums);
        }
        let lines = self.c.chunks_mut(self.stride).take(self.rows);
        for (line, sums) in lines.zip(&edge) {
            for (c, sum) in line[..self.columns].iter_mut().zip(sums) {
                *c = if self.onto.c { *c + sum } else { *sum };
            }
        }
    }
}

/// sums += a b of one column of A and one row of B.
#[inline(always)]
fn step<S: Simd, const R: usize>(
    simd: S,
    a: &[f32; R],
    b: &[S::f32s; VECTORS],
    sums: &mut [[S::f32s; VECTORS]; R],
) {
    // by index: the compiler unrolls these loops and keeps the sums in registers
    for i in 0..R {
        let a = simd.splat_f32s(a[i]);
        for j in 0..VECTORS {
            sums[i][j] = simd.mul_add_f32s(a, b[j], sums[i][j]);
        }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// C of ones and small numbers, whose sums are exact, by the tile of a machine with AVX2 alone.
    fn with_avx2<const R: usize>() {
        let Some(simd) = pulp::x86::V3::try_new() else {
            return;
        };
        let (depth, width) = (9, VECTORS * 8);
        let a: Vec<f32> = (0..R * depth).map(|i| (i % 5) as f32).collect();
        let b: Vec<f32> = (0..width * depth).map(|i| (i % 7) as f32).collect();
        let mut c = vec![1.0; R * width];
        let block = Sized::<R>(Block {
            a: &a,
            a_depth: depth,
            b: &b,
            b_depth: depth,
            c: &mut c,
            stride: width,
            rows: R,
            columns: width,
            depth,
            onto: Onto::C,
        });
        Simd::vectorize(simd, block);
        for (at, c) in c.iter().enumerate() {
            let (i, j) = (at / width, at % width);
            let terms = (0..depth).map(|p| a[p * R + i] * b[p * width + j]);
            assert_eq!(*c, 1.0 + terms.sum::<f32>(), "{i} {j}");
        }
    }

    #[test]
    fn tiles_of_narrower_vectors() {
        with_avx2::<ROWS>();
    }
}
