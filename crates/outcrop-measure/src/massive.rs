//! Which scalars of a hidden state are massive.

use std::fmt;

use outcrop_core::{LayerStats, Top};

use crate::shape::Shape;
use crate::{Meter, Result};

/// Magnitude above which a scalar is massive, by the rule of Sun et al. (arXiv 2402.17762).
pub const MASSIVE_MAGNITUDE: f32 = 100.0;
/// How many times the median a massive scalar is at least, by the same rule.
pub const MASSIVE_RATIO: f64 = 1000.0;
/// How many times the median a scalar is at least to be massive by [`MassiveRule::TOP`]: the largest of
/// a million scalars of a normal distribution is about 7 times their median, so that what is there
/// before training stays below.
pub const TOP_RATIO: f64 = 20.0;

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
                let median = stats.median.map_or(0.0, f64::from);
                let mut top = match median > 0.0 {
                    true => Meter::new().top_k(hidden, d_model, k)?,
                    false => Vec::new(),
                };
                top.retain(|top| f64::from(top.magnitude) >= ratio * median);
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
    let least = MASSIVE_RATIO * stats.median.map_or(f64::INFINITY, f64::from);
    let is_massive = |m: f32| m.is_finite() && m > MASSIVE_MAGNITUDE && f64::from(m) >= least;
    match stats.top[0] {
        Some(top) if is_massive(top.magnitude) => {
            hidden.iter().filter(|h| is_massive(h.abs())).count()
        }
        _ => 0,
    }
}
