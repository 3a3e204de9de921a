use outcrop_core::{LayerStats, Place, Top};

use crate::Result;
use crate::bracket::{Bracket, Memory, Passed};
use crate::expected::Expected;
use crate::shape::Shape;
use crate::top::TopK;

/// Measures hidden states one after another. It reuses its memory, so only the first measurement allocates; two
/// concurrent measurements need a meter each.
///
/// Measuring takes time in proportion to the number of scalars n, for any values. It is fastest when successive medians
/// are close, as for sequences of the same layer; to measure several layers in turn, use [`Meters`](crate::Meters),
/// which remember the medians of each layer. Results do not depend on earlier measurements.
#[derive(Debug, Default)]
pub struct Meter {
    memory: Memory,
    top: TopK,
    expected: Option<Expected>,
}

impl Meter {
    /// A meter that holds no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Meter::measure`], where medians should be near those measured with the same `expected` before.
    pub(crate) fn measure_near(
        &mut self,
        expected: &mut Option<Expected>,
        hidden: &[f32],
        d_model: usize,
    ) -> Result<LayerStats> {
        std::mem::swap(&mut self.expected, expected);
        let stats = self.measure(hidden, d_model);
        std::mem::swap(&mut self.expected, expected);
        stats
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
        let guess = self.expected.as_ref().map(Expected::bracket);
        let guess = guess.unwrap_or_else(|| Bracket::of_sample(hidden, &mut self.memory.kept));
        self.top.begin(3);
        let passed = guess.pass(hidden, &mut self.memory, Some(&mut self.top));
        let non_finite = match passed.finite {
            true => NonFinite::default(),
            false => NonFinite::of(hidden, shape),
        };
        // What is not finite has the highest ranks, so the finite ones keep theirs.
        let finite = hidden.len() - non_finite.count;
        let rank = finite.checked_sub(1).map(|last| last / 2);
        let median = rank.and_then(|rank| self.median(hidden, rank, &passed));
        if let Some(median) = median {
            Expected::next(&mut self.expected, f32::from_bits(median), hidden.len());
        }
        let mut top = self.top.finish(shape);
        Ok(LayerStats {
            top: std::array::from_fn(|_| top.next()),
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
        self.top.begin(k);
        Bracket::none().pass(hidden, &mut self.memory, Some(&mut self.top));
        Ok(self.top.finish(shape).collect())
    }

    /// The magnitude at `rank`; where the first guess missed it, those of a sample and of everything
    /// follow.
    fn median(&mut self, hidden: &[f32], rank: usize, passed: &Passed) -> Option<u32> {
        let memory = &mut self.memory;
        if let Some(median) = passed.at(rank, memory) {
            return Some(median);
        }
        let sample = Bracket::of_sample(hidden, &mut memory.kept);
        if let Some(median) = sample.pass(hidden, memory, None).at(rank, memory) {
            return Some(median);
        }
        Bracket::all().pass(hidden, memory, None).at(rank, memory)
    }
}

#[derive(Default)]
struct NonFinite {
    count: usize,
    first: Option<Place>,
}

impl NonFinite {
    fn of(hidden: &[f32], shape: Shape) -> Self {
        let first = hidden.iter().position(|h| !h.is_finite());
        Self {
            count: hidden.iter().filter(|h| !h.is_finite()).count(),
            first: first.map(|index| shape.place(index)),
        }
    }
}
