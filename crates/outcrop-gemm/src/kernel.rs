//! The inner loops: a tile of C in registers, one column of A's panel times one row of B's.

use pulp::{Arch, Simd, WithSimd};

use crate::tile::{Across, Apart, Factors, Fresh, Lines, Packed, VECTORS};

/// How large the tiles of C are, which stay in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Rows of A in a panel.
    pub(crate) rows: usize,
    /// Columns of B in a panel.
    pub(crate) columns: usize,
}

/// Rows of a tile with 32 vector registers of 16 numbers, and otherwise.
pub(crate) const ROWS_OF_16: usize = 12;
pub(crate) const ROWS: usize = 6;
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

/// Some rows and the columns of a panel of C.
pub(crate) struct Block<'a> {
    pub(crate) a: Left<'a>,
    pub(crate) b: Right<'a>,
    /// The block's rows, `stride` apart.
    pub(crate) c: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    /// At most [`Tile::columns`].
    pub(crate) columns: usize,
    pub(crate) depth: usize,
    /// What the product is added to; a bias begins at the block's first column.
    pub(crate) onto: Onto<'a>,
}

/// The rows of A of a block, from the first column that is meant.
#[derive(Clone, Copy)]
pub(crate) enum Left<'a> {
    /// Panels of [`Tile::rows`] rows: panel, depth, row; as deep as the block or deeper.
    Panels { values: &'a [f32], depth: usize },
    /// Rows as they lie, so far apart.
    Rows { values: &'a [f32], stride: usize },
    /// Columns as they lie, so far apart.
    Columns { values: &'a [f32], stride: usize },
}

/// [`Tile::columns`] columns of B, as deep as the block or deeper.
pub(crate) enum Right<'a> {
    Panel(&'a [f32]),
    /// Not packed yet.
    Apart(Apart<'a>),
}

impl Right<'_> {
    #[inline(always)]
    fn panel<S: Simd>(&mut self) -> &[f32] {
        match self {
            Self::Panel(panel) => panel,
            Self::Apart(apart) => apart.panel::<S>(),
        }
    }

    /// When all of it has been read.
    #[inline(always)]
    fn packed(self) -> Self {
        match self {
            Self::Apart(apart) => Self::Panel(apart.to),
            panel => panel,
        }
    }
}

/// The target of a product: C = A B or C += A B, either with a bias for each column.
#[derive(Clone, Copy, Debug, Default)]
pub struct Onto<'a> {
    /// To the content of C.
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

    /// A row of C where A has no columns.
    pub(crate) fn without_depth(self, line: &mut [f32]) {
        if !self.c {
            line.fill(0.0);
        }
        if let Some(bias) = self.bias {
            line.iter_mut().zip(bias).for_each(|(c, bias)| *c += bias);
        }
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
            ROWS_OF_16 => arch.dispatch(Sized::<4, 8, ROWS_OF_16>(self)),
            _ => arch.dispatch(Sized::<2, 4, ROWS>(self)),
        }
    }
}

/// With tiles of HIGH rows, and of LOW or MIDDLE where no more are left.
struct Sized<'a, const LOW: usize, const MIDDLE: usize, const HIGH: usize>(Block<'a>);

impl<const LOW: usize, const MIDDLE: usize, const HIGH: usize> WithSimd
    for Sized<'_, LOW, MIDDLE, HIGH>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Block { a, mut b, .. } = self.0;
        let length = VECTORS * S::F32_LANES * self.0.depth;
        for first in (0..self.0.rows).step_by(HIGH) {
            let place = Target {
                c: &mut self.0.c[first * self.0.stride..],
                stride: self.0.stride,
                rows: HIGH.min(self.0.rows - first),
                columns: self.0.columns,
                onto: self.0.onto,
            };
            match (a, &mut b) {
                (Left::Panels { values, depth }, Right::Apart(b)) => {
                    let (a, b) = (&values[first * depth..], b.first(length));
                    place.tile::<S, _, LOW, MIDDLE, HIGH>(simd, Fresh::<HIGH> { a, b });
                }
                (Left::Panels { values, depth }, Right::Panel(b)) => {
                    let (a, b) = (&values[first * depth..], &b[..length]);
                    place.tile::<S, _, LOW, MIDDLE, HIGH>(simd, Packed::<HIGH> { a, b });
                }
                (Left::Rows { values, stride }, b) => {
                    let (a, b) = (&values[first * stride..], &b.panel::<S>()[..length]);
                    let rows = place.rows;
                    let factors = Lines { a, stride, rows, b };
                    place.tile::<S, _, LOW, MIDDLE, HIGH>(simd, factors);
                }
                (Left::Columns { values, stride }, b) => {
                    let (a, b) = (&values[first..], &b.panel::<S>()[..length]);
                    place.tile::<S, _, LOW, MIDDLE, HIGH>(simd, Across { a, stride, b });
                }
            }
            b = b.packed();
        }
    }
}

/// A tile with R rows in registers.
struct Tall<'a, F, const R: usize>(F, Target<'a>);

impl<F: Factors<R>, const R: usize> WithSimd for Tall<'_, F, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(factors, place) = self;
        let mut sums = [place.bias(simd); R];
        factors.add(simd, &mut sums);
        if place.rows == R && place.columns == VECTORS * S::F32_LANES {
            place.whole(simd, &sums);
        } else {
            place.edge::<S, R>(&sums);
        }
    }
}

/// Where a tile goes.
struct Target<'a> {
    c: &'a mut [f32],
    stride: usize,
    rows: usize,
    columns: usize,
    onto: Onto<'a>,
}

impl Target<'_> {
    #[inline(always)]
    fn tile<S: Simd, F, const LOW: usize, const MIDDLE: usize, const HIGH: usize>(
        self,
        simd: S,
        factors: F,
    ) where
        F: Factors<LOW> + Factors<MIDDLE> + Factors<HIGH>,
    {
        if self.rows <= LOW {
            simd.vectorize(Tall::<F, LOW>(factors, self));
        } else if self.rows <= MIDDLE {
            simd.vectorize(Tall::<F, MIDDLE>(factors, self));
        } else {
            simd.vectorize(Tall::<F, HIGH>(factors, self));
        }
    }

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
    fn whole<S: Simd, const R: usize>(self, simd: S, sums: &[[S::f32s; VECTORS]; R]) {
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
    fn edge<S: Simd, const R: usize>(self, sums: &[[S::f32s; VECTORS]; R]) {
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

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// C of ones and small numbers, whose sums are exact, by the tiles of a machine with AVX2 alone.
    #[test]
    fn tiles_of_narrower_vectors() {
        let Some(simd) = pulp::x86::V3::try_new() else {
            return;
        };
        let (depth, width) = (9, VECTORS * 8);
        let number = |i: usize, p: usize| ((i * 4 + p) % 5) as f32;
        let b: Vec<f32> = (0..width * depth).map(|i| (i % 7) as f32).collect();
        for rows in 1..=2 * ROWS {
            let lines: Vec<f32> = (0..rows * depth)
                .map(|i| number(i / depth, i % depth))
                .collect();
            let panels: Vec<f32> = (0..2 * ROWS * depth)
                .map(|i| number(i / (ROWS * depth) * ROWS + i % ROWS, i / ROWS % depth))
                .collect();
            let columns: Vec<f32> = (0..rows * depth)
                .map(|i| number(i % rows, i / rows))
                .collect();
            let sources = [
                Left::Rows {
                    values: &lines,
                    stride: depth,
                },
                Left::Columns {
                    values: &columns,
                    stride: rows,
                },
                Left::Panels {
                    values: &panels,
                    depth,
                },
            ];
            for a in sources {
                let mut c = vec![1.0; rows * width];
                let block = Block {
                    a,
                    b: Right::Panel(&b),
                    c: &mut c,
                    stride: width,
                    rows,
                    columns: width,
                    depth,
                    onto: Onto::C,
                };
                Simd::vectorize(simd, Sized::<2, 4, ROWS>(block));
                for (at, c) in c.iter().enumerate() {
                    let (i, j) = (at / width, at % width);
                    let terms = (0..depth).map(|p| number(i, p) * b[p * width + j]);
                    assert_eq!(*c, 1.0 + terms.sum::<f32>(), "{i} {j} of {rows} rows");
                }
            }
        }
    }
}
