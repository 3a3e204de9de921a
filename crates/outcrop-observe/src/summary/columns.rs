//! What each column of a tensor comes to.

use crate::sums::{LANES, larger};
use crate::wide::{Simd, Vectors, padded, scalars, vectors};

use super::ROWS;

/// By column.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// The largest magnitude.
    pub(crate) largest: Vec<f32>,
    /// The sum of the squares.
    pub(crate) squares: Vec<f64>,
    /// The sum of the rows from 1 on, each divided by its norm; rows of zeros are left out.
    pub(crate) units: Vec<f64>,
}

impl Columns {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            largest: vec![0.0; columns],
            squares: vec![0.0; columns],
            units: vec![0.0; columns],
        }
    }

    /// Adds at most [`ROWS`] rows, whose sums of squares are `squares`: the first of the tensor, or later ones. They are
    /// added up in f32 where their squares are in its range. Meanwhile the `next` rows are fetched from memory.
    #[inline(always)]
    pub(super) fn add<S: Simd>(
        &mut self,
        simd: S,
        rows: &[f32],
        squares: &[f64],
        (are_first, in_range): (bool, bool),
        next: &[f32],
    ) {
        let width = self.largest.len();
        let mut shares = [0.0f32; ROWS];
        match in_range {
            true => {
                for (share, square) in shares.iter_mut().zip(squares) {
                    let norm = (*square as f32).sqrt();
                    *share = if norm > 0.0 { 1.0 / norm } else { 0.0 };
                }
            }
            false => self.add_exactly(rows, squares, are_first),
        }
        if are_first {
            shares[0] = 0.0;
        }
        let lines = rows.chunks_exact(width).zip(shares);
        let whole = width - width % LANES;
        let tiles = (whole / LANES).max(1);
        let mut next = next.chunks(next.len().div_ceil(tiles).max(1));
        for at in (0..whole).step_by(LANES) {
            let mut lanes = Lanes::new(simd);
            for (row, share) in lines.clone() {
                lanes.add(simd, S::as_simd_f32s(&row[at..at + LANES]).0, share);
            }
            fetch(next.next());
            self.take(at, &lanes, in_range);
        }
        if whole < width {
            let mut lanes = Lanes::new(simd);
            for (row, share) in lines {
                lanes.add(simd, &padded(simd, &row[whole..]), share);
            }
            self.take(whole, &lanes, in_range);
        }
    }

    /// Adds in f64 what f32 does not hold.
    fn add_exactly(&mut self, rows: &[f32], squares: &[f64], are_first: bool) {
        let rows = rows.chunks_exact(self.largest.len()).zip(squares);
        for (at, (row, square)) in rows.enumerate() {
            let share = match *square > 0.0 && !(are_first && at == 0) {
                true => 1.0 / square.sqrt(),
                false => 0.0,
            };
            let sums = self.squares.iter_mut().zip(&mut self.units);
            for ((squares, units), x) in sums.zip(row) {
                let x = f64::from(*x);
                *squares += x * x;
                *units += x * share;
            }
        }
    }

    #[inline(always)]
    fn take<S: Simd>(&mut self, at: usize, lanes: &Lanes<S>, in_range: bool) {
        let [largest, squares, units] =
            [&lanes.largest, &lanes.squares, &lanes.units].map(scalars::<S>);
        let to = self.largest[at..].iter_mut().zip(&largest);
        to.for_each(|(most, x)| *most = larger(*x, *most));
        let to = self.units[at..].iter_mut().zip(&units);
        to.for_each(|(sum, x)| *sum += f64::from(*x));
        if in_range {
            let to = self.squares[at..].iter_mut().zip(&squares);
            to.for_each(|(sum, x)| *sum += f64::from(*x));
        }
    }
}

/// The same of a few rows and columns.
struct Lanes<S: Simd> {
    largest: Vectors<S>,
    squares: Vectors<S>,
    units: Vectors<S>,
}

impl<S: Simd> Lanes<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        let none = [simd.splat_f32s(0.0); LANES];
        Self {
            largest: none,
            squares: none,
            units: none,
        }
    }

    #[inline(always)]
    fn add(&mut self, simd: S, x: &[S::f32s], share: f32) {
        let share = simd.splat_f32s(share);
        for (k, x) in x.iter().take(vectors::<S>()).enumerate() {
            self.largest[k] = simd.max_f32s(simd.abs_f32s(*x), self.largest[k]);
            self.squares[k] = simd.mul_add_f32s(*x, *x, self.squares[k]);
            self.units[k] = simd.mul_add_f32s(*x, share, self.units[k]);
        }
    }
}

/// Reads a scalar of each line of memory.
#[inline(always)]
pub(super) fn fetch(scalars: Option<&[f32]>) {
    for line in scalars.unwrap_or_default().chunks(16) {
        // by itself: as one sum the compiler gathers them, which is slow
        std::hint::black_box(line[0]);
    }
}
