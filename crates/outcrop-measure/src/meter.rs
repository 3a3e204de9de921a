use outcrop_core::{LayerStats, Place, Top};

use crate::Result;
use crate::bits::{BLOCK, INFINITE, magnitude, max};
use crate::bracket::Bracket;
use crate::shape::Shape;
use crate::top::{TopK, top_k};

/// Measures hidden states one after another. It holds the memory that a measurement needs, so that
/// only the first takes any; two that measure at once need a meter each.
///
/// Measuring takes time in proportion to the number of scalars n, whatever their values.
#[derive(Debug, Default)]
pub struct Meter {
    scratch: Vec<u32>,
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
        let mut top = TopK::new(3);
        let mut non_finite = NonFinite::default();
        let mut bracket = Bracket::new(hidden, &mut self.scratch);
        for (block, start) in hidden.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            let max = max(block);
            if max >= INFINITE {
                non_finite.count(block, start, shape);
            }
            top.offer(block, max, start);
            if let Some(bracket) = &mut bracket {
                bracket.offer(block);
            }
        }
        // What is not finite has the highest ranks, so the finite ones keep theirs.
        let finite = hidden.len() - non_finite.count;
        let rank = finite.checked_sub(1).map(|last| last / 2);
        let bracketed = bracket.and_then(|b| b.at(rank?));
        let median = bracketed.or_else(|| Some(self.select(hidden, rank?)));
        let top = top.finish(shape);
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
        Ok(top_k(hidden, k, shape))
    }

    /// The magnitude at `rank` among all of the input, where no bracket holds it.
    fn select(&mut self, hidden: &[f32], rank: usize) -> u32 {
        self.scratch.clear();
        self.scratch.extend(hidden.iter().map(|h| magnitude(*h)));
        *self.scratch.select_nth_unstable(rank).1
    }
}

#[derive(Default)]
struct NonFinite {
    count: usize,
    first: Option<Place>,
}

impl NonFinite {
    fn count(&mut self, block: &[f32], start: usize, shape: Shape) {
        self.count += block.iter().filter(|h| !h.is_finite()).count();
        if self.first.is_none() {
            let offset = block.iter().position(|h| !h.is_finite());
            self.first = offset.map(|o| shape.place(start + o));
        }
    }
}
