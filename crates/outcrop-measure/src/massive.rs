//! Which scalars of a hidden state are massive.

use std::fmt;

use outcrop_core::{LayerStats, TOP_RATIO, Top};

use crate::shape::Shape;
use crate::{Meter, Result};

/// A rule by which scalars of one hidden state are massive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum MassiveRule {
    /// That of Sun et al. (arXiv 2402.17762): |h| above 100 and at least 1000 times the median.
    #[default]
    Sun,
    /// For models in which nothing reaches that: the `k` largest magnitudes (of equal ones the first)
    /// as far as they are at least `ratio` times the median. None where the median is 0.
    Top {
        /// How many at most.
        k: usize,
        /// How many times the median, 1 or more.
        ratio: f64,
    },
}

impl MassiveRule {
    /// The largest three that are at least 20 times the median.
    pub const TOP: Self = Self::Top {
        k: 3,
        ratio: TOP_RATIO,
    };

    /// The massive scalars of a hidden state [positions, d_model], the largest first; `stats` are what
    /// [`Meter::measure`](crate::Meter::measure) gives of it. Scalars that are not finite are never
    /// massive.
    ///
    /// ```
    /// use outcrop_measure::{MassiveRule, Meter};
    ///
    /// let hidden = [0.5, -1.0, 2000.0, 0.25, 1.0, -0.5, -30.0, -0.75, 0.5];
    /// let stats = Meter::new().measure(&hidden, 3)?;
    /// let channels = |rule: MassiveRule| {
    ///     let found = rule.find(&hidden, 3, &stats)?;
    ///     Ok::<Vec<u32>, outcrop_measure::Error>(found.iter().map(|t| t.place.channel).collect())
    /// };
    /// assert_eq!(channels(MassiveRule::Sun)?, [2]);
    /// assert_eq!(channels(MassiveRule::TOP)?, [2, 0]); // the third is no 20 times the median
    /// # Ok::<(), outcrop_measure::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Meter::measure`](crate::Meter::measure).
    pub fn find(self, hidden: &[f32], d_model: usize, stats: &LayerStats) -> Result<Vec<Top>> {
        Shape::check(hidden.len(), d_model)?;
        Ok(match self {
            Self::Sun => Meter::new().top_k(hidden, d_model, count(hidden, stats))?,
            Self::Top { k, ratio } => {
                let mut top = match stats.median.is_some_and(|median| median > 0.0) {
                    true => Meter::new().top_k(hidden, d_model, k)?,
                    false => Vec::new(),
                };
                top.retain(|top| stats.is_times_median(top.magnitude, ratio));
                top
            }
        })
    }
}

/// `sun` or, with the k, `top3`: as tables name it.
impl fmt::Display for MassiveRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sun => f.write_str("sun"),
            Self::Top { k, .. } => write!(f, "top{k}"),
        }
    }
}

/// How many scalars are massive by the rule of Sun et al.; nearly always the largest tells that none
/// is.
pub(crate) fn count(hidden: &[f32], stats: &LayerStats) -> usize {
    match stats.top[0] {
        Some(top) if stats.is_massive(top.magnitude) => {
            hidden.iter().filter(|h| stats.is_massive(h.abs())).count()
        }
        _ => 0,
    }
}
