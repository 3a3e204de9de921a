use super::*;
use crate::random::Source;

/// Differences of `variants` from a baseline, each run with its own noise, variant g shifted by `shift(g)`.
fn simulated(
    source: &mut Source,
    [variants, seeds]: [usize; 2],
    shift: impl Fn(usize) -> f64,
    scale: impl Fn(usize) -> f64,
) -> Vec<Vec<f64>> {
    let mut run = vec![0.0; seeds];
    source.autoregressive(0.0, &mut run);
    let baseline = run.clone();
    let mut variant = |g: usize| {
        source.autoregressive(0.0, &mut run);
        let pairs = run.iter().zip(&baseline);
        pairs.map(|(x, b)| shift(g) + scale(g) * x - b).collect()
    };
    (0..variants).map(&mut variant).collect()
}

fn quick(seed: u64) -> EffectOptions {
    EffectOptions {
        samples: 500,
        seed,
        ..EffectOptions::default()
    }
}

/// 18 switches, three seeds each, whose true effects are known: how often all intervals hold them, and how often one.
fn coverage(scale: impl Fn(usize) -> f64 + Copy) -> [f64; 2] {
    let mut source = Source::new(7);
    let (mut all, mut single) = (0, 0);
    let trials = 400;
    for trial in 0..trials {
        let truth = |g: usize| g as f64 - 9.0;
        let differences = simulated(&mut source, [18, 3], truth, scale);
        let effects = paired_effects(&differences, quick(trial));
        let effects = effects.iter().map(|e| e.unwrap()).enumerate();
        let holds = |[lo, hi]: [f64; 2], g: usize| (lo..=hi).contains(&truth(g));
        let (mut together, mut alone) = (true, 0);
        for (g, effect) in effects {
            together &= holds(effect.together.unwrap(), g);
            alone += usize::from(holds(effect.alone.unwrap(), g));
        }
        all += usize::from(together);
        single += alone;
    }
    [
        f64::from(all as u32) / trials as f64,
        single as f64 / (18 * trials) as f64,
    ]
}

#[test]
fn intervals_hold_the_true_effects_as_often_as_they_say() {
    let [all, single] = coverage(|_| 1.0);
    assert!((0.92..=0.98).contains(&all), "together {all}");
    assert!((0.92..=0.97).contains(&single), "alone {single}");
}

/// One variant in three scatters twice as much as the others: together they still hold in nine of ten trials.
#[test]
fn unequal_spreads_cost_little() {
    let [all, _] = coverage(|g| if g % 3 == 0 { 2.0 } else { 1.0 });
    assert!(all > 0.85, "together {all}");
}

#[test]
fn effects_that_are_not_there_are_seldom_found() {
    let mut source = Source::new(11);
    let trials = 400;
    let found = (0..trials).filter(|&trial| {
        let differences = simulated(&mut source, [18, 3], |_| 0.0, |_| 1.0);
        let effects = paired_effects(&differences, quick(trial));
        effects.iter().any(|e| e.unwrap().p.unwrap() <= 0.05)
    });
    let share = found.count() as f64 / trials as f64;
    assert!(share < 0.08, "{share}");
}

/// Adding a number to all differences moves mean and intervals by it; a factor scales them.
#[test]
fn effects_follow_shift_and_scale() {
    let differences = simulated(&mut Source::new(3), [4, 5], |_| 0.0, |_| 1.0);
    let moved: Vec<Vec<f64>> = differences
        .iter()
        .map(|all| all.iter().map(|x| 3.0 * x + 2.0).collect())
        .collect();
    let [a, b] = [differences, moved].map(|d| paired_effects(&d, quick(1)));
    for (a, b) in a.iter().zip(&b) {
        let (a, b) = (a.unwrap(), b.unwrap());
        let ends = a.together.unwrap().map(|x| 3.0 * x + 2.0);
        let near = |x: f64, y: f64| (x - y).abs() < 1e-9;
        assert!(near(3.0 * a.mean + 2.0, b.mean));
        assert!(near(ends[0], b.together.unwrap()[0]) && near(ends[1], b.together.unwrap()[1]));
    }
}

#[test]
fn missing_pairs_leave_what_cannot_be_said_empty() {
    let nan = f64::NAN;
    let effects = paired_effects(&[vec![], vec![nan], vec![1.0], vec![2.0, nan]], quick(1));
    assert_eq!(effects[..2], [None, None]);
    let one = effects[2].unwrap();
    assert_eq!((one.n, one.mean, one.sd), (1, 1.0, None));
    assert_eq!((one.alone, one.together, one.p), (None, None, None));
    // one variant of two pairs tells the spread of all
    let effects = paired_effects(&[vec![1.0], vec![2.0, 4.0]], quick(1));
    assert!(effects[0].unwrap().together.is_some());
    // nothing scatters: the interval is a point
    let effects = paired_effects(&[vec![1.0, 1.0], vec![0.0, 0.0]], quick(1));
    assert_eq!(effects[0].unwrap().together, Some([1.0, 1.0]));
    assert_eq!(effects[1].unwrap().p, Some(1.0));
    assert!(effects[0].unwrap().p < Some(0.01));
}
