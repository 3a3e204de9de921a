//! Numbers of f32 as sums of three of bf16, in the order in which tiles are read.

use pulp::{Arch, Simd, WithSimd};

use super::{DEEP, PARTS, STEP, TILE};
use crate::transpose::transpose;

/// Numbers of a line of a tile.
const WIDE: usize = 16;
/// What bf16 keeps of f32.
const KEPT: u32 = 0xffff_0000;

/// The first halves of each part of `x`, and of each part of `y`, in one number: x = x0 + x1 + x2 exactly, with 8 bits each.
/// What is not finite stays so.
#[inline(always)]
fn pairs<const P: usize>(x: &[f32; WIDE], y: &[f32; WIDE]) -> [[u32; WIDE]; P] {
    let mut parts = [[0; WIDE]; P];
    let (mut x, mut y) = (*x, *y);
    for part in &mut parts {
        for i in 0..WIDE {
            let (a, b) = (x[i].to_bits(), y[i].to_bits() & KEPT);
            part[i] = a >> 16 | b;
            x[i] -= f32::from_bits(a & KEPT);
            y[i] -= f32::from_bits(b);
        }
    }
    parts
}

/// Rows of a left-hand matrix, `stride` apart, into two tiles a part.
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
    /// At most 32, and at least one.
    pub(crate) rows: usize,
    pub(crate) depth: usize,
    /// As many [`STEP`]s as the depth has parts of [`DEEP`].
    pub(crate) to: &'a mut [u32],
}

impl Rows<'_> {
    pub(crate) fn split(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in 0..2 * WIDE {
            if row >= self.rows {
                for step in self.to.chunks_exact_mut(STEP) {
                    for part in 0..PARTS {
                        step[(2 * part + row / WIDE) * TILE + row % WIDE * WIDE..][..WIDE].fill(0);
                    }
                }
                continue;
            }
            let line = &self.values[row * self.stride..][..self.depth];
            let (whole, rest) = line.as_chunks::<DEEP>();
            let mut last = [0.0; DEEP];
            last[..rest.len()].copy_from_slice(rest);
            let numbers = whole.iter().chain((!rest.is_empty()).then_some(&last));
            for (step, numbers) in self.to.as_chunks_mut::<STEP>().0.iter_mut().zip(numbers) {
                let halves = numbers.as_chunks::<WIDE>().0;
                let parts = pairs::<PARTS>(&halves[0], &halves[1]);
                for (part, line) in parts.iter().enumerate() {
                    step[(2 * part + row / WIDE) * TILE + row % WIDE * WIDE..][..WIDE]
                        .copy_from_slice(line);
                }
            }
        }
    }
}

/// 32 columns of a right-hand matrix, whose rows of at least as many numbers are `stride` apart, into two tiles a part.
struct Columns<'a> {
    values: &'a [f32],
    stride: usize,
    depth: usize,
    to: &'a mut [u32],
}

/// That with P parts.
struct Parted<'a, const P: usize>(Columns<'a>);

impl<const P: usize> WithSimd for Parted<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Columns {
            values,
            stride,
            depth,
            to,
        } = self.0;
        for (i, step) in to.chunks_exact_mut(2 * P * TILE).enumerate() {
            for pair in 0..WIDE {
                let line = |p: usize| match p < depth {
                    true => values[p * stride..][..2 * WIDE].as_chunks::<WIDE>().0,
                    false => &[[0.0; WIDE]; 2],
                };
                let (x, y) = (line(i * DEEP + pair), line(i * DEEP + WIDE + pair));
                for half in 0..2 {
                    let parts = pairs::<P>(&x[half], &y[half]);
                    for (part, line) in parts.iter().enumerate() {
                        step[(2 * part + half) * TILE + pair * WIDE..][..WIDE]
                            .copy_from_slice(line);
                    }
                }
            }
        }
    }
}

impl Columns<'_> {
    fn split(self, parts: usize) {
        match parts {
            1 => Arch::new().dispatch(Parted::<1>(self)),
            2 => Arch::new().dispatch(Parted::<2>(self)),
            _ => Arch::new().dispatch(Parted::<PARTS>(self)),
        }
    }
}

/// A panel of at most 32 columns, of which `columns` are there: element (p, j) is `b[p * row + j * column]`.
pub(crate) fn panel(
    b: &[f32],
    [row, column]: [usize; 2],
    [depth, columns]: [usize; 2],
    parts: usize,
    to: &mut [u32],
) {
    if column == 1 && columns == 2 * WIDE {
        return Columns {
            values: b,
            stride: row,
            depth,
            to,
        }
        .split(parts);
    }
    let mut square = [0.0; 2 * WIDE * DEEP];
    for (i, to) in to.chunks_exact_mut(2 * parts * TILE).enumerate() {
        let deep = DEEP.min(depth - i * DEEP);
        turn(
            &b[i * DEEP * row..],
            [row, column],
            [deep, columns],
            &mut square,
        );
        Columns {
            values: &square,
            stride: 2 * WIDE,
            depth: deep,
            to,
        }
        .split(parts);
    }
}

/// Rows and columns of a matrix with these strides into a square of 32 x 32.
pub(crate) fn turn(
    from: &[f32],
    [row, column]: [usize; 2],
    [rows, columns]: [usize; 2],
    square: &mut [f32; 2 * WIDE * DEEP],
) {
    if columns < 2 * WIDE {
        square.fill(0.0);
    }
    if row == 1 {
        return transpose(from, column, [columns, rows], square, 2 * WIDE);
    }
    for (p, line) in square
        .as_chunks_mut::<{ 2 * WIDE }>()
        .0
        .iter_mut()
        .take(rows)
        .enumerate()
    {
        let from = from[p * row..].iter().step_by(column);
        line[..columns]
            .iter_mut()
            .zip(from)
            .for_each(|(to, x)| *to = *x);
    }
}

/// How many parts of bf16 hold each of these numbers exactly.
pub(crate) fn parts(values: &[f32]) -> usize {
    let mut parts = 1;
    for block in values.chunks(1024) {
        parts = parts.max(Arch::new().dispatch(Needed(block)));
        if parts == PARTS {
            break;
        }
    }
    parts
}

struct Needed<'a>(&'a [f32]);

impl WithSimd for Needed<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let (mut second, mut third) = (0, 0);
        for x in self.0 {
            let bits = x.to_bits();
            second |= bits & !KEPT;
            let rest = x - f32::from_bits(bits & KEPT);
            third |= rest.to_bits() & !KEPT;
        }
        match (second, third) {
            (0, _) => 1,
            (_, 0) => 2,
            _ => PARTS,
        }
    }
}
