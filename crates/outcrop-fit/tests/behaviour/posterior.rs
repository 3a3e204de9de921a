//! Intervals: where they lie, how wide they are, what they leave open.

use outcrop_core::{Fit, Quantity, Trajectory};
use outcrop_fit::{
    Curve, EMERGENCE, Emergence, FitOptions, Interval, Intervals, Note, Observations, Posterior,
    Series, fit, fit_all, fit_emergence,
};

use crate::simulate::{
    early_peak, eq9, median, observed, seeded, series, steps, trajectory, trial, uniform,
};

fn intervals(series: &Series, options: &FitOptions) -> (Emergence, Intervals) {
    let observations = Observations::new(series, options).unwrap();
    let fit = Emergence::fit(&observations).unwrap();
    let posterior = Posterior::new(&observations, &fit);
    let found = posterior.intervals(fit.notes(), options.level());
    (fit, found)
}

fn width(interval: Interval) -> f64 {
    interval.hi.unwrap() - interval.lo.unwrap()
}

fn only_emergence() -> FitOptions {
    FitOptions::default().with_hypotheses(&[EMERGENCE]).unwrap()
}

#[test]
fn intervals_hold_the_optimum() {
    let trial = trial(14);
    let (mut held, mut all) = (0, 0);
    for found in fit_all(&trial, &only_emergence()) {
        for quantity in found.fits[0].quantities.iter() {
            let (name, value, lo, hi) = (&quantity.name, quantity.value, quantity.lo, quantity.hi);
            if let (Some(lo), Some(hi)) = (lo, hi) {
                assert!(lo <= hi, "{name}: {lo} {hi}");
            }
            let (Some(value), true) = (value, lo.is_some() || hi.is_some()) else {
                continue;
            };
            all += 1;
            let below = lo.is_none_or(|lo| lo <= value * (1.0 + 1e-9));
            let above = hi.is_none_or(|hi| value <= hi * (1.0 + 1e-9));
            held += usize::from(below && above);
        }
    }
    println!("{held} of {all}");
    assert!(all > 200 && 100 * held >= 95 * all, "{held} of {all}");
}

#[test]
fn intervals_shrink_with_the_noise() {
    let at = |cv: f64| {
        let one = |seed: u64| {
            let values = observed(early_peak, cv, &mut seeded(seed));
            width(intervals(&series(&values), &only_emergence()).1.f_last)
        };
        median((0..9).map(one).collect())
    };
    let [coarse, middle, fine] = [0.1, 0.01, 0.001].map(at);
    for factor in [coarse / middle, middle / fine] {
        assert!((7.0..14.0).contains(&factor), "{coarse} {middle} {fine}");
    }
}

/// A curve of either regime.
fn truth(seed: u64) -> impl Fn(f64) -> f64 {
    let mut rng = seeded(seed);
    let peak = 10f64.powf(uniform(&mut rng, 3.0, 6.0));
    let (tau0, log_x) = (
        10f64.powf(uniform(&mut rng, 1.0, 3.0)),
        uniform(&mut rng, 2.0, 7.0),
    );
    let gamma = log_x.exp() / (peak + tau0);
    eq9(100.0, (-log_x).exp() / log_x, gamma, gamma * tau0, 900.0)
}

#[test]
fn nine_in_ten_intervals_cover_the_truth() {
    let (mut last, mut highest) = (0, 0);
    let holds = |interval: Interval, x: f64| interval.lo.unwrap() <= x && x <= interval.hi.unwrap();
    for seed in 0..60 {
        let f = truth(seed);
        let values = observed(&f, 0.05, &mut seeded(500 + seed));
        let (_, found) = intervals(&series(&values), &only_emergence());
        last += usize::from(holds(found.f_last, f(143e3)));
        let most = (0..=143_000).map(|t| f(f64::from(t))).fold(0.0, f64::max);
        highest += usize::from(holds(found.f_max, most));
    }
    println!("f_last {last} of 60, f_max {highest}");
    // of 60 draws with probability 0.9, 46 to 59 fall inside in 998 of 1,000 tests
    assert!(
        (46..=60).contains(&last) && (46..=60).contains(&highest),
        "{last} {highest}"
    );
}

#[test]
fn the_same_series_gives_the_same_bits() {
    let trial: Vec<Trajectory> = trial(60);
    let numbers = |q: &Quantity| [q.value, q.lo, q.hi].map(|x| x.map(f64::to_bits));
    let bits = |row: &Fit| row.quantities.iter().map(numbers).collect::<Vec<_>>();
    let together = fit_all(&trial, &only_emergence());
    for (t, found) in trial.iter().zip(&together) {
        let (alone, again) = (fit(t, &only_emergence()), fit(t, &only_emergence()));
        assert_eq!(bits(&alone.fits[0]), bits(&again.fits[0]));
        assert_eq!(bits(&alone.fits[0]), bits(&found.fits[0]));
        assert_eq!(&alone, found);
    }
}

/// Asserts the documented table of [`Intervals`] for the notes of one fit.
fn open_as_documented(notes: &[Note], found: &Intervals) {
    let has = |note| notes.contains(&note);
    let empty = Interval::default();
    let values = [found.f_first, found.f_last, found.f_max];
    assert!(
        values.iter().all(|i| i.lo.is_some() && i.hi.is_some()),
        "{notes:?}"
    );
    if has(Note::Flat) {
        let rest = Intervals {
            f_first: found.f_first,
            f_last: found.f_last,
            f_max: found.f_max,
            ..Intervals::default()
        };
        assert_eq!(*found, rest);
        return;
    }
    let (decay, offset) = (has(Note::Decay), has(Note::Offset));
    let logarithm = has(Note::Logarithm);
    let expected_empty = [
        ("A", found.a, offset || logarithm),
        ("lambda", found.lambda, offset || logarithm),
        ("gamma", found.gamma, decay || offset || logarithm),
        ("t0", found.t0, decay || offset || logarithm),
        ("K", found.k, decay),
        ("tau0", found.tau0, logarithm),
        ("A1", found.a1, offset || logarithm),
        ("beta", found.beta, false),
    ];
    for (name, interval, is_empty) in expected_empty {
        assert!(
            !is_empty || interval == empty,
            "{name} under {notes:?}: {interval:?}"
        );
        let open = ["lambda", "gamma", "t0", "A", "K", "A1"].contains(&name) && interval == empty;
        // an end that is infinite is open, too; beta and tau0 are always numbers
        assert!(
            is_empty || interval != empty || open,
            "{name} under {notes:?}"
        );
    }
    if decay {
        assert!(
            found.beta.lo.is_none() && found.beta.hi.is_some(),
            "{notes:?}"
        );
        assert_eq!(found.lambda.lo, None);
    } else {
        assert!(
            found.beta.lo.is_some() && found.beta.hi.is_some(),
            "{notes:?}"
        );
    }
    if offset {
        assert!(
            found.tau0.lo.is_some() && found.tau0.hi.is_none(),
            "{notes:?}"
        );
    }
}

#[test]
fn what_is_not_identified_is_open_as_documented() {
    let mut seen = [0; 5];
    for t in trial(5) {
        let series = Series::from_trajectory(&t).unwrap();
        let (fit, found) = intervals(&series, &only_emergence().with_draws(200).unwrap());
        open_as_documented(fit.notes(), &found);
        let limits = [Note::Flat, Note::Decay, Note::Logarithm, Note::Offset];
        for (count, note) in seen.iter_mut().zip(limits) {
            *count += usize::from(fit.notes().contains(&note));
        }
        seen[4] += usize::from(!limits.iter().any(|note| fit.notes().contains(note)));
    }
    println!("flat, decay, logarithm, offset, none: {seen:?}");
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn a_higher_level_is_wider_and_holds_the_lower() {
    let values = observed(early_peak, 0.05, &mut seeded(4));
    let at = |level: f64| {
        intervals(
            &series(&values),
            &only_emergence().with_level(level).unwrap(),
        )
        .1
    };
    let levels = [0.5, 0.9, 0.99].map(at);
    for pair in levels.windows(2) {
        for of in [
            |i: &Intervals| i.f_last,
            |i: &Intervals| i.f_max,
            |i: &Intervals| i.t_peak,
            |i: &Intervals| i.beta,
        ] {
            let (inner, outer) = (of(&pair[0]), of(&pair[1]));
            assert!(
                outer.lo < inner.lo && inner.hi < outer.hi,
                "{inner:?} {outer:?}"
            );
        }
    }
}

#[test]
fn no_draws_no_intervals() {
    let values = observed(early_peak, 0.05, &mut seeded(4));
    let found = fit(
        &trajectory(&values),
        &only_emergence().with_draws(0).unwrap(),
    );
    let row = &found.fits[0];
    assert!(
        row.quantities
            .iter()
            .all(|q| q.lo.is_none() && q.hi.is_none())
    );
    assert_eq!(row.value("p_peak"), None);
    assert!(row.value("t_peak").is_some() && row.value("f_last").is_some());
    assert!(
        found
            .curves
            .iter()
            .all(|c| (c.value_lo, c.value_hi) == (None, None))
    );
}

/// Of independent residuals, as a bootstrap takes them; in those of the seed no autocorrelation is found.
#[test]
fn the_interval_is_as_wide_as_that_of_a_bootstrap() {
    let values = observed(early_peak, 0.05, &mut seeded(22));
    let (fit, found) = intervals(&series(&values), &only_emergence());
    let n = values.len() as f64;
    let freedom = (n / (n - 5.0)).sqrt();
    let steps = steps();
    let residual = |(y, t): (&f64, &f64)| freedom * (y / fit.value(*t) - 1.0);
    let residuals: Vec<f64> = values.iter().zip(&steps).map(residual).collect();
    let options = only_emergence().with_cells(16).unwrap();
    let mut rng = seeded(77);
    let mut resample = || {
        let mut draw = |t: &f64| {
            let at = uniform(&mut rng, 0.0, n) as usize;
            (fit.value(*t) * (1.0 + residuals[at])).max(0.0)
        };
        let values: Vec<f64> = steps.iter().map(&mut draw).collect();
        fit_emergence(&series(&values), &options)
            .unwrap()
            .curve()
            .value(143e3)
    };
    let mut ends: Vec<f64> = (0..600).map(|_| resample()).collect();
    ends.sort_by(f64::total_cmp);
    let bootstrap = ends[569] - ends[30];
    let ours = width(found.f_last);
    println!("posterior {ours}, bootstrap {bootstrap}");
    assert!((ours / bootstrap - 1.0).abs() < 0.25, "{ours} {bootstrap}");
}
