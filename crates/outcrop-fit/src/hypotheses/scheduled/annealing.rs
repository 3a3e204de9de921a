use super::shared::{A1, K, S0, SUMMARY, axes, log_family, log_parameters, turns_of};
use crate::families::{AnnealingFamily, ScheduleAxes};
use crate::hypotheses::drawn::drawn;
use crate::hypotheses::identified::{Identified, Solved};
use crate::hypotheses::shared::FLAT_STATUS;
use crate::hypotheses::{About, Fitted, FittedRow, Hypothesis, QuantityAbout};
use crate::observations::Observations;
use crate::schedule::Annealing;
use crate::separable::Separable;
use crate::{Curve, Result};

/// `hypothesis` of a logarithm of schedule time with annealing.
pub const SCHEDULE_ANNEALING: &str = "schedule annealing";

/// `schedule log` and what a decay of the learning rate does besides, f(t) = A1 ln(S + S0) + C S2 + K.
///
/// S2 is the area lost to the decay as Tissue et al. (2024) have it for losses: the sum over updates of a momentum,
/// m_i = lambda m_(i-1) + (eta_(i-1) - eta_i), lambda = 1 - 1 / memory. It begins at the end of the warm-up. The
/// coefficient C is negative where the ratio falls while the rate does.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleAnnealing;

static ABOUT: About = About {
    name: SCHEDULE_ANNEALING,
    formula: "f(t) = A1 ln(S + S0) + C S2 + K, S2 = sum of m_i, m_i = (1 - 1 / memory) m_(i-1) + eta_(i-1) - eta_i",
    quantities: &[
        A1,
        S0,
        QuantityAbout::parameter(
            "C",
            "ratio per learning rate x steps",
            "what a unit of the area lost to the decay does",
        )
        .with_interval(),
        QuantityAbout::parameter(
            "memory",
            "steps",
            "how long a decay works, 2 steps to the length of the series",
        )
        .within(1.0, f64::INFINITY)
        .with_interval(),
        K,
        SUMMARY[0],
        SUMMARY[1],
        SUMMARY[2],
        SUMMARY[3],
        SUMMARY[4],
    ],
    limits: "`schedule log` at C = 0 and where the rate never falls; the area between the largest rate and the schedule at memory = infinity",
    source: "Tissue, Wang and Wang (2024, arXiv 2408.11029), with a logarithm for their power of S1",
};

#[derive(Clone, Debug)]
struct Annealed {
    axes: ScheduleAxes,
    annealing: Annealing,
    p: [f64; 2],
    coefficients: [f64; 3],
}

impl Annealed {
    fn new(axes: &ScheduleAxes, p: &[f64; 2], coefficients: [f64; 3]) -> Self {
        Self {
            annealing: Annealing::new(&axes.time, AnnealingFamily::memory(p)),
            axes: axes.clone(),
            p: *p,
            coefficients,
        }
    }
}

fn identify(solved: &Solved<'_, 2, 3>, family: &AnnealingFamily) -> Result<Identified> {
    let (p, axes) = (solved.solution.optimum.p, &family.0);
    let mut open: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if solved.is_flat(4) {
        open.push((FLAT_STATUS, &["A1", "S0", "C", "memory", "K"]));
    } else {
        if solved.reaches(&log_family(axes), None, 2)? {
            open.push(("annealing not identified", &["C", "memory"]));
        } else if [family.bounds().lower[0], family.bounds().upper[0]].contains(&p[0]) {
            open.push(("memory at its bound", &["memory"]));
        }
        if solved.reaches(family, Some(1), 1)? {
            open.push(("offset not identified", &["A1", "S0", "K"]));
        }
    }
    Ok(Identified {
        fitted: solved.fitted(&ABOUT, Annealed::new(axes, &p, solved.coefficients())),
        open,
    })
}

impl Hypothesis for ScheduleAnnealing {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let family = AnnealingFamily(axes(observations)?);
        let solved = Solved::new(&family, observations)?;
        Ok(identify(&solved, &family)?.fitted)
    }

    /// Without C and memory where `schedule log` fits as well; with intervals and the band from the posterior.
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let family = AnnealingFamily(axes(observations)?);
        let solved = Solved::new(&family, observations)?;
        let found = identify(&solved, &family)?;
        let curve = |p: &[f64; 2], coefficients| Annealed::new(&family.0, p, coefficients);
        let drawn = drawn(&solved, &family, observations.options.draws(), curve);
        Ok(found.row_with(observations, steps, &drawn))
    }
}

impl Curve for Annealed {
    fn value(&self, t: f64) -> f64 {
        let [constant, annealing, log] = self.coefficients;
        constant + annealing * self.annealing.value(t)[0] + log * self.axes.log(t, self.p[1])[0]
    }

    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        turns_of(|t| self.value(t), first, last)
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let [constant, annealing, log] = self.coefficients;
        let [a1, s0, k] = log_parameters(&self.axes, self.p[1], [constant, log]);
        let memory = AnnealingFamily::memory(&self.p);
        vec![a1, s0, ("C", Some(annealing)), ("memory", Some(memory)), k]
    }
}
