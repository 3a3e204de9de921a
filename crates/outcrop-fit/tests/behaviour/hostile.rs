//! Any input at all: one outcome a series, in numbers, without a panic.

use outcrop_core::{Fit, Trajectory};
use outcrop_fit::{
    EMERGENCE, FitOptions, HYPOTHESES, RateHistory, Share, TrajectoryFit, Weighting, backtest, fit,
    paper,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Every number of a row but `condition`.
fn numbers(row: &Fit) -> Vec<(&str, Option<f64>)> {
    let mut all = vec![
        ("sse", row.sse),
        ("r2", row.r2),
        ("r2_adjusted", row.r2_adjusted),
        ("aic", row.aic),
        ("aicc", row.aicc),
        ("weight", row.weight),
        ("durbin_watson", row.durbin_watson),
        ("runs_p", row.runs_p),
    ];
    for q in row.quantities.iter() {
        all.extend([q.value, q.lo, q.hi].map(|number| (&*q.name, number)));
    }
    all
}
/// Asserts that every column is a finite number or empty, and intervals are the right way round.
pub(crate) fn in_numbers(found: &TrajectoryFit) {
    for row in &found.fits {
        for (name, value) in numbers(row) {
            let finite = value.is_none_or(f64::is_finite);
            assert!(
                finite,
                "{} {name}: {value:?}, {}",
                row.hypothesis, row.status
            );
        }
        for q in row.quantities.iter() {
            let ordered = q.lo.zip(q.hi).is_none_or(|(lo, hi)| lo <= hi);
            assert!(ordered, "{q:?}");
        }
        let share = |p: Option<f64>| p.is_none_or(|p| (0.0..=1.0).contains(&p));
        assert!(
            share(row.weight) && share(row.value("p_peak")) && share(row.runs_p),
            "{row:?}"
        );
        assert!(row.r2.is_none_or(|r2| r2 <= 1.0) && row.sse.is_none_or(|sse| sse >= 0.0));
    }
    for point in &found.curves {
        assert!(
            point.value.is_finite() && point.step.is_finite(),
            "{point:?}"
        );
        let band = [point.value_lo, point.value_hi];
        assert!(band.iter().flatten().all(|x| x.is_finite()), "{point:?}");
        let ordered = band[0].zip(band[1]).is_none_or(|(lo, hi)| lo <= hi);
        assert!(ordered, "{point:?}");
    }
}

/// Asserts the one outcome that a series has.
fn one_outcome(t: &Trajectory, found: &TrajectoryFit) {
    in_numbers(found);
    let first = &found.fits[0];
    assert!(
        found
            .fits
            .iter()
            .all(|f| (&f.model, f.layer) == (&t.model, t.layer))
    );
    assert!(found.fits.iter().all(|f| f.n == t.steps.len()));
    assert_eq!(first.hypothesis, EMERGENCE);
    if first.sse.is_none() {
        assert!(
            first.status.starts_with("failed to fit model"),
            "{}",
            first.status
        );
        assert_eq!((found.fits.len(), found.curves.len()), (1, 0));
        return;
    }
    let (own, of_paper) = found.fits.split_at(HYPOTHESES.len());
    assert!(
        own.iter()
            .all(|f| f.sse.is_some() && f.value("f_max").is_some() && !f.status.is_empty())
    );
    assert!(
        of_paper
            .iter()
            .all(|f| f.sse.is_some() || f.status.starts_with("failed to "))
    );
    assert!(own.iter().filter(|f| f.best).count() <= 1);
    let weights: f64 = own.iter().filter_map(|f| f.weight).sum();
    assert!(weights == 0.0 || (weights - 1.0).abs() < 1e-9, "{weights}");
}

/// Steps: most ascend, some anywhere in u64.
fn any_steps() -> impl Strategy<Value = Vec<u64>> {
    let sorted = |mut steps: Vec<u64>| {
        steps.sort_unstable();
        steps.dedup();
        steps
    };
    prop_oneof![
        4 => vec(0..200_000u64, 0..60).prop_map(sorted),
        2 => vec(0..70u64, 0..60).prop_map(sorted),
        2 => vec(0..9_007_199_254_740_992u64, 0..60).prop_map(sorted),
        1 => vec(any::<u64>(), 0..60).prop_map(sorted),
        1 => vec(any::<u64>(), 0..60),
    ]
}

/// Values: most of ordinary size, some anything that 64 bits say.
fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => 0.0..1e4f64,
        3 => (-12.0..12.0f64).prop_map(|e| 10f64.powf(e)),
        2 => Just(0.0),
        2 => Just(7.0),
        1 => (-99.0..99.0f64).prop_map(|e| 10f64.powf(e)),
    ]
}

fn any_trajectory() -> impl Strategy<Value = Trajectory> {
    let spoilt = prop_oneof![6 => Just(None), 1 => any::<(usize, f64)>().prop_map(Some)];
    let flat = prop_oneof![4 => Just(false), 1 => Just(true)];
    (
        any_steps(),
        vec(any_value(), 60),
        vec(any_value(), 60),
        spoilt,
        flat,
        any::<bool>(),
    )
        .prop_map(
            |(steps, mut ratios, mut sem, spoilt, few_levels, anything)| {
                ratios.truncate(steps.len());
                sem.truncate(steps.len());
                if few_levels {
                    ratios.iter_mut().for_each(|r| *r = (*r / 5e3).floor());
                }
                if let Some((at, value)) = spoilt.filter(|_| !ratios.is_empty()) {
                    let at = at % ratios.len();
                    let target = if anything { &mut ratios } else { &mut sem };
                    target[at] = value;
                }
                Trajectory {
                    model: "any".into(),
                    layer: 3,
                    stage: None,
                    steps,
                    ratios,
                    sem,
                }
            },
        )
}

/// With every hypothesis, and learning rates for those that need them.
fn all(options: FitOptions, model: &str) -> FitOptions {
    let options = options.with_schedule(
        model,
        &RateHistory::new(&[1.0, 50.0, 2e3], &[1e-4, 1e-2, 1e-3]),
    );
    let names: Vec<&str> = HYPOTHESES.iter().map(|h| h.about().name).collect();
    options.with_hypotheses(&names).unwrap()
}

/// More with PROPTEST_CASES.
fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(40),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_input_has_one_outcome_in_numbers(t in any_trajectory()) {
        for weighting in [Weighting::Raw, Weighting::Relative, Weighting::Sem, Weighting::Robust] {
            let options = all(FitOptions::default(), &t.model).with_weighting(weighting).with_draws(100).unwrap();
            let options = options.with_cells(12).unwrap().with_curve_points(20).unwrap();
            one_outcome(&t, &fit(&t, &options));
        }
    }

    #[test]
    fn any_input_has_one_outcome_for_the_paper_and_forecasts(t in any_trajectory()) {
        let options = all(FitOptions::paper_like(), &t.model).with_paper(paper::PaperOptions::scipy());
        let options = options.with_draws(100).unwrap().with_cells(12).unwrap();
        one_outcome(&t, &fit(&t, &options));
        let row = &backtest(std::slice::from_ref(&t), Share::Checkpoints(0.6), &options).forecasts[0];
        let found = [row.average, row.lo, row.hi, row.emergence, row.log_only];
        assert!(found.iter().flatten().all(|x| x.is_finite()), "{row:?}");
        assert_eq!(row.average.is_none(), row.status.starts_with("failed to "), "{row:?}");
    }
}
