//! Setting options, each checked.

use super::{FitOptions, Weighting};
use crate::{Error, Result, paper};

impl FitOptions {
    /// Sets the weighting.
    ///
    /// ```
    /// # use outcrop_fit::{FitOptions, Weighting};
    /// let options = FitOptions::default().with_weighting(Weighting::Raw);
    /// assert_eq!(options.weighting(), Weighting::Raw);
    /// ```
    pub fn with_weighting(mut self, weighting: Weighting) -> Self {
        self.weighting = weighting;
        self
    }

    /// Sets the number of reweightings.
    ///
    /// # Errors
    /// [`Error::Option`] outside 1 to 100.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// assert_eq!(FitOptions::default().with_passes(8)?.passes(), 8);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn with_passes(mut self, passes: usize) -> Result<Self> {
        self.passes = count("passes", passes, 1..=100, "1 to 100")?;
        Ok(self)
    }

    /// Sets the lower bound of tau0, in steps.
    ///
    /// # Errors
    /// [`Error::Option`] unless finite and above 0.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// assert!(FitOptions::default().with_min_tau0(0.0).is_err());
    /// ```
    pub fn with_min_tau0(mut self, min_tau0: f64) -> Result<Self> {
        self.min_tau0 = positive("min_tau0", min_tau0)?;
        Ok(self)
    }

    /// Sets the upper bound of beta, per step.
    ///
    /// # Errors
    /// [`Error::Option`] unless finite and above 0.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// assert_eq!(FitOptions::default().with_max_beta(1.0)?.max_beta(), 1.0);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn with_max_beta(mut self, max_beta: f64) -> Result<Self> {
        self.max_beta = positive("max_beta", max_beta)?;
        Ok(self)
    }

    /// Sets the number of grid cells along each coordinate.
    ///
    /// # Errors
    /// [`Error::Option`] outside 4 to 1024.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// assert!(FitOptions::default().with_cells(1).is_err());
    /// ```
    pub fn with_cells(mut self, cells: usize) -> Result<Self> {
        self.cells = count("cells", cells, 4..=1024, "4 to 1024")?;
        Ok(self)
    }

    /// Sets the log-likelihood ratio that a limit must exceed to be ruled out.
    ///
    /// # Errors
    /// [`Error::Option`] unless finite and at least 0.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// assert_eq!(FitOptions::default().with_evidence(0.0)?.evidence(), 0.0);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn with_evidence(mut self, evidence: f64) -> Result<Self> {
        if !(evidence.is_finite() && evidence >= 0.0) {
            return Err(Error::Option {
                name: "evidence",
                value: evidence,
                allowed: "a finite number of at least 0",
            });
        }
        self.evidence = evidence;
        Ok(self)
    }

    /// Sets the number of curves drawn from the posterior.
    ///
    /// # Errors
    /// [`Error::Option`] outside 100 to 100000, unless 0, which leaves the intervals out.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// assert_eq!(FitOptions::default().with_draws(400)?.draws(), 400);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn with_draws(mut self, draws: usize) -> Result<Self> {
        if draws != 0 {
            count("draws", draws, 100..=100_000, "0 or 100 to 100000")?;
        }
        self.draws = draws;
        Ok(self)
    }

    /// Sets the probability of the intervals.
    ///
    /// # Errors
    /// [`Error::Option`] unless above 0 and below 1.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// assert!(FitOptions::default().with_level(90.0).is_err());
    /// ```
    pub fn with_level(mut self, level: f64) -> Result<Self> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::Option {
                name: "level",
                value: level,
                allowed: "a probability above 0 and below 1, such as 0.9",
            });
        }
        self.level = level;
        Ok(self)
    }

    /// Sets the number of points of the dense curve.
    ///
    /// # Errors
    /// [`Error::Option`] outside 2 to 100000, unless 0, which leaves the curves out.
    ///
    /// ```
    /// # use outcrop_fit::FitOptions;
    /// assert_eq!(FitOptions::default().with_curve_points(50)?.curve_points(), 50);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn with_curve_points(mut self, points: usize) -> Result<Self> {
        if points != 0 {
            count("curve_points", points, 2..=100_000, "0 or 2 to 100000")?;
        }
        self.curve_points = points;
        Ok(self)
    }

    /// Has [`crate::fit`] also run the paper's own procedure, both forms, for comparison.
    ///
    /// ```
    /// # use outcrop_fit::{FitOptions, paper};
    /// let options = FitOptions::paper_like().with_paper(paper::PaperOptions::default());
    /// assert!(options.paper().is_some());
    /// ```
    pub fn with_paper(mut self, options: paper::PaperOptions) -> Self {
        self.paper = Some(options);
        self
    }
}

impl FitOptions {
    /// Without the paper's own procedure.
    pub(crate) fn without_paper(mut self) -> Self {
        self.paper = None;
        self
    }
}

fn positive(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(Error::Option {
        name,
        value,
        allowed: "a finite number above 0",
    })
}

fn count(
    name: &'static str,
    value: usize,
    range: std::ops::RangeInclusive<usize>,
    allowed: &'static str,
) -> Result<usize> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Error::Option {
        name,
        value: value as f64,
        allowed,
    })
}
