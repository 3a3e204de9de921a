use super::draws::Posterior;
use crate::hypotheses::{EmergenceCurve, EmergenceParameters, Note};
use crate::{CurveSummary, Interval};

/// The intervals of one fit. Those of parameters are one-sided or empty where the notes of the fit
/// say that a limit of the curve cannot be told from it:
///
/// | note | one-sided | empty |
/// |---|---|---|
/// | `flat` | | all parameters, `t_half`, `t_peak` |
/// | `decay not identified` | beta, lambda: upper end | gamma, t0, K |
/// | `offset not identified` | tau0: lower end | A, lambda, gamma, t0, A1 |
/// | `logarithm not identified` | | A, lambda, gamma, t0, tau0, A1 |
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Intervals {
    /// Amplitude A.
    pub a: Interval,
    /// Decay rate lambda.
    pub lambda: Interval,
    /// Time scaling gamma, per step.
    pub gamma: Interval,
    /// Time offset t0.
    pub t0: Interval,
    /// Asymptote K.
    pub k: Interval,
    /// Decay rate beta, per step.
    pub beta: Interval,
    /// Time offset tau0, in steps.
    pub tau0: Interval,
    /// Logarithmic amplitude A1.
    pub a1: Interval,
    /// The curve at the first step.
    pub f_first: Interval,
    /// The curve at the last step.
    pub f_last: Interval,
    /// The largest value of the curve between them.
    pub f_max: Interval,
    /// The half-way step.
    pub t_half: Interval,
    /// The step of the maximum, among the curves that have one within the run.
    pub t_peak: Interval,
}

/// An interval of gamma that spans a larger factor identifies no scale.
const WIDE: f64 = 1e3;

impl Intervals {
    /// The intervals by the names of their quantities.
    pub fn named(&self) -> [(&'static str, Interval); 13] {
        [
            ("A", self.a),
            ("lambda", self.lambda),
            ("gamma", self.gamma),
            ("t0", self.t0),
            ("K", self.k),
            ("beta", self.beta),
            ("tau0", self.tau0),
            ("A1", self.a1),
            ("f_first", self.f_first),
            ("f_last", self.f_last),
            ("f_max", self.f_max),
            ("t_half", self.t_half),
            ("t_peak", self.t_peak),
        ]
    }

    /// Whether lambda, gamma and t0 have intervals, but none that tells their size.
    pub fn scale_is_open(&self) -> bool {
        match (self.gamma.lo, self.gamma.hi) {
            (None, None) => false,
            (Some(lo), Some(hi)) => hi > WIDE * lo,
            _ => true,
        }
    }
}

impl Posterior {
    /// The intervals of probability `level` of everything that is identified under `notes`.
    pub fn intervals(&self, notes: &[Note], level: f64) -> Intervals {
        let has = |note| notes.contains(&note);
        let of = |f: &dyn Fn(&CurveSummary) -> Option<f64>| {
            Interval::new(self.summaries.iter().filter_map(f).collect(), level)
        };
        let mut found = Intervals {
            f_first: of(&|s| Some(s.f_first)),
            f_last: of(&|s| Some(s.f_last)),
            f_max: of(&|s| Some(s.f_max)),
            ..Intervals::default()
        };
        if has(Note::Flat) {
            return found;
        }
        found.t_half = of(&|s| s.t_half);
        found.t_peak = of(&|s| s.t_peak);
        let parameters: Vec<EmergenceParameters> = self
            .curves
            .iter()
            .map(EmergenceCurve::finite_parameters)
            .collect();
        // a parameter without a finite value lies beyond every finite one
        let of = |f: fn(&EmergenceParameters) -> Option<f64>| {
            let draws = parameters.iter().map(|p| f(p).unwrap_or(f64::INFINITY));
            Interval::new(draws.collect(), level)
        };
        let (decay, offset) = (has(Note::Decay), has(Note::Offset));
        let logarithm = has(Note::Logarithm);
        found.beta = of(|p| p.beta);
        if !(logarithm || offset) {
            found.a = of(|p| p.a);
            found.a1 = of(|p| p.a1);
            found.lambda = of(|p| p.lambda);
        }
        if !logarithm {
            found.tau0 = of(|p| p.tau0);
        }
        if !(decay || logarithm || offset) {
            found.gamma = of(|p| p.gamma);
            found.t0 = of(|p| p.t0);
        }
        if decay {
            found.beta = found.beta.below();
            found.lambda = found.lambda.below();
        } else {
            found.k = of(|p| p.k);
        }
        if offset {
            found.tau0 = found.tau0.above();
        }
        found
    }
}
