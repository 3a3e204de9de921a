//! Where the next median should be, by those before.

use crate::bracket::Bracket;

/// Half the width of a bracket, in mean distances of a median from what was expected: 3.6 standard
/// deviations where they are normally distributed.
const WIDE: f32 = 4.5;
/// But at least this share of the median.
const NARROWEST: f32 = 1.0 / 256.0;

/// Moving means of the medians and of how far each was from what was expected.
#[derive(Debug)]
pub(crate) struct Expected {
    median: f32,
    distance: f32,
}

impl Expected {
    /// After a median of `count` scalars.
    pub(crate) fn next(expected: &mut Option<Self>, median: f32, count: usize) {
        match expected {
            Some(expected) => expected.follow(median),
            // The mean distance of two medians of `count` normal numbers.
            None => {
                *expected = Some(Self {
                    median,
                    distance: 1.3 * median / (count as f32).sqrt(),
                });
            }
        }
    }

    fn follow(&mut self, median: f32) {
        self.distance += ((median - self.median).abs() - self.distance) / 8.0;
        self.median += (median - self.median) / 4.0;
    }

    pub(crate) fn bracket(&self) -> Bracket {
        let width = (WIDE * self.distance).max(NARROWEST * self.median);
        Bracket::between(self.median - width, self.median + width)
    }
}
