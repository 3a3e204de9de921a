//! Statistics other than the largest magnitudes and the median.

use outcrop_core::{Detail, LaterStats, LayerStats, Place, Spread, Top};

use crate::shape::Shape;
use crate::{Meter, Result, massive};

impl Meter {
    /// As [`Meter::measure`], with the spread of the scalars, the number of those that are massive by
    /// the rule of Sun et al., and the statistics without position 0. Tokens stay empty: a hidden
    /// state does not know them. Takes about three times as long.
    ///
    /// ```
    /// // The first of three positions holds everything massive.
    /// let hidden = [0.5, -1.0, 2000.0, 0.25, 1.0, -0.5, 2.0, -0.75, 0.5];
    /// let (stats, detail) = outcrop_measure::Meter::new().measure_detail(&hidden, 3)?;
    /// assert_eq!((stats.top[0].map(|t| t.magnitude), detail.massive), (Some(2000.0), Some(1)));
    /// let later = detail.later.expect("there are later positions");
    /// assert_eq!(later.top[0].map(|t| (t.magnitude, t.place.position)), Some((2.0, 2)));
    /// # Ok::<(), outcrop_measure::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Meter::measure`].
    pub fn measure_detail(
        &mut self,
        hidden: &[f32],
        d_model: usize,
    ) -> Result<(LayerStats, Detail)> {
        self.measure_detail_from(hidden, d_model, 1)
    }

    /// As [`Meter::measure_detail`], where the later positions are those from `first` on, none if there are no more: of a
    /// model of images, those of patches, which follow the class token and the registers.
    ///
    /// ```
    /// // A class token, a register and one patch.
    /// let hidden = [0.5, -1.0, 100.0, 50.0, 2.0, -0.75];
    /// let (_, detail) = outcrop_measure::Meter::new().measure_detail_from(&hidden, 2, 2)?;
    /// let patches = detail.later.expect("there is a patch");
    /// assert_eq!(patches.top[0].map(|t| (t.magnitude, t.place.position)), Some((2.0, 2)));
    /// assert_eq!(patches.median, Some(0.75));
    /// # Ok::<(), outcrop_measure::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Meter::measure`].
    pub fn measure_detail_from(
        &mut self,
        hidden: &[f32],
        d_model: usize,
        first: usize,
    ) -> Result<(LayerStats, Detail)> {
        let stats = self.measure(hidden, d_model)?;
        let from = first.saturating_mul(d_model);
        let detail = Detail {
            massive: stats.median.map(|_| massive::count(hidden, &stats) as u64),
            spread: match stats.non_finite {
                0 => Some(spread(hidden, d_model)?),
                _ => None,
            },
            later: match hidden.get(from..).filter(|later| !later.is_empty()) {
                Some(later) => Some(shifted(&self.measure(later, d_model)?, first as u32)),
                None => None,
            },
            ..Detail::default()
        };
        Ok((stats, detail))
    }
}

/// Statistics of the positions from `first` on, with the positions of the whole sequence.
fn shifted(stats: &LayerStats, first: u32) -> LaterStats {
    let shift = |top: Top| Top {
        place: Place {
            position: top.place.position + first,
            ..top.place
        },
        ..top
    };
    LaterStats {
        top: stats.top.map(|top| top.map(shift)),
        median: stats.median,
    }
}

/// Root mean square and kurtosis of a hidden state [positions, d_model] whose scalars are all finite,
/// in two passes of f64: the mean first, then the moments about it.
///
/// # Errors
/// As [`Meter::measure`].
pub fn spread(hidden: &[f32], d_model: usize) -> Result<Spread> {
    Shape::check(hidden.len(), d_model)?;
    let count = hidden.len() as f64;
    let (mut sums, mut squares) = (vec![0.0; d_model], vec![0.0; d_model]);
    for row in hidden.chunks_exact(d_model) {
        for ((sum, square), h) in sums.iter_mut().zip(&mut squares).zip(row) {
            let h = f64::from(*h);
            *sum += h;
            *square += h * h;
        }
    }
    let mean = sums.iter().sum::<f64>() / count;
    let (mut second, mut fourth) = (vec![0.0; d_model], vec![0.0; d_model]);
    for row in hidden.chunks_exact(d_model) {
        for ((second, fourth), h) in second.iter_mut().zip(&mut fourth).zip(row) {
            let square = (f64::from(*h) - mean) * (f64::from(*h) - mean);
            *second += square;
            *fourth += square * square;
        }
    }
    let square: f64 = squares.iter().sum();
    Ok(Spread {
        rms: (square / count).sqrt(),
        kurtosis: quotient(fourth.iter().sum(), second.iter().sum(), count),
        channel_kurtosis: quotient(squares.iter().map(|s| s * s).sum(), square, d_model as f64),
    })
}

/// mean(x^2) / mean(x)^2 from the two sums; none where all x are 0.
fn quotient(of_squares: f64, sum: f64, count: f64) -> Option<f64> {
    let quotient = of_squares * count / (sum * sum);
    quotient.is_finite().then_some(quotient)
}
