//! Rows of a block: their largest magnitudes and squares, and the powers of their scalars.

use std::ops::Range;

use super::own::{HALF, Own};
use super::{RANGE, ROWS, SCALARS, Summary, squares_of};
use crate::sums::{LANES, largest_bits_of, sum_of};
use crate::wide::{Simd, Vectors, padded, scalars, vectors};

/// Scalars of rows whose powers are added up in f32: 64 in a sum.
const POWERS: usize = 64 * LANES;

/// Sums of first, third and fourth powers.
pub(super) struct Powers {
    sums: [f64; LANES],
    cubes: [f64; LANES],
    fourths: [f64; LANES],
    /// Of the rows of a block, in memory that is used again.
    own: Own,
}

impl Default for Powers {
    fn default() -> Self {
        Self {
            sums: [0.0; LANES],
            cubes: [0.0; LANES],
            fourths: [0.0; LANES],
            own: Own::default(),
        }
    }
}

/// The same of a few scalars, by lane.
struct Lanes<S: Simd> {
    sums: Vectors<S>,
    cubes: Vectors<S>,
    fourths: Vectors<S>,
}

impl<S: Simd> Lanes<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        let none = [simd.splat_f32s(0.0); LANES];
        Self {
            sums: none,
            cubes: none,
            fourths: none,
        }
    }

    /// Adds a row, or a part of one, whose own largest magnitudes and squares are put into `own` by lane; its largest
    /// magnitudes by lane.
    #[inline(always)]
    fn add_row(&mut self, simd: S, row: &[f32], own: [&mut [f32; HALF]; 2]) -> S::f32s {
        let [mut most, mut squares] = [[simd.splat_f32s(0.0); LANES]; 2];
        let (blocks, rest) = row.as_chunks::<LANES>();
        for x in blocks {
            self.add(simd, S::as_simd_f32s(x).0, [&mut most, &mut squares]);
        }
        if !rest.is_empty() {
            self.add(simd, &padded(simd, rest), [&mut most, &mut squares]);
        }
        let half = vectors::<S>() / 2;
        let mut all = most[0];
        let [to_most, to_squares] = own.map(|lanes| S::as_mut_simd_f32s(lanes).0);
        let to = to_most.iter_mut().zip(to_squares).enumerate();
        for (k, (to_most, to_squares)) in to.take(half) {
            *to_most = simd.max_f32s(most[k], most[k + half]);
            *to_squares = simd.add_f32s(squares[k], squares[k + half]);
            all = simd.max_f32s(all, *to_most);
        }
        all
    }

    #[inline(always)]
    fn add(&mut self, simd: S, x: &[S::f32s], [most, squares]: [&mut Vectors<S>; 2]) {
        for (k, x) in x.iter().take(vectors::<S>()).enumerate() {
            let square = simd.mul_f32s(*x, *x);
            most[k] = simd.max_f32s(simd.abs_f32s(*x), most[k]);
            squares[k] = simd.add_f32s(squares[k], square);
            self.sums[k] = simd.add_f32s(self.sums[k], *x);
            self.cubes[k] = simd.mul_add_f32s(square, *x, self.cubes[k]);
            self.fourths[k] = simd.mul_add_f32s(square, square, self.fourths[k]);
        }
    }
}

impl Powers {
    /// Their sums.
    pub(super) fn sums(&self) -> [f64; 3] {
        [&self.sums, &self.cubes, &self.fourths].map(sum_of)
    }

    /// Adds at most [`ROWS`] rows, some columns of them at a time.
    #[inline(always)]
    pub(super) fn add<S: Simd>(
        &mut self,
        simd: S,
        rows: &[f32],
        width: usize,
        summary: &mut Summary,
    ) {
        let (mut largest, mut squares) = ([0; ROWS], [0.0; ROWS]);
        for first in (0..width).step_by(SCALARS) {
            let part = Part {
                rows,
                width,
                columns: first..width.min(first + SCALARS),
            };
            self.add_part(simd, &part);
            let [of_most, of_squares] = self.own.reduce();
            for (at, row) in part.rows().enumerate() {
                // a maximum may leave out NaN, squares do not
                let (most, square) = (of_most[at], of_squares[at]);
                let (most, square) = match RANGE.contains(&most) && square.is_finite() {
                    true => (most.to_bits(), f64::from(square)),
                    false => (largest_bits_of(row), squares_of(row)),
                };
                largest[at] = u32::max(most, largest[at]);
                squares[at] += square;
            }
        }
        let rows = rows.len() / width;
        summary.squares.extend_from_slice(&squares[..rows]);
        let largest = largest[..rows].iter().copied().map(f32::from_bits);
        summary.rows.extend(largest);
    }

    #[inline(always)]
    fn add_part<S: Simd>(&mut self, simd: S, part: &Part<'_>) {
        let together = (POWERS / part.columns.len()).clamp(1, ROWS);
        let (mut lanes, mut most, mut from) = (Lanes::new(simd), simd.splat_f32s(0.0), 0);
        for (at, row) in part.rows().enumerate() {
            let own = [&mut self.own.most[at], &mut self.own.squares[at]];
            let of_row = lanes.add_row(simd, row, own);
            most = simd.max_f32s(most, of_row);
            if at + 1 == from + together || (at + 1) * part.width == part.rows.len() {
                match RANGE.contains(&simd.reduce_max_f32s(most)) {
                    true => self.take(&lanes),
                    false => part
                        .rows()
                        .take(at + 1)
                        .skip(from)
                        .for_each(|row| self.add_exactly(row)),
                }
                (lanes, most, from) = (Lanes::new(simd), simd.splat_f32s(0.0), at + 1);
            }
        }
    }

    #[inline(always)]
    fn take<S: Simd>(&mut self, lanes: &Lanes<S>) {
        add_lanes(&scalars::<S>(&lanes.sums), &mut self.sums);
        add_lanes(&scalars::<S>(&lanes.cubes), &mut self.cubes);
        add_lanes(&scalars::<S>(&lanes.fourths), &mut self.fourths);
    }

    /// Adds in f64 scalars whose powers f32 does not hold.
    fn add_exactly(&mut self, scalars: &[f32]) {
        for scalars in scalars.chunks(LANES) {
            for (k, x) in scalars.iter().enumerate() {
                let x = f64::from(*x);
                self.sums[k] += x;
                self.cubes[k] += (x * x) * x;
                self.fourths[k] += (x * x) * (x * x);
            }
        }
    }
}

/// Some columns of a few rows.
struct Part<'a> {
    rows: &'a [f32],
    width: usize,
    columns: Range<usize>,
}

impl<'a> Part<'a> {
    #[inline(always)]
    fn rows(&self) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let columns = self.columns.clone();
        let rows = self.rows.chunks_exact(self.width);
        rows.map(move |row| &row[columns.clone()])
    }
}

#[inline(always)]
fn add_lanes(from: &[f32; LANES], to: &mut [f64; LANES]) {
    to.iter_mut()
        .zip(from)
        .for_each(|(to, x)| *to += f64::from(*x));
}
