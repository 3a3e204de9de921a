//! What the magnitudes of a tensor come to, also where the tensor is seen part by part and not kept.

use crate::ranks::{Bracket, kept_at, kept_by, middle_of};
use crate::summary::of_row;
use crate::{Missing, Sample};

/// What the magnitudes of a tensor come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorMagnitudes {
    /// The largest.
    pub largest: f64,
    /// The lower median.
    pub median: f64,
    /// The root mean square.
    pub rms: f64,
}

impl TensorMagnitudes {
    pub(crate) fn of(sample: &Sample<'_>) -> Self {
        let middle = (sample.tensor().values().len() - 1) / 2;
        Self {
            largest: f64::from(sample.summary().largest),
            median: f64::from(sample.magnitudes_at(&[middle])[0]),
            rms: sample.summary().rms(),
        }
    }
}

/// Between which magnitudes the median of a tensor is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MedianRange(Bracket);

impl MedianRange {
    /// Where nothing is known: parts then keep all magnitudes.
    pub const ALL: Self = Self(Bracket {
        low: 0,
        high: f32::MAX.to_bits(),
    });

    /// About the medians of other tensors of the same place: as far on both sides as they lie apart twice, and 1 % of them; 5 % of
    /// less than four, which may lie together by chance. [`MedianRange::ALL`] of none.
    pub fn about(medians: &[f64]) -> Self {
        let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
        let most = medians.iter().copied().fold(0.0, f64::max);
        if !least.is_finite() {
            return Self::ALL;
        }
        let share = if medians.len() < 4 { 0.05 } else { 0.01 };
        let margin = 2.0 * (most - least) + share * most;
        let bits = |x: f64| (x.max(0.0) as f32).min(f32::MAX).to_bits();
        Self(Bracket {
            low: bits(least - margin),
            high: bits(most + margin),
        })
    }

    /// About the median of some rows of the tensor, of which the first `columns` scalars of each `width` count: 15 % beyond
    /// where a sample of them has it.
    ///
    /// # Panics
    /// Where `width` is 0 or less than `columns`.
    pub fn near(rows: &[f32], width: usize, columns: usize) -> Self {
        let Bracket { low, high } = middle_of(rows, width, columns);
        let scaled = |bits: u32, by: f32| (f32::from_bits(bits) * by).min(f32::MAX).to_bits();
        Self(Bracket {
            low: scaled(low, 0.85),
            high: scaled(high, 1.15),
        })
    }
}

/// The magnitudes of some rows of a tensor: with those of the other rows enough for [`TensorMagnitudes`], and small where the
/// median was expected in a narrow range.
///
/// ```
/// use outcrop_observe::{MagnitudePart, MedianRange};
///
/// let range = MedianRange::about(&[2.0]);
/// let part = |rows: &[f32]| MagnitudePart::new(rows, 3, 2, range); // two columns of three
/// let mut all = part(&[1.0, -2.0, 9.0]);
/// all.append(&part(&[2.0, 4.0, 9.0]));
/// let found = all.finish().expect("the median is where it is expected").expect("all are finite");
/// assert_eq!((found.largest, found.median, found.rms), (4.0, 2.0, 2.5));
/// assert!(part(&[7.0, 8.0, 9.0]).finish().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct MagnitudePart {
    count: usize,
    largest: f32,
    squares: f64,
    bracket: Bracket,
    below: usize,
    inside: Vec<f32>,
}

impl MagnitudePart {
    /// Of the first `columns` scalars of each row of `width`.
    ///
    /// # Panics
    /// Where `width` is 0 or less than `columns`.
    pub fn new(rows: &[f32], width: usize, columns: usize, range: MedianRange) -> Self {
        let rows = rows.chunks_exact(width).map(|row| &row[..columns]);
        let (mut count, mut largest, mut squares) = (0, 0, 0.0);
        for row in rows.clone() {
            let (most, square) = of_row(row);
            largest = most.to_bits().max(largest);
            squares += square;
            count += row.len();
        }
        let (below, inside) = kept_by(range.0, rows);
        Self {
            count,
            largest: f32::from_bits(largest),
            squares,
            bracket: range.0,
            below,
            inside,
        }
    }

    /// With later rows of the same tensor, whose median was expected in the same range.
    pub fn append(&mut self, later: &Self) {
        self.count += later.count;
        let most = self.largest.to_bits().max(later.largest.to_bits());
        self.largest = f32::from_bits(most);
        self.squares += later.squares;
        self.below += later.below;
        self.inside.extend_from_slice(&later.inside);
    }

    /// Of all rows; none where the median is not in the range, so that the rows are needed.
    pub fn finish(self) -> Option<Result<TensorMagnitudes, Missing>> {
        if !self.largest.is_finite() {
            return Some(Err(Missing::NotFinite));
        }
        let middle = self.count.checked_sub(1)? / 2;
        let median = kept_at(self.bracket, self.below, self.inside, middle)?;
        Some(Ok(TensorMagnitudes {
            largest: f64::from(self.largest),
            median: f64::from(median),
            rms: (self.squares / self.count as f64).sqrt(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::View;

    /// Part by part as of the whole, in any range that has the median.
    #[test]
    fn parts_come_to_what_the_whole_does() {
        let at = |i: usize| ((i * 7919 % 4999) as f32 - 2500.0) * 1e-3;
        let values: Vec<f32> = (0..700 * 12).map(at).collect();
        let whole = TensorMagnitudes::of(&Sample::new(View::new(&values, 12).unwrap()));
        for range in [MedianRange::ALL, MedianRange::about(&[1.2, 1.26])] {
            let mut parts = values
                .chunks(96 * 12)
                .map(|rows| MagnitudePart::new(rows, 12, 12, range));
            let mut all = parts.next().unwrap();
            parts.for_each(|part| all.append(&part));
            let found = all.finish().unwrap().unwrap();
            assert_eq!((found.largest, found.median), (whole.largest, whole.median));
            assert!((found.rms / whole.rms - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn what_is_not_finite_is_missing() {
        for odd in [f32::NAN, f32::NEG_INFINITY] {
            let part = MagnitudePart::new(&[1.0, odd], 2, 2, MedianRange::about(&[1.0]));
            assert_eq!(part.finish(), Some(Err(Missing::NotFinite)));
        }
    }

    #[test]
    fn a_range_has_the_medians_that_it_is_about() {
        let has = |range: MedianRange, x: f32| (range.0.low..=range.0.high).contains(&x.to_bits());
        assert!(has(MedianRange::about(&[0.0]), 0.0));
        assert!(has(MedianRange::about(&[3.0, 2.0]), 2.0) && !has(MedianRange::about(&[3.0]), 2.0));
        assert!(
            has(MedianRange::about(&[3.0; 3]), 3.1) && !has(MedianRange::about(&[3.0; 4]), 3.1)
        );
        assert!(has(MedianRange::about(&[3.0, 3.0, 3.05, 3.0]), 3.15));
        assert_eq!(MedianRange::about(&[]), MedianRange::ALL);
    }
}
