//! What several observables need of a tensor, in one pass over its rows: a block of rows is read twice, first by row, then by
//! column, while it is in the first-level cache.

mod columns;
mod own;
mod powers;

use crate::View;
use crate::ranks::FirstPass;
use crate::sums::{LANES, largest_bits_of, magnitude_bits, sum_of_f32, whole};
use crate::wide::{Arch, Simd, WithSimd, vectorised};

pub(crate) use columns::Columns;
use columns::fetch;
use powers::Powers;

/// Sums and maxima of a tensor.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// The sum of the squares of each row.
    pub(crate) squares: Vec<f64>,
    /// The largest magnitude of each row.
    pub(crate) rows: Vec<f32>,
    /// What each column comes to.
    pub(crate) columns: Columns,
    /// The largest magnitude of all; not finite where a scalar is not.
    pub(crate) largest: f32,
    /// The means of the scalars, of their cubes and of their fourth powers: to six digits of those of magnitudes.
    powers: [f64; 3],
    count: usize,
    /// What was found for ranks of magnitudes, where these are expected.
    pub(crate) ranks: Option<FirstPass>,
}

impl Summary {
    /// Of a tensor in which `ranks` are sought in the same pass.
    pub(crate) fn new(tensor: View<'_>, ranks: Option<FirstPass>) -> Self {
        let mut summary = Self {
            squares: Vec::with_capacity(tensor.rows()),
            rows: Vec::with_capacity(tensor.rows()),
            columns: Columns::new(tensor.columns()),
            largest: 0.0,
            powers: [0.0; 3],
            count: tensor.values().len(),
            ranks,
        };
        Arch::new().dispatch(Pass {
            tensor,
            summary: &mut summary,
        });
        // the bits of what is not finite are the largest
        let largest = summary.rows.iter().map(|most| most.to_bits()).max();
        summary.largest = f32::from_bits(largest.unwrap_or_default());
        summary
    }

    /// Whether no scalar is NaN or infinite.
    pub(crate) fn is_finite(&self) -> bool {
        self.largest.is_finite()
    }

    /// The mean of all scalars, to six digits of their root mean square.
    pub(crate) fn mean(&self) -> f64 {
        self.powers[0]
    }

    /// The mean of their third powers, to six digits of that of their magnitudes.
    pub(crate) fn mean_third(&self) -> f64 {
        self.powers[1]
    }

    /// The mean of their fourth powers.
    pub(crate) fn mean_fourth(&self) -> f64 {
        self.powers[2]
    }

    /// Root mean square of all scalars.
    pub(crate) fn rms(&self) -> f64 {
        (self.squares() / self.count as f64).sqrt()
    }

    /// The sum of the squares of all scalars.
    pub(crate) fn squares(&self) -> f64 {
        self.squares.iter().sum()
    }
}

/// Scalars whose largest magnitude is in here are added up in f32 first, whose range their fourth powers do not leave.
const RANGE: std::ops::Range<f32> = 1e-7..1e9;

/// Scalars whose powers are added up in f32: 16 in a sum, few enough that it keeps six digits.
const SCALARS: usize = 16 * LANES;

/// Up to this many scalars, all digits of what columns come to cost nothing.
const FEW: usize = 4096;

/// Scalars that are sifted for ranks together.
const TOGETHER: usize = 2 * SCALARS;

/// Rows of a block, 16 in a sum of a column.
const ROWS: usize = 16;

struct Pass<'a> {
    tensor: View<'a>,
    summary: &'a mut Summary,
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (mut all, summary) = (Powers::default(), self.summary);
        let width = self.tensor.columns();
        let many = self.tensor.values().len() > FEW;
        let mut rest = self.tensor.values();
        while !rest.is_empty() {
            let (rows, later) = rest.split_at((ROWS * width).min(rest.len()));
            let next = &later[..(ROWS * width).min(later.len())];
            // what is fetched while something is computed costs least
            let share = match summary.ranks {
                Some(_) => next.len() / 3,
                None => next.len(),
            };
            let (now, next) = next.split_at(share);
            rest = later;
            let from = summary.rows.len();
            all.add(simd, rows, width, summary);
            let in_range = |most: &f32| *most == 0.0 || RANGE.contains(most);
            let in_range = many && summary.rows[from..].iter().all(in_range);
            let are = (from == 0, in_range);
            let squares = &summary.squares[from..];
            summary.columns.add(simd, rows, squares, are, now);
            if let Some(ranks) = &mut summary.ranks {
                let mut next = next.chunks((next.len() / (rows.len() / TOGETHER).max(1)).max(1));
                for scalars in rows.chunks(TOGETHER) {
                    ranks.add(scalars);
                    fetch(next.next());
                }
            }
        }
        let count = summary.count as f64;
        summary.powers = all.sums().map(|sum| sum / count);
    }
}

vectorised! {
    /// The largest magnitude of a row, and the sum of its squares.
    pub(crate) fn of_row<'a>(row: &'a [f32]) -> (f32, f64) {
        let (mut largest, mut squares) = (0, 0.0);
        for scalars in row.chunks(SCALARS) {
            let (mut most, mut lanes) = ([0u32; LANES], [0.0f32; LANES]);
            let (blocks, rest) = scalars.as_chunks::<LANES>();
            for x in blocks {
                for (most, x) in most.iter_mut().zip(x) {
                    *most = u32::max(magnitude_bits(*x), *most);
                }
                for (sum, x) in lanes.iter_mut().zip(x) {
                    *sum = x.mul_add(*x, *sum);
                }
            }
            let (most, lanes) = whole((most, lanes));
            let most = u32::max(largest_of(&most), largest_bits_of(rest));
            largest = u32::max(most, largest);
            squares += match RANGE.contains(&f32::from_bits(most)) {
                true => sum_of_f32(&lanes) + squares_of(rest),
                false => squares_of(scalars),
            };
        }
        (f32::from_bits(largest), squares)
    }
}

#[inline(always)]
fn squares_of(scalars: &[f32]) -> f64 {
    scalars.iter().map(|x| f64::from(*x) * f64::from(*x)).sum()
}

#[inline(always)]
fn largest_of(lanes: &[u32; LANES]) -> u32 {
    lanes.iter().fold(0, |most, bits| u32::max(most, *bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of magnitudes whose fourth powers f32 has, and of those whose it has not.
    #[test]
    fn sums_are_those_in_f64() {
        for scale in [1.0, 1e-12, 1e-30, 1e12, 3e4] {
            for columns in [1, 31, 32, 700] {
                let at = |i: usize| ((i * 37 % 101) as f32 - 47.0) * scale / 50.0;
                let values: Vec<f32> = (0..5 * columns).map(at).collect();
                let found = Summary::new(View::new(&values, columns).unwrap(), None);
                let power = |n: i32| values.iter().map(|x| f64::from(*x).powi(n)).sum::<f64>();
                let near = |a: f64, b: f64, size: f64| assert!((a - b).abs() <= 1e-6 * size);
                let count = values.len() as f64;
                near(found.squares(), power(2), power(2));
                near(found.mean_fourth(), power(4) / count, power(4) / count);
                near(found.mean(), power(1) / count, found.rms());
                let cubes = values
                    .iter()
                    .map(|x| f64::from(x.abs()).powi(3))
                    .sum::<f64>();
                near(found.mean_third(), power(3) / count, cubes / count);
                let row = values[..columns].iter().map(|x| f64::from(*x).powi(2));
                near(found.squares[0], row.clone().sum(), row.sum());
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_seen() {
        for odd in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut values = [1.0; 12];
            values[7] = odd;
            assert!(!Summary::new(View::new(&values, 4).unwrap(), None).is_finite());
        }
        assert!(Summary::new(View::new(&[f32::MAX; 4], 2).unwrap(), None).is_finite());
    }
}
