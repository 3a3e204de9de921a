//! Some rows of C by tiles: what is split of A and B for them, and the order of panels.

use std::cell::RefCell;

use pulp::{Arch, Simd, WithSimd};

use super::split::{self, Rows};
use super::tiles::{AHEAD, Factors, SIDE, Start, Tiles};
use super::{DEEP, PARTS, STEP, TILE};
use crate::Aligned;
use crate::block::without_depth;
use crate::kernel::Onto;
use crate::rows::LeftMatrix;

/// Steps of A that are split together: some hundred rows of 512 numbers stay in the second-level cache.
const SLAB: usize = 16;

/// The right-hand matrix B, k x n: panels of 32 columns, each step by step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Right {
    values: Aligned<u32>,
    /// Parts of its numbers; those that are left out are 0.
    parts: usize,
    k: usize,
    n: usize,
}

impl Right {
    /// Makes room for B, whose element (p, j) is `b[p * row + j * column]`: its panels, which are to be split.
    pub(crate) fn panels<'a>(
        &'a mut self,
        b: &'a [f32],
        [k, n]: [usize; 2],
        strides: [usize; 2],
    ) -> impl Iterator<Item = Panel<'a>> {
        let parts = split::parts(b);
        (self.parts, self.k, self.n) = (parts, k, n);
        let size = self.size();
        self.values.resize(n.div_ceil(SIDE) * size);
        let panels = self.values.chunks_exact_mut(size.max(1)).enumerate();
        panels.map(move |(i, to)| {
            let (b, columns) = (&b[i * SIDE * strides[1]..], SIDE.min(n - i * SIDE));
            Panel {
                b,
                strides,
                size: [k, columns],
                parts,
                to,
            }
        })
    }

    /// Numbers in a panel.
    fn size(&self) -> usize {
        self.k.div_ceil(DEEP) * self.step()
    }

    /// Numbers in a step of a panel.
    fn step(&self) -> usize {
        2 * self.parts * TILE
    }

    /// The panel of the columns from `j` on, from row `first` on.
    fn panel(&self, first: usize, j: usize) -> &[u32] {
        let size = self.size();
        &self.values[j / SIDE * size + first / DEEP * self.step()..(j / SIDE + 1) * size]
    }

    /// How many numbers it keeps for k x n, if these need all parts.
    pub(crate) fn numbers(k: usize, n: usize) -> usize {
        n.div_ceil(SIDE) * k.div_ceil(DEEP) * STEP
    }

    pub(crate) fn capacity(&self) -> usize {
        self.values.capacity()
    }
}

thread_local! {
    /// Used again, since fresh memory causes page faults.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

#[derive(Default)]
struct Memory {
    /// Rows of A: panel of 32, step.
    a: Aligned<u32>,
    /// Tiles of C that are not written where they belong at once: panel of B, of A, row, column.
    sums: Aligned,
}

/// The first `k` rows and `n` columns of B.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) b: &'a Right,
    pub(crate) k: usize,
    pub(crate) n: usize,
}

/// Where sums go.
enum To<'a> {
    /// C = sums.
    C(&'a mut [f32]),
    /// C += sums.
    OntoC(&'a mut [f32]),
    /// The same, and the sums themselves beside.
    Both(&'a mut [f32], &'a mut [f32]),
}

/// Some rows of C = A B, or of C += A B.
pub(crate) fn block(a: LeftMatrix<'_>, b: Part<'_>, c: &mut [f32], stride: usize, onto: Onto<'_>) {
    if b.k == 0 {
        return c
            .chunks_mut(stride)
            .for_each(|line| without_depth(&mut line[..b.n], onto));
    }
    let to = if onto.c { To::OntoC(c) } else { To::C(c) };
    add(a, b, to, stride, onto.bias);
}

/// Some rows of C += A B, and of the product itself, which is written `beside`.
pub(crate) fn block_beside(
    a: LeftMatrix<'_>,
    b: Part<'_>,
    [c, beside]: [&mut [f32]; 2],
    stride: usize,
    bias: Option<&[f32]>,
) {
    if b.k == 0 {
        c.chunks_mut(stride)
            .for_each(|line| without_depth(&mut line[..b.n], Onto { c: true, bias }));
        return beside
            .chunks_mut(stride)
            .for_each(|line| without_depth(&mut line[..b.n], Onto { c: false, bias }));
    }
    add(a, b, To::Both(c, beside), stride, bias);
}

fn add(a: LeftMatrix<'_>, b: Part<'_>, mut to: To<'_>, stride: usize, bias: Option<&[f32]>) {
    let rows = to.len().div_ceil(stride);
    let last = rows.saturating_sub(1) * a.stride + (b.k - 1) * a.step;
    assert!(
        last < a.values.len() || rows == 0,
        "A has {rows} rows of {}",
        b.k
    );
    let (high, steps, tiles) = (rows.div_ceil(SIDE), b.k.div_ceil(DEEP), Tiles::new());
    MEMORY.with_borrow_mut(|Memory { a: split, sums }| {
        sums.resize(b.n.div_ceil(SIDE) * high * SIDE * SIDE);
        for slab in (0..steps).step_by(SLAB) {
            let (from, deep) = (slab * DEEP, SLAB.min(steps - slab));
            split.resize(high * deep * STEP);
            split_rows(
                a.skip_columns(from),
                rows,
                (b.k - from).min(deep * DEEP),
                split,
            );
            for (j, sums) in (0..b.n)
                .step_by(SIDE)
                .zip(sums.chunks_exact_mut(high * SIDE * SIDE))
            {
                let columns = SIDE.min(b.n - j);
                let first = line(bias.map(|bias| &bias[j..][..columns]));
                let start = if slab == 0 {
                    Start::Line(&first)
                } else {
                    Start::C
                };
                let mut factors = Factors {
                    a: &[],
                    b: b.b.panel(from, j),
                    parts: b.b.parts,
                    next: b.b.size(),
                };
                for (i, sums) in sums.chunks_exact_mut(SIDE * SIDE).enumerate() {
                    let place = Place {
                        row: i * SIDE,
                        rows: SIDE.min(rows - i * SIDE),
                        column: j,
                        columns,
                        stride,
                    };
                    factors.a = &split[i * deep * STEP..][..deep * STEP];
                    match &mut to {
                        To::C(c) if place.whole() => {
                            tiles.multiply(factors, start, &mut c[place.start()..], stride)
                        }
                        to => {
                            tiles.multiply(factors, start, sums, SIDE);
                            if slab + deep == steps {
                                to.put(place, sums);
                            }
                        }
                    }
                    factors.next += deep * AHEAD;
                }
            }
        }
    });
}

/// A line of a bias or of zeros.
fn line(bias: Option<&[f32]>) -> [f32; SIDE] {
    let mut line = [0.0; SIDE];
    if let Some(bias) = bias {
        line[..bias.len()].copy_from_slice(bias);
    }
    line
}

/// Part of C that a panel of A and one of B make.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    rows: usize,
    column: usize,
    columns: usize,
    stride: usize,
}

impl Place {
    fn whole(self) -> bool {
        self.rows == SIDE && self.columns == SIDE
    }

    fn start(self) -> usize {
        self.row * self.stride + self.column
    }
}

impl To<'_> {
    fn len(&self) -> usize {
        match self {
            Self::C(c) | Self::OntoC(c) => c.len(),
            Self::Both(c, beside) => c.len().min(beside.len()),
        }
    }

    /// Puts sums where they belong.
    fn put(&mut self, place: Place, sums: &[f32]) {
        let sums = sums.as_chunks::<SIDE>().0;
        match self {
            Self::C(c) => Arch::new().dispatch(Put::<false> { place, c, sums }),
            Self::OntoC(c) => Arch::new().dispatch(Put::<true> { place, c, sums }),
            Self::Both(c, beside) => {
                Arch::new().dispatch(Put::<true> { place, c, sums });
                Arch::new().dispatch(Put::<false> {
                    place,
                    c: beside,
                    sums,
                });
            }
        }
    }
}

/// C = sums, or C += sums where that is meant.
struct Put<'a, const ONTO: bool> {
    place: Place,
    c: &'a mut [f32],
    sums: &'a [[f32; SIDE]],
}

impl<const ONTO: bool> WithSimd for Put<'_, ONTO> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { place, c, sums } = self;
        let put = |c: &mut f32, x: f32| *c = if ONTO { *c + x } else { x };
        let lines = c[place.start()..].chunks_mut(place.stride).zip(sums);
        for (c, sums) in lines.take(place.rows) {
            match c.first_chunk_mut::<SIDE>() {
                // of a length that the compiler knows
                Some(c) if place.columns == SIDE => {
                    c.iter_mut().zip(sums).for_each(|(c, x)| put(c, *x))
                }
                _ => c[..place.columns]
                    .iter_mut()
                    .zip(sums)
                    .for_each(|(c, x)| put(c, *x)),
            }
        }
    }
}

/// Splits `rows` rows and `depth` columns of A into panels of 32 rows.
fn split_rows(a: LeftMatrix<'_>, rows: usize, depth: usize, to: &mut [u32]) {
    split_left(a.values, [a.stride, a.step], [rows, depth], to);
}

/// The same of a matrix with these strides of rows and columns.
fn split_left(a: &[f32], [row, column]: [usize; 2], [rows, depth]: [usize; 2], to: &mut [u32]) {
    let steps = depth.div_ceil(DEEP);
    for (i, to) in to.chunks_exact_mut((steps * STEP).max(1)).enumerate() {
        let (values, rows) = (&a[i * SIDE * row..], SIDE.min(rows - i * SIDE));
        if column == 1 {
            Rows {
                values,
                stride: row,
                rows,
                depth,
                to,
            }
            .split();
            continue;
        }
        let mut square = [0.0; SIDE * DEEP];
        for (step, to) in to.chunks_exact_mut(STEP).enumerate() {
            let (values, deep) = (
                &values[step * DEEP * column..],
                DEEP.min(depth - step * DEEP),
            );
            split::turn(values, [row, column], [rows, deep], &mut square);
            Rows {
                values: &square,
                stride: DEEP,
                rows,
                depth: deep,
                to,
            }
            .split();
        }
    }
}

/// The left-hand matrix A, m x k, split once for many panels of B.
#[derive(Clone, Debug, Default)]
pub(crate) struct Left {
    /// Panels of 32 rows, step by step.
    values: Aligned<u32>,
    m: usize,
    k: usize,
}

impl Left {
    pub(crate) fn pack(
        &mut self,
        a: &[f32],
        m: usize,
        k: usize,
        row_stride: usize,
        column_stride: usize,
    ) {
        (self.m, self.k) = (m, k);
        self.values
            .resize(m.div_ceil(SIDE) * k.div_ceil(DEEP) * STEP);
        split_left(a, [row_stride, column_stride], [m, k], &mut self.values);
    }

    /// C = A B of the first `m` rows and `k` columns of A; B is [k, 32] and C [m, 32].
    pub(crate) fn multiply(&self, m: usize, k: usize, b: &[f32], c: &mut [f32]) {
        assert!(m <= self.m && k <= self.k, "a part of {m} x {k} of A");
        let c = &mut c[..m * SIDE];
        if k == 0 {
            return c.fill(0.0);
        }
        let (steps, all, tiles) = (k.div_ceil(DEEP), self.k.div_ceil(DEEP), Tiles::new());
        let zero = Start::Line(&[0.0; SIDE]);
        MEMORY.with_borrow_mut(|memory| {
            memory.a.resize(steps * STEP);
            split::panel(&b[..k * SIDE], [SIDE, 1], [k, SIDE], PARTS, &mut memory.a);
            let panels = self.values.chunks_exact(all * STEP);
            for (a, c) in panels.zip(c.chunks_mut(SIDE * SIDE)) {
                let factors = Factors {
                    a: &a[..steps * STEP],
                    b: &memory.a,
                    parts: PARTS,
                    next: 0,
                };
                if c.len() == SIDE * SIDE {
                    tiles.multiply(factors, zero, c, SIDE);
                    continue;
                }
                let mut sums = [0.0; SIDE * SIDE];
                tiles.multiply(factors, zero, &mut sums, SIDE);
                c.copy_from_slice(&sums[..c.len()]);
            }
        });
    }
}

/// Some columns of B, and where their parts go.
pub(crate) struct Panel<'a> {
    b: &'a [f32],
    strides: [usize; 2],
    size: [usize; 2],
    parts: usize,
    to: &'a mut [u32],
}

impl Panel<'_> {
    pub(crate) fn split(self) {
        split::panel(self.b, self.strides, self.size, self.parts, self.to);
    }
}
