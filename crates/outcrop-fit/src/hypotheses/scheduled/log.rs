use super::shared::{A1, K, S0, SUMMARY, axes, log_family, log_parameters};
use crate::families::ScheduleAxes;
use crate::hypotheses::drawn::drawn;
use crate::hypotheses::identified::{Identified, Solved};
use crate::hypotheses::shared::FLAT_STATUS;
use crate::hypotheses::{About, Fitted, FittedRow, Hypothesis};
use crate::observations::Observations;
use crate::{Curve, Result};

/// `hypothesis` of the logarithm of schedule time.
pub const SCHEDULE_LOG: &str = "schedule log";

/// `log only` in schedule time, f(t) = A1 ln(S + S0) + K, S(t) the sum of the learning rates of the first t updates.
///
/// ```
/// use outcrop_fit::{FitOptions, Hypothesis, Observations, RateHistory, ScheduleLog, ScheduleTime, Series};
///
/// let steps: Vec<f64> = (1..=40).map(|i| 25.0 * f64::from(i)).collect();
/// let rates: Vec<f64> = steps.iter().map(|t| 1e-3 * (1.1 - t / 1000.0)).collect();
/// let time = ScheduleTime::new(&RateHistory::new(&steps, &rates)).expect("a rate above 0");
/// let values: Vec<f64> = steps.iter().map(|t| 20.0 + 6.0 * (time.at(*t) + 0.05).ln()).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let series = series.with_schedule(Some(std::sync::Arc::new(time)));
/// let fitted = ScheduleLog.fit(&Observations::new(&series, &options)?)?;
/// let (symbol, offset) = fitted.curve.parameters()[1];
/// assert!(symbol == "S0" && (offset.unwrap_or(0.0) - 0.05).abs() < 1e-6);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ScheduleLog;

static ABOUT: About = About {
    name: SCHEDULE_LOG,
    formula: "f(t) = A1 ln(S + S0) + K, S(t) = sum of the learning rates of t updates",
    quantities: &[
        A1, S0, K, SUMMARY[0], SUMMARY[1], SUMMARY[2], SUMMARY[3], SUMMARY[4],
    ],
    limits: "`log only` under a constant learning rate; a straight line in S at S0 = infinity",
    source: "the log-increase layers of arXiv 2508.03616, over the S1 of Tissue et al. (2024, arXiv 2408.11029)",
};

#[derive(Clone, Debug)]
struct LogOfSum {
    axes: ScheduleAxes,
    z: f64,
    coefficients: [f64; 2],
}

fn identify(solved: &Solved<'_, 1, 2>, axes: &ScheduleAxes) -> Result<Identified> {
    let mut open: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if solved.is_flat(2) {
        open.push((FLAT_STATUS, &["A1", "S0", "K"]));
    } else if solved.reaches(&log_family(axes), Some(0), 1)? {
        open.push(("offset not identified", &["A1", "S0", "K"]));
    }
    let curve = LogOfSum {
        axes: axes.clone(),
        z: solved.solution.optimum.p[0],
        coefficients: solved.coefficients(),
    };
    Ok(Identified {
        fitted: solved.fitted(&ABOUT, curve),
        open,
    })
}

impl Hypothesis for ScheduleLog {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let axes = axes(observations)?;
        let solved = Solved::new(&log_family(&axes), observations)?;
        Ok(identify(&solved, &axes)?.fitted)
    }

    /// Without parameters where a straight line in S fits as well; with intervals and the band from the posterior.
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let axes = axes(observations)?;
        let family = log_family(&axes);
        let solved = Solved::new(&family, observations)?;
        let found = identify(&solved, &axes)?;
        let curve = |p: &[f64; 1], coefficients| LogOfSum {
            axes: axes.clone(),
            z: p[0],
            coefficients,
        };
        let drawn = drawn(&solved, &family, observations.options.draws(), curve);
        Ok(found.row_with(observations, steps, &drawn))
    }
}

impl Curve for LogOfSum {
    fn value(&self, t: f64) -> f64 {
        self.coefficients[0] + self.coefficients[1] * self.axes.log(t, self.z)[0]
    }

    fn turns(&self, _: f64, _: f64) -> Vec<f64> {
        Vec::new()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        log_parameters(&self.axes, self.z, self.coefficients).to_vec()
    }
}
