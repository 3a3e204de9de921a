use super::shared::{A1, K, RATE_STEPS, S0, SUMMARY, axes, log_family, log_parameters, turns_of};
use crate::families::{DipFamily, ScheduleAxes};
use crate::hypotheses::drawn::drawn;
use crate::hypotheses::identified::{Identified, Solved};
use crate::hypotheses::shared::FLAT_STATUS;
use crate::hypotheses::{About, Fitted, FittedRow, Hypothesis, QuantityAbout};
use crate::observations::Observations;
use crate::separable::Separable;
use crate::{Curve, Result};

/// `hypothesis` of a logarithm of schedule time behind an early dip.
pub const SCHEDULE_DIP: &str = "schedule dip";

/// `schedule log` and a second, faster component, f(t) = A1 ln(S + S0) + D exp(-S / S_dip) + K.
///
/// Ratios of small models fall over the first tens of updates, from that of the initial weights, before they climb: D is
/// positive there.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleDip;

static ABOUT: About = About {
    name: SCHEDULE_DIP,
    formula: "f(t) = A1 ln(S + S0) + D exp(-S / S_dip) + K",
    quantities: &[
        A1,
        S0,
        K,
        SUMMARY[0],
        SUMMARY[1],
        SUMMARY[2],
        SUMMARY[3],
        SUMMARY[4],
        QuantityAbout::parameter(
            "D",
            "ratio",
            "what is lost early; negative where it is gained",
        )
        .with_interval(),
        QuantityAbout::parameter(
            "S_dip",
            RATE_STEPS,
            "S at which a factor of e of it is gone, at most a tenth of the last S",
        )
        .within(0.0, f64::INFINITY)
        .with_interval(),
    ],
    limits: "`schedule log` at D = 0",
    source: "the logarithm of arXiv 2508.03616 over the S1 of Tissue et al. (2024, arXiv 2408.11029), and an exponential",
};

#[derive(Clone, Debug)]
struct Dipped {
    family: DipFamily,
    p: [f64; 2],
    coefficients: [f64; 3],
}

impl Dipped {
    fn new(axes: &ScheduleAxes, p: &[f64; 2], coefficients: [f64; 3]) -> Self {
        Self {
            family: DipFamily(axes.clone()),
            p: *p,
            coefficients,
        }
    }
}

fn identify(solved: &Solved<'_, 2, 3>, family: &DipFamily) -> Result<Identified> {
    let (p, axes) = (solved.solution.optimum.p, &family.0);
    let mut open: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if solved.is_flat(4) {
        open.push((FLAT_STATUS, &["A1", "S0", "D", "S_dip", "K"]));
    } else {
        if solved.reaches(&log_family(axes), None, 2)? {
            open.push(("dip not identified", &["D", "S_dip"]));
        } else if [family.bounds().lower[0], family.bounds().upper[0]].contains(&p[0]) {
            open.push(("dip at its bound", &["D", "S_dip"]));
        }
        if solved.reaches(family, Some(1), 1)? {
            open.push(("offset not identified", &["A1", "S0", "K"]));
        }
    }
    Ok(Identified {
        fitted: solved.fitted(&ABOUT, Dipped::new(axes, &p, solved.coefficients())),
        open,
    })
}

impl Hypothesis for ScheduleDip {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let family = DipFamily(axes(observations)?);
        let solved = Solved::new(&family, observations)?;
        Ok(identify(&solved, &family)?.fitted)
    }

    /// Without D and S_dip where `schedule log` fits as well; with intervals and the band from the posterior.
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let family = DipFamily(axes(observations)?);
        let solved = Solved::new(&family, observations)?;
        let found = identify(&solved, &family)?;
        let curve = |p: &[f64; 2], coefficients| Dipped::new(&family.0, p, coefficients);
        let drawn = drawn(&solved, &family, observations.options.draws(), curve);
        Ok(found.row_with(observations, steps, &drawn))
    }
}

impl Curve for Dipped {
    fn value(&self, t: f64) -> f64 {
        let [constant, dip, log] = self.coefficients;
        constant + dip * self.family.dip(t, self.p[0])[0] + log * self.family.0.log(t, self.p[1])[0]
    }

    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        turns_of(|t| self.value(t), first, last)
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let [constant, dip, log] = self.coefficients;
        let [a1, s0, k] = log_parameters(&self.family.0, self.p[1], [constant, log]);
        vec![
            a1,
            s0,
            k,
            ("D", Some(dip)),
            ("S_dip", Some(self.p[0].exp())),
        ]
    }
}
