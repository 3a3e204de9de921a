use std::sync::Arc;

use super::shared::{A1, S0, SUMMARY, time_of};
use crate::families::{EmergenceFamily, ExponentialFamily, InScheduleTime};
use crate::hypotheses::drawn::drawn;
use crate::hypotheses::identified::{Identified, Solved};
use crate::hypotheses::shared::FLAT_STATUS;
use crate::hypotheses::{About, EmergenceCurve, Fitted, FittedRow, Hypothesis, QuantityAbout};
use crate::observations::Observations;
use crate::{Curve, Result, ScheduleTime};

/// `hypothesis` of the emergence curve of schedule time.
pub const SCHEDULE_EMERGENCE: &str = "schedule emergence";

/// The emergence curve in schedule time, f(t) = exp(-beta_S S) (A1 ln(S + S0) + A2) + K, S(t) the sum of the learning
/// rates of the first t updates.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleEmergence;

const PER_RATE_STEPS: &str = "per learning rate x steps";

static ABOUT: About = About {
    name: SCHEDULE_EMERGENCE,
    formula: "f(t) = exp(-beta_S S) (A1 ln(S + S0) + A2) + K",
    quantities: &[
        A1,
        S0,
        QuantityAbout::parameter("A2", "ratio", "what decays, beside the logarithm"),
        QuantityAbout::parameter("beta_S", PER_RATE_STEPS, "decay rate, at least 0")
            .within(0.0, f64::INFINITY)
            .with_interval(),
        QuantityAbout::parameter("K", "ratio", "asymptote").with_interval(),
        SUMMARY[0],
        SUMMARY[1],
        SUMMARY[2],
        SUMMARY[3],
        SUMMARY[4],
    ],
    limits: "the emergence curve under a constant learning rate; `schedule log` at beta_S = 0",
    source: "Eq. 9 of arXiv 2508.03616, over the S1 of Tissue et al. (2024, arXiv 2408.11029)",
};

type Family = InScheduleTime<EmergenceFamily>;

#[derive(Clone, Debug)]
struct OfSum {
    time: Arc<ScheduleTime>,
    inner: EmergenceCurve,
}

/// S at the last step, the largest rate of decay and the least S0.
fn scales(observations: &Observations<'_>, time: &ScheduleTime) -> [f64; 3] {
    let options = observations.options;
    let (sum, peak) = (time.at(observations.series.last()), time.peak());
    [sum, options.max_beta() / peak, options.min_tau0() * peak]
}

fn family(observations: &Observations<'_>) -> Result<Family> {
    let time = time_of(observations)?;
    let [sum, fastest, least] = scales(observations, &time);
    let inner = EmergenceFamily::new(sum, fastest, least);
    Ok(InScheduleTime { time, inner })
}

fn curve(family: &Family, p: &[f64; 2], coefficients: [f64; 3]) -> OfSum {
    OfSum {
        time: family.time.clone(),
        inner: EmergenceCurve::new(&family.inner, p, coefficients),
    }
}

fn identify(
    solved: &Solved<'_, 2, 3>,
    family: &Family,
    observations: &Observations<'_>,
) -> Result<Identified> {
    let mut open: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    let [sum, fastest, _] = scales(observations, &family.time);
    let exponential = InScheduleTime {
        time: family.time.clone(),
        inner: ExponentialFamily::new(sum, fastest),
    };
    if solved.is_flat(4) {
        open.push((FLAT_STATUS, &["A1", "S0", "A2", "beta_S", "K"]));
    } else {
        if solved.reaches(family, Some(0), 1)? {
            open.push(("decay not identified", &["A2", "beta_S", "K"]));
        }
        if solved.reaches(&exponential, None, 2)? {
            open.push(("logarithm not identified", &["A1", "S0", "A2"]));
        } else if solved.reaches(family, Some(1), 1)? {
            open.push(("offset not identified", &["A1", "S0", "A2"]));
        }
    }
    let found = curve(family, &solved.solution.optimum.p, solved.coefficients());
    Ok(Identified {
        fitted: solved.fitted(&ABOUT, found),
        open,
    })
}

impl Hypothesis for ScheduleEmergence {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let family = family(observations)?;
        let solved = Solved::new(&family, observations)?;
        Ok(identify(&solved, &family, observations)?.fitted)
    }

    /// Without the parameters that a limit of the curve does not have, where it fits as well; with intervals and the band
    /// from the posterior.
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let family = family(observations)?;
        let solved = Solved::new(&family, observations)?;
        let found = identify(&solved, &family, observations)?;
        let curve = |p: &[f64; 2], coefficients| curve(&family, p, coefficients);
        let drawn = drawn(&solved, &family, observations.options.draws(), curve);
        Ok(found.row_with(observations, steps, &drawn))
    }
}

impl Curve for OfSum {
    fn value(&self, t: f64) -> f64 {
        self.inner.value(self.time.at(t))
    }

    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        let turns = self.inner.turns(self.time.at(first), self.time.at(last));
        let steps = turns.into_iter().map(|sum| self.time.step_at(sum, last));
        steps.filter(|t| first < *t && *t < last).collect()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let found = self.inner.finite_parameters();
        vec![
            ("A1", found.a1),
            ("S0", found.tau0),
            ("A2", found.a2),
            ("beta_S", found.beta),
            ("K", found.k),
        ]
    }
}
