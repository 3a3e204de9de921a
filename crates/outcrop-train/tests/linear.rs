//! Deep linear networks against what is known of them: Saxe's closed form for one hidden layer, the gradient flow of the
//! strengths, integrated, for other depths.
#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

use outcrop_train::{LinearRun, LinearSpec, linear_modes};

/// The strengths of a mode, with their steps.
fn mode(run: &LinearRun, mode: usize) -> Vec<(u64, f64)> {
    let place = format!("mode-{mode}");
    let rows = run.strengths.iter().filter(|row| row.place == place);
    rows.map(|row| (row.step, row.value.unwrap())).collect()
}

/// u(t) = s e^(2 s t) / (e^(2 s t) - 1 + s / u0), as Saxe et al. write it.
fn saxe(s: f64, start: f64, t: f64) -> f64 {
    let e = (2.0 * s * t).exp();
    s * e / (e - 1.0 + s / start)
}

#[test]
fn every_mode_follows_saxe_at_every_step_to_one_percent() {
    let spec = LinearSpec {
        measure: "0,every:1".into(),
        ..LinearSpec::default()
    };
    let run = linear_modes(&spec).unwrap();
    let mut largest = 0f64;
    for (i, s) in spec.singular_values.iter().enumerate() {
        let strengths = mode(&run, i + 1);
        assert_eq!(strengths.len(), 20_001);
        for (step, a) in strengths {
            let u = saxe(*s, spec.start, step as f64 * spec.learning_rate);
            largest = largest.max((a / u - 1.0).abs());
        }
    }
    assert!(largest < 0.01, "{largest}");
    assert!((run.deviation.unwrap() - largest).abs() < 1e-12);
    let last = run.losses.last().unwrap();
    assert!(last.held_out_loss < 1e-8 && last.gradient_norm.unwrap() < 1e-3);
}

/// With half of the step the difference halves: it is that of gradient descent and gradient flow, nothing else.
#[test]
fn smaller_steps_follow_it_more_closely() {
    let deviation = |halvings: i32| {
        let factor = 0.5f64.powi(halvings);
        let spec = LinearSpec {
            learning_rate: 5e-4 * factor,
            steps: (4000.0 / factor) as u64,
            ..LinearSpec::default()
        };
        linear_modes(&spec).unwrap().deviation.unwrap()
    };
    let [one, half, quarter] = [0, 1, 2].map(deviation);
    assert!((one / half - 2.0).abs() < 0.1 && (half / quarter - 2.0).abs() < 0.1);
}

/// Of N layers tau du/dt = N u^(2 - 2/N) (s - u), by Runge and Kutta's method of the fourth order.
#[test]
fn other_depths_follow_their_gradient_flow() {
    for (layers, start) in [(1, 1e-3), (3, 0.02), (5, 0.05)] {
        let spec = LinearSpec {
            singular_values: vec![1.5, 1.0],
            layers,
            start,
            learning_rate: 2e-4,
            steps: 40_000,
            measure: "0,every:500".into(),
            ..LinearSpec::default()
        };
        let run = linear_modes(&spec).unwrap();
        assert_eq!(run.deviation, None);
        let n = layers as f64;
        for (i, s) in spec.singular_values.iter().enumerate() {
            let slope = |u: f64| n * u.powf(2.0 - 2.0 / n) * (s - u);
            let (mut u, h) = (start, 10.0 * spec.learning_rate);
            for (step, a) in mode(&run, i + 1) {
                assert!(
                    (a / u - 1.0).abs() < 0.01,
                    "{layers} layers, step {step}: {a} {u}"
                );
                for _ in 0..50 {
                    let k1 = slope(u);
                    let k2 = slope(u + h / 2.0 * k1);
                    let k3 = slope(u + h / 2.0 * k2);
                    u += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + slope(u + h * k3));
                }
            }
            assert!((u - s).abs() < 1e-2, "{layers}: it is learned");
        }
    }
}

#[test]
fn a_seed_is_a_run_and_modes_do_not_depend_on_it() {
    let of = |seed| {
        let spec = LinearSpec {
            seed,
            steps: 9000,
            ..LinearSpec::default()
        };
        linear_modes(&spec).unwrap()
    };
    assert_eq!(of(1), of(1));
    let (one, two) = (of(1), of(2));
    assert_ne!(one.strengths, two.strengths, "other matrices");
    for (a, b) in one.strengths.iter().zip(&two.strengths) {
        assert!((a.value.unwrap() - b.value.unwrap()).abs() < 1e-9);
    }
}
