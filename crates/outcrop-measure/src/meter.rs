use outcrop_core::{LayerStats, Place, Top};

use crate::Result;
use crate::bits::INFINITE;
use crate::bracket::{Bracket, Passed};
use crate::shape::Shape;
use crate::top::top_k;

/// Measures hidden states one after another. It holds the memory that a measurement needs, so that
/// only the first takes any; two that measure at once need a meter each.
///
/// Measuring takes time in proportion to the number of scalars n, whatever their values; least where the
/// median is near the one before, as that of the next sequence in the same layer. What is measured does
/// not depend on what was measured before.
#[derive(Debug, Default)]
pub struct Meter {
    scratch: Vec<f32>,
    /// The median measured last, as bits.
    last: Option<u32>,
}

impl Meter {
    /// A meter that holds no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The statistics of one sequence's hidden state [positions, d_model], row-major: the largest
    /// three of |h| with their places (of equal ones the first), the exact lower median of |h|
    /// (the element (n - 1) / 2, from 0, of the n finite magnitudes in ascending order, as
    /// `torch.median` has it), and how many scalars are not finite.
    ///
    /// ```
    /// let hidden = [1.0, f32::NAN, -3.0, 2.0];
    /// let stats = outcrop_measure::Meter::new().measure(&hidden, 2)?;
    /// assert_eq!((stats.median, stats.non_finite, stats.count), (Some(2.0), 1, 4));
    /// # Ok::<(), outcrop_measure::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Empty`](crate::Error::Empty), [`Channels`](crate::Error::Channels),
    /// [`Length`](crate::Error::Length) or [`Positions`](crate::Error::Positions) for a slice that
    /// is no such state.
    pub fn measure(&mut self, hidden: &[f32], d_model: usize) -> Result<LayerStats> {
        let shape = Shape::check(hidden.len(), d_model)?;
        let guess = self.last.map(|last| Bracket::near(last, hidden.len()));
        let guess = guess.unwrap_or_else(|| Bracket::of_sample(hidden, &mut self.scratch));
        let passed = guess.pass(hidden, &mut self.scratch);
        let non_finite = NonFinite::of(hidden, &passed, shape);
        // What is not finite has the highest ranks, so the finite ones keep theirs.
        let finite = hidden.len() - non_finite.count;
        let rank = finite.checked_sub(1).map(|last| last / 2);
        let median = rank.and_then(|rank| self.median(hidden, rank, &passed));
        self.last = median.or(self.last);
        let top = top_k(hidden, 3, floor(&passed), shape);
        Ok(LayerStats {
            top: std::array::from_fn(|i| top.get(i).copied()),
            median: median.map(f32::from_bits),
            count: hidden.len() as u64,
            non_finite: non_finite.count as u64,
            first_non_finite: non_finite.first,
        })
    }

    /// The k largest of |h| of a hidden state [positions, d_model] with their places, in descending
    /// order, of equal ones the first in front; fewer where fewer scalars are finite.
    ///
    /// ```
    /// let hidden = [1.0, -4.0, 3.0, 4.0];
    /// let top = outcrop_measure::Meter::new().top_k(&hidden, 2, 3)?;
    /// let magnitudes: Vec<f32> = top.iter().map(|t| t.magnitude).collect();
    /// assert_eq!(magnitudes, [4.0, 4.0, 3.0]);
    /// assert_eq!((top[0].place.position, top[0].place.channel), (0, 1));
    /// # Ok::<(), outcrop_measure::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`measure`](Self::measure).
    pub fn top_k(&mut self, hidden: &[f32], d_model: usize, k: usize) -> Result<Vec<Top>> {
        let shape = Shape::check(hidden.len(), d_model)?;
        Ok(top_k(hidden, k, 0, shape))
    }

    /// The magnitude at `rank`; where the first guess missed it, those of a sample and of everything
    /// follow.
    fn median(&mut self, hidden: &[f32], rank: usize, passed: &Passed) -> Option<u32> {
        let scratch = &mut self.scratch;
        if let Some(median) = passed.at(rank, scratch) {
            return Some(median);
        }
        let sample = Bracket::of_sample(hidden, scratch);
        if let Some(median) = sample.pass(hidden, scratch).at(rank, scratch) {
            return Some(median);
        }
        Bracket::all().pass(hidden, scratch).at(rank, scratch)
    }
}

/// A magnitude that at least three finite ones reach, or 0.
fn floor(passed: &Passed) -> u32 {
    let mut largest = passed.largest;
    largest.sort_unstable_by(|a, b| b.cmp(a));
    let mut finite = largest.into_iter().filter(|m| *m < INFINITE);
    finite.nth(2).unwrap_or(0)
}

#[derive(Default)]
struct NonFinite {
    count: usize,
    first: Option<Place>,
}

impl NonFinite {
    fn of(hidden: &[f32], passed: &Passed, shape: Shape) -> Self {
        if passed.largest.iter().all(|m| *m < INFINITE) {
            return Self::default();
        }
        let first = hidden.iter().position(|h| !h.is_finite());
        Self {
            count: hidden.iter().filter(|h| !h.is_finite()).count(),
            first: first.map(|index| shape.place(index)),
        }
    }
}
