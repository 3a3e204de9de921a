mod schedules;
mod set;
mod trend;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use trend::TrendCoefficients;

use crate::{ScheduleTime, paper};

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
/// | name | default | in [`FitOptions::paper_like`] | purpose | range |
/// |---|---|---|---|---|
/// | `weighting` | `Relative` | `Raw` | how residuals are weighted | |
/// | `passes` | 4 | 4 | reweightings unless `Raw` | 1 to 100 |
/// | `min_tau0` | 1 | 0.01 | lower bound of tau0, steps | above 0 |
/// | `max_beta` | 10 | 10 | upper bound of beta (and of 1/tau), per step | above 0 |
/// | `cells` | 32 | 32 | grid cells along each coordinate of the search | 4 to 1024 |
/// | `evidence` | 3.84 | 0 | log-likelihood ratio below which a limit is accepted (see below) | at least 0 |
/// | `draws` | 1000 | 1000 | curves drawn from the posterior, 0 for no intervals | 0, 100 to 100000 |
/// | `level` | 0.9 | 0.9 | probability of the intervals | above 0, below 1 |
/// | `hypotheses` | the first six | the first six | which of [`HYPOTHESES`](crate::HYPOTHESES) are fitted | at least one |
/// | `schedules` | none | none | learning rates of models, by name: what [`forecast`](crate::forecast) and some hypotheses go by | |
/// | `trend` | learned from `data/atlas2` | the same | what forecasts under a schedule take from other runs | [`TrendCoefficients`] |
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
/// use outcrop_fit::{FitOptions, Weighting};
///
/// assert_eq!(FitOptions::default().min_tau0(), 1.0);
/// assert_eq!(FitOptions::paper_like().weighting(), Weighting::Raw);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FitOptions {
    weighting: Weighting,
    passes: usize,
    min_tau0: f64,
    max_beta: f64,
    cells: usize,
    evidence: f64,
    draws: usize,
    level: f64,
    curve_points: usize,
    /// Names of those that are fitted; those of `DEFAULT_HYPOTHESES` where there is nothing.
    pub(crate) hypotheses: Option<Vec<&'static str>>,
    paper: Option<paper::PaperOptions>,
    /// The learning rates of runs, by model.
    schedules: BTreeMap<String, Arc<ScheduleTime>>,
    pub(crate) trend: TrendCoefficients,
}

impl Default for FitOptions {
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
            hypotheses: None,
            paper: None,
            schedules: BTreeMap::new(),
            trend: TrendCoefficients::default(),
        }
    }
}

impl FitOptions {
    /// The paper's objective: plain least squares, tau0 down to 0.01 steps, every finite parameter
    /// reported. How the paper searches is [`crate::paper`].
    pub fn paper_like() -> Self {
        Self {
            weighting: Weighting::Raw,
            min_tau0: 0.01,
            evidence: 0.0,
            ..Self::default()
        }
    }

    /// The paper's own procedure, if it is to run too.
    pub fn paper(&self) -> Option<&paper::PaperOptions> {
        self.paper.as_ref()
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

    /// Log-likelihood ratio below which a limit is accepted.
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
