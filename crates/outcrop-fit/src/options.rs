use crate::names::{NAMES, place};
use crate::{Error, Result, paper};

/// How the squared residuals are weighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weighting {
    /// Plain least squares, as in the paper: the largest ratios decide.
    Raw,
    /// Iteratively reweighted by 1/f^2, f being the curve of the pass before: relative residuals,
    /// for noise in proportion to the ratio.
    #[default]
    Relative,
    /// 1/(SEM^2 + s^2 f^2): the standard error of each value and a relative scatter s that is
    /// estimated, for values that are known with different precision.
    Sem,
    /// As `Relative`, against single bad checkpoints: Tukey's biweight takes the weight from
    /// points beyond 4.685 standard deviations and names them.
    Robust,
}

/// Options of a fit, each checked when it is set.
///
/// | name | default | in [`Options::paper_like`] | purpose | range |
/// |---|---|---|---|---|
/// | `weighting` | `Relative` | `Raw` | how residuals are weighted | |
/// | `passes` | 4 | 4 | reweightings unless `Raw` | 1 to 100 |
/// | `min_tau0` | 1 | 0.01 | lower bound of tau0, steps | above 0 |
/// | `max_beta` | 10 | 10 | upper bound of beta (and of 1/tau), per step | above 0 |
/// | `cells` | 32 | 32 | grid cells along each coordinate of the search | 4 to 1024 |
/// | `evidence` | 3.84 | 0 | log-likelihood ratio below which a limit stands (see below) | at least 0 |
/// | `draws` | 1000 | 1000 | curves drawn from the posterior, 0 for no intervals | 0, 100 to 100000 |
/// | `level` | 0.9 | 0.9 | probability of the intervals | above 0, below 1 |
/// | `hypotheses` | all | all | which are fitted | at least one |
/// | `curve_points` | 200 | 200 | points of the dense curve, 0 for none | 0, 2 to 100000 |
///
/// A tau0 below one step lets the logarithm interpolate the single point at step 0.
///
/// `evidence`: each limit of the curve (no decay, tau0 infinite, no logarithm) is fitted too. Where
/// n ln(SSE_limit / SSE) stays below `evidence`, the limit cannot be told from the fit, and the
/// parameters that it leaves undefined are empty. 3.84 is the 95 % point of chi-squared with one
/// degree of freedom; the logarithm, which goes with two parameters, needs 1.56 times as much and a
/// curve against a constant 3.46 times. 0 reports every parameter that is a finite number.
///
/// ```
/// use outcrop_fit::{Options, Weighting};
///
/// assert_eq!(Options::default().min_tau0(), 1.0);
/// assert_eq!(Options::paper_like().weighting(), Weighting::Raw);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    weighting: Weighting,
    passes: usize,
    min_tau0: f64,
    max_beta: f64,
    cells: usize,
    evidence: f64,
    draws: usize,
    level: f64,
    curve_points: usize,
    hypotheses: Vec<&'static str>,
    paper: Option<paper::Options>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            weighting: Weighting::Relative,
            passes: 4,
            min_tau0: 1.0,
            max_beta: 10.0,
            cells: 32,
            evidence: 3.84,
            draws: 1000,
            level: 0.9,
            curve_points: 200,
            hypotheses: NAMES.to_vec(),
            paper: None,
        }
    }
}

impl Options {
    /// What the paper minimises: plain least squares, tau0 down to 0.01 steps, every finite
    /// parameter reported. How the paper searches is [`crate::paper`].
    pub fn paper_like() -> Self {
        Self {
            weighting: Weighting::Raw,
            min_tau0: 0.01,
            evidence: 0.0,
            ..Self::default()
        }
    }

    /// Sets the weighting.
    ///
    /// ```
    /// # use outcrop_fit::{Options, Weighting};
    /// let options = Options::default().with_weighting(Weighting::Raw);
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
    /// # use outcrop_fit::Options;
    /// assert_eq!(Options::default().with_passes(8)?.passes(), 8);
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
    /// # use outcrop_fit::Options;
    /// assert!(Options::default().with_min_tau0(0.0).is_err());
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
    /// # use outcrop_fit::Options;
    /// assert_eq!(Options::default().with_max_beta(1.0)?.max_beta(), 1.0);
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
    /// # use outcrop_fit::Options;
    /// assert!(Options::default().with_cells(1).is_err());
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
    /// # use outcrop_fit::Options;
    /// assert_eq!(Options::default().with_evidence(0.0)?.evidence(), 0.0);
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
    /// # use outcrop_fit::Options;
    /// assert_eq!(Options::default().with_draws(400)?.draws(), 400);
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
    /// # use outcrop_fit::Options;
    /// assert!(Options::default().with_level(90.0).is_err());
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
    /// # use outcrop_fit::Options;
    /// assert_eq!(Options::default().with_curve_points(50)?.curve_points(), 50);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn with_curve_points(mut self, points: usize) -> Result<Self> {
        if points != 0 {
            count("curve_points", points, 2..=100_000, "0 or 2 to 100000")?;
        }
        self.curve_points = points;
        Ok(self)
    }

    /// Sets which hypotheses [`crate::fit`] fits, by name; the order is that of [`crate::HYPOTHESES`].
    ///
    /// # Errors
    /// [`Error::Hypothesis`] for an unknown name, [`Error::Option`] for none at all.
    ///
    /// ```
    /// # use outcrop_fit::Options;
    /// let options = Options::default().with_hypotheses(&["logistic", "emergence"])?;
    /// assert_eq!(options.hypotheses(), ["emergence", "logistic"]);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn with_hypotheses(mut self, names: &[impl AsRef<str>]) -> Result<Self> {
        for name in names {
            place(name.as_ref())?;
        }
        if names.is_empty() {
            return Err(Error::Option {
                name: "hypotheses",
                value: 0.0,
                allowed: "at least one",
            });
        }
        let mut known = NAMES.to_vec();
        known.retain(|k| names.iter().any(|n| n.as_ref() == *k));
        self.hypotheses = known;
        Ok(self)
    }

    /// Has [`crate::fit`] also run the paper's own procedure, both forms, for comparison.
    ///
    /// ```
    /// # use outcrop_fit::{Options, paper};
    /// let options = Options::paper_like().with_paper(paper::Options::default());
    /// assert!(options.paper().is_some());
    /// ```
    pub fn with_paper(mut self, options: paper::Options) -> Self {
        self.paper = Some(options);
        self
    }

    /// The paper's own procedure, if it is to run too.
    pub fn paper(&self) -> Option<&paper::Options> {
        self.paper.as_ref()
    }

    /// Names of the hypotheses that are fitted.
    pub fn hypotheses(&self) -> &[&'static str] {
        &self.hypotheses
    }

    /// How residuals are weighted.
    pub fn weighting(&self) -> Weighting {
        self.weighting
    }

    /// Reweightings unless [`Weighting::Raw`].
    pub fn passes(&self) -> usize {
        self.passes
    }

    /// Lower bound of tau0, in steps.
    pub fn min_tau0(&self) -> f64 {
        self.min_tau0
    }

    /// Upper bound of beta, per step.
    pub fn max_beta(&self) -> f64 {
        self.max_beta
    }

    /// Grid cells along each coordinate of the search.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Log-likelihood ratio below which a limit stands.
    pub fn evidence(&self) -> f64 {
        self.evidence
    }

    /// Curves drawn from the posterior.
    pub fn draws(&self) -> usize {
        self.draws
    }

    /// Probability of the intervals.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Points of the dense curve.
    pub fn curve_points(&self) -> usize {
        self.curve_points
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
