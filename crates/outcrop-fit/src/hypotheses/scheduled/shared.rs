use std::sync::Arc;

use crate::families::{InScheduleTime, LogarithmFamily, ScheduleAxes};
use crate::hypotheses::{F_FIRST, F_LAST, F_MAX, QuantityAbout, T_HALF, T_PEAK};
use crate::observations::Observations;
use crate::{Error, Result, ScheduleTime};

/// The unit of S.
pub(super) const RATE_STEPS: &str = "learning rate x steps";

/// S0 of ln(S + S0).
pub(super) const S0: QuantityAbout = QuantityAbout::parameter(
    "S0",
    RATE_STEPS,
    "offset, at least `min_tau0` updates at the largest rate",
)
.within(0.0, f64::INFINITY)
.with_interval();

/// A1 of ln(S + S0).
pub(super) const A1: QuantityAbout =
    QuantityAbout::parameter("A1", "ratio", "rise by a factor e of S + S0").with_interval();

/// K of ln(S + S0).
pub(super) const K: QuantityAbout =
    QuantityAbout::parameter("K", "ratio", "value at S + S0 = 1; no asymptote").with_interval();

/// What every curve gives.
pub(super) const SUMMARY: [QuantityAbout; 5] = [
    F_FIRST.with_interval(),
    F_LAST.with_interval(),
    F_MAX.with_interval(),
    T_HALF.with_interval(),
    T_PEAK,
];

/// The schedule of the series.
pub(super) fn time_of(observations: &Observations<'_>) -> Result<Arc<ScheduleTime>> {
    let time = observations.series.schedule().cloned();
    time.ok_or_else(|| Error::NoSchedule {
        series: observations.series.name().into(),
    })
}

/// The coordinates of ln(S + S0) for a series.
pub(super) fn axes(observations: &Observations<'_>) -> Result<ScheduleAxes> {
    let (series, options) = (observations.series, observations.options);
    let time = time_of(observations)?;
    Ok(ScheduleAxes::new(time, series.last(), options.min_tau0()))
}

/// A1 ln(S + S0) + K as a family.
pub(super) fn log_family(axes: &ScheduleAxes) -> InScheduleTime<LogarithmFamily> {
    let [sum, least] = axes.range();
    InScheduleTime {
        time: axes.time.clone(),
        inner: LogarithmFamily::new(sum, least),
    }
}

/// A1, S0 and K of the coefficients of 1 and of the logarithm at z.
pub(super) fn log_parameters(
    axes: &ScheduleAxes,
    z: f64,
    [constant, log]: [f64; 2],
) -> [(&'static str, Option<f64>); 3] {
    let (kappa, tau0) = (axes.offset.kappa(z), axes.offset.tau0(z));
    let a1 = log / kappa;
    let finite = |x: f64| x.is_finite().then_some(x);
    [
        ("A1", finite(a1)),
        ("S0", finite(tau0)),
        ("K", finite(constant + a1 * kappa.ln())),
    ]
}

/// Parts of ln(1 + t) among which turns are looked for.
const PARTS: u32 = 256;

/// Where a curve turns between two steps: the extremum of three points of a fine grid, by golden sections.
pub(super) fn turns_of(value: impl Fn(f64) -> f64, first: f64, last: f64) -> Vec<f64> {
    let width = (last - first).ln_1p() / f64::from(PARTS);
    let step = |part: f64| first + (part * width).exp_m1();
    let values: Vec<f64> = (0..=PARTS).map(|i| value(step(f64::from(i)))).collect();
    let turn = |i: &u32| {
        let [before, at, behind] = [0, 1, 2].map(|k| values[*i as usize + k]);
        (at - before) * (behind - at) < 0.0
    };
    let refine = |i: u32| {
        let rises = values[i as usize + 1] > values[i as usize];
        let better = |a: f64, b: f64| if rises { a > b } else { a < b };
        let (mut low, mut high) = (f64::from(i), f64::from(i) + 2.0);
        for _ in 0..60 {
            let part = (high - low) * 0.381_966;
            let [left, right] = [low + part, high - part];
            match better(value(step(left)), value(step(right))) {
                true => high = right,
                false => low = left,
            }
        }
        step(0.5 * (low + high))
    };
    let found = (0..PARTS - 1).filter(turn).map(refine);
    found.filter(|t| first < *t && *t < last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_found() {
        let turns = turns_of(|t| -(t - 30.0).powi(2) * (t - 500.0), 0.0, 1000.0);
        assert_eq!(turns.len(), 2);
        assert!((turns[0] - 30.0).abs() < 1e-4, "{turns:?}");
        assert!(
            (turns[1] - (30.0 + 2.0 * 470.0 / 3.0)).abs() < 1e-3,
            "{turns:?}"
        );
        assert!(turns_of(|t| t, 0.0, 10.0).is_empty() && turns_of(|_| 1.0, 0.0, 10.0).is_empty());
    }
}
