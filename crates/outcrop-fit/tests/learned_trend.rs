//! What forecasts in schedule time learned: the shipped numbers follow from the data, and known numbers come back.

use outcrop_core::Trajectory;
use outcrop_fit::{FitOptions, TrendCoefficients, forecast, learn_trend};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

#[path = "../examples/learn_trend/atlas2.rs"]
mod atlas2;

/// The minimum is flat: SciPy's search (drift 0.3464, memory 0.9988, variance 7.180, noise 0.01047) ends within 1 % of ours.
#[test]
fn the_shipped_coefficients_are_those_of_half_of_atlas_2() {
    let ([first, second], options) = atlas2::halves();
    assert_eq!((first.len(), second.len()), (394, 302));
    let (found, shipped) = (
        learn_trend(&first, &options).unwrap(),
        TrendCoefficients::default(),
    );
    for (found, shipped) in [
        (found.drift, shipped.drift),
        (found.memory, shipped.memory),
        (found.drift_variance, shipped.drift_variance),
        (found.noise, shipped.noise),
        (found.freedom, shipped.freedom),
        (found.spread, shipped.spread),
    ] {
        assert!((found / shipped - 1.0).abs() < 1e-2, "{found} {shipped}");
    }
}

/// Runs that follow S to a constant power, with white noise: learned from some of them, others are forecast with
/// nearly no error, and bands hold 90 %.
#[test]
fn learned_from_runs_of_one_kind_forecasts_of_that_kind_hold() {
    let steps: Vec<u64> = (1..=50).map(|i| 20 * i).collect();
    let rates = atlas2::cosine(1000, 100, 0.01);
    let time = outcrop_fit::ScheduleTime::new(&rates).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let run = |i: usize, rng: &mut ChaCha8Rng| {
        let value = |t: &u64| {
            let noise: f64 = StandardNormal.sample(rng);
            10.0 * time.at(*t as f64).powf(0.7) * (0.02 * noise).exp()
        };
        Trajectory {
            model: format!("m{i}"),
            layer: 1,
            ratios: steps.iter().map(value).collect(),
            steps: steps.clone(),
            ..Trajectory::default()
        }
    };
    let runs: Vec<Trajectory> = (0..200).map(|i| run(i, &mut rng)).collect();
    let options = FitOptions::default().with_draws(0).unwrap();
    let options = (0..200).fold(options, |options, i| {
        options.with_schedule(&format!("m{i}"), &rates)
    });
    let learned = learn_trend(&runs[..100], &options).unwrap();
    let options = options.with_trend(learned).unwrap();
    let (mut errors, mut held) = (Vec::new(), 0);
    for run in &runs[100..] {
        let row = forecast(&run.first(25), &[1000.0], &options).remove(0);
        let end = *run.ratios.last().unwrap();
        errors.push((row.average.unwrap() / end).ln().abs());
        held += usize::from(row.lo.unwrap() <= end && end <= row.hi.unwrap());
    }
    errors.sort_by(f64::total_cmp);
    // the noise of the end alone has a median of 0.0135; the rise from half of the steps is 0.27
    assert!(errors[50] < 0.03, "{}", errors[50]);
    assert!((80..=98).contains(&held), "{held}");
}

#[test]
fn too_little_to_learn_from_is_an_error() {
    let ([first, _], options) = atlas2::halves();
    let few = learn_trend(&first[..19], &options).unwrap_err();
    assert!(few.to_string().contains("19 of 19"), "{few}");
    let unknown = learn_trend(&first, &FitOptions::default()).unwrap_err();
    assert!(unknown.to_string().contains("0 of 394"), "{unknown}");
}
