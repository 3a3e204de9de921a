//! Some rows of C by tiles: what is split of A and B for them, and the order of panels.

use std::cell::RefCell;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::left::split_left;
use super::right::Part;
use super::tiles::{AHEAD, Factors, SIDE, Start, Tiles};
use super::{DEEP, STEP};
use crate::Aligned;
use crate::kernel::Onto;
use crate::rows::LeftMatrix;

/// Steps of A that are split together: some hundred rows of 512 numbers stay in the second-level cache.
const SLAB: usize = 16;

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
            .for_each(|line| onto.without_depth(&mut line[..b.n]));
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
            .for_each(|line| Onto { c: true, bias }.without_depth(&mut line[..b.n]));
        return beside
            .chunks_mut(stride)
            .for_each(|line| Onto { c: false, bias }.without_depth(&mut line[..b.n]));
    }
    add(a, b, To::Both(c, beside), stride, bias);
}

fn add(a: LeftMatrix<'_>, b: Part<'_>, mut to: To<'_>, stride: usize, bias: Option<&[f32]>) {
    let rows = to.len().div_ceil(stride);
    let last = rows.saturating_sub(1) * a.stride + (b.k - 1) * a.step;
    assert!(
        rows == 0 || last < a.values.len(),
        "A has {rows} rows of {}",
        b.k
    );
    let (high, steps, tiles) = (rows.div_ceil(SIDE), b.k.div_ceil(DEEP), Tiles::new());
    // a panel's sums wait for the next slab only where there is one
    let (size, kept) = (
        high * SIDE * SIDE,
        if steps > SLAB { b.n.div_ceil(SIDE) } else { 1 },
    );
    MEMORY.with_borrow_mut(|Memory { a: split, sums }| {
        sums.resize(kept * size);
        for slab in (0..steps).step_by(SLAB) {
            let (from, deep) = (slab * DEEP, SLAB.min(steps - slab));
            let (part, depth) = (a.skip_columns(from), (b.k - from).min(deep * DEEP));
            split.resize(high * deep * STEP);
            split_left(part.values, [a.stride, a.step], [rows, depth], split);
            for at in 0..b.n.div_ceil(SIDE) {
                let columns = at * SIDE..b.n.min((at + 1) * SIDE);
                let panel = Panel {
                    columns,
                    rows,
                    stride,
                    whole: [slab == 0, slab + deep == steps],
                };
                let sums = &mut sums[at % kept * size..][..size];
                panel.add(&tiles, split, b.b.factors(from, at), bias, &mut to, sums);
            }
        }
    });
}

/// Columns of C that belong to a panel of B.
struct Panel {
    columns: Range<usize>,
    rows: usize,
    stride: usize,
    /// Whether this slab is the first, and the last.
    whole: [bool; 2],
}

impl Panel {
    /// Adds the products of `split` rows of A and a panel of B to `sums` or where they go.
    fn add<'a>(
        &self,
        tiles: &Tiles,
        split: &'a [u32],
        mut factors: Factors<'a>,
        bias: Option<&[f32]>,
        to: &mut To<'_>,
        sums: &mut [f32],
    ) {
        let first = line(bias.map(|bias| &bias[self.columns.clone()]));
        let start = if self.whole[0] {
            Start::Line(&first)
        } else {
            Start::C
        };
        let length = split.len() / self.rows.div_ceil(SIDE).max(1);
        let panels = split
            .chunks_exact(length.max(1))
            .zip(sums.chunks_exact_mut(SIDE * SIDE));
        for (i, (a, sums)) in panels.enumerate() {
            let (rows, columns) = (
                i * SIDE..self.rows.min((i + 1) * SIDE),
                self.columns.clone(),
            );
            let place = Place {
                rows,
                columns,
                stride: self.stride,
            };
            factors.a = a;
            match &mut *to {
                To::C(c) if place.whole() => {
                    tiles.multiply(factors, start, &mut c[place.start()..], self.stride)
                }
                _ => {
                    tiles.multiply(factors, start, sums, SIDE);
                    if self.whole[1] {
                        to.put(&place, sums);
                    }
                }
            }
            factors.next += length / STEP * AHEAD;
        }
    }
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
struct Place {
    rows: Range<usize>,
    columns: Range<usize>,
    stride: usize,
}

impl Place {
    fn whole(&self) -> bool {
        self.rows.len() == SIDE && self.columns.len() == SIDE
    }

    fn start(&self) -> usize {
        self.rows.start * self.stride + self.columns.start
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
    fn put(&mut self, place: &Place, sums: &[f32]) {
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
    place: &'a Place,
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
        for (c, sums) in lines.take(place.rows.len()) {
            match c.first_chunk_mut::<SIDE>() {
                // of a length that the compiler knows
                Some(c) if place.columns.len() == SIDE => {
                    c.iter_mut().zip(sums).for_each(|(c, x)| put(c, *x))
                }
                _ => c[..place.columns.len()]
                    .iter_mut()
                    .zip(sums)
                    .for_each(|(c, x)| put(c, *x)),
            }
        }
    }
}
