use crate::separable::Separable;
use crate::weights::{self, Scaled, Solution};
use crate::{Error, FitOptions, Result, Series, Weighting, robust};

/// A series with its options, ready for any hypothesis. Under [`Weighting::Robust`] it holds what
/// each point still weighs, found once with the emergence curve, so that hypotheses compare.
///
/// ```
/// use outcrop_fit::{EMERGENCE, Observations, FitOptions, Series, hypothesis};
///
/// let steps: Vec<f64> = (0..12).map(|i| 10.0 * f64::from(i)).collect();
/// let values: Vec<f64> = steps.iter().map(|t| 5.0 + (t + 2.0).ln()).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = hypothesis(EMERGENCE)?.fit(&Observations::new(&series, &options)?)?;
/// assert!(fitted.goodness.r2 > 0.999);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Observations<'a> {
    pub(crate) series: &'a Series,
    pub(crate) options: &'a FitOptions,
    /// Square root of what is left of each point's weight, 0 to 1.
    pub(crate) factors: Vec<f64>,
}

impl<'a> Observations<'a> {
    /// The series as `options` weigh it.
    ///
    /// # Errors
    /// [`Error::NoStandardErrors`] where [`Weighting::Sem`] has none to go by, [`Error::Solver`].
    pub fn new(series: &'a Series, options: &'a FitOptions) -> Result<Self> {
        if options.weighting() == Weighting::Sem && series.sem().is_empty() {
            return Err(Error::NoStandardErrors {
                series: series.name().into(),
            });
        }
        let mut observations = Self {
            series,
            options,
            factors: vec![1.0; series.values().len()],
        };
        if options.weighting() == Weighting::Robust {
            observations.factors = robust::factors(series, options)?;
        }
        Ok(observations)
    }

    /// The series.
    pub fn series(&self) -> &'a Series {
        self.series
    }

    /// The options.
    pub fn options(&self) -> &'a FitOptions {
        self.options
    }

    /// The steps that the robust weighting gives no weight at all: outliers.
    pub fn outliers(&self) -> Vec<f64> {
        let points = self.series.steps().iter().zip(&self.factors);
        points.filter(|p| *p.1 == 0.0).map(|p| *p.0).collect()
    }
}

/// Fits `family` to them.
pub(crate) fn solve<'a, F: Separable<N, M>, const N: usize, const M: usize>(
    family: &F,
    observations: &'a Observations<'a>,
) -> Result<(Scaled<'a>, Solution<N, M>)> {
    let Observations {
        series,
        options,
        factors,
    } = observations;
    weights::solve(family, series, options, factors)
}
