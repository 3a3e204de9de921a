use linfa::Dataset;
use linfa::traits::Predict;

use super::*;

/// Two models of each of six architectures, two layers of each.
fn rows() -> Rows {
    let n = 24;
    Rows {
        x: Array2::from_shape_fn((n, 2), |(i, j)| match j {
            0 => (i % 2) as f64 - 0.5,
            _ => ((i / 4) as f64 * 1.3).sin(),
        }),
        y: Array1::from_shape_fn(n, |i| (i as f64 * 0.7).cos() + (i / 4) as f64 * 0.2),
        models: (0..n).map(|i| i / 2).collect(),
        architectures: (0..n).map(|i| i / 4).collect(),
        noise: (0..n).map(|i| 0.5 + (i % 3) as f64 * 0.5).collect(),
    }
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    let evidence = Evidence::of(rows());
    let at = [0.3, -0.2, -1.0, -0.5, -1.5, -0.7];
    let value = |p: &[f64]| evidence.at(&Covariance::from_logarithms(p)).unwrap().0;
    let (_, gradient) = evidence.at(&Covariance::from_logarithms(&at)).unwrap();
    for (i, slope) in gradient.iter().enumerate() {
        let shifted = |by: f64| {
            let mut p = at;
            p[i] += by;
            value(&p)
        };
        let expected = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
        assert!((slope - expected).abs() < 1e-6, "{i}: {slope} {expected}");
    }
}

/// Value and gradient of `evidence` in tests/fixtures/curves.py for the same rows (numpy 2).
#[test]
fn the_evidence_is_that_of_numpy() {
    let at = [0.3, -0.2, -1.0, -0.5, -1.5, -0.7];
    let evidence = Evidence::of(rows());
    let (value, gradient) = evidence.at(&Covariance::from_logarithms(&at)).unwrap();
    assert!((value - 24.596_954_760_011).abs() < 1e-9, "{value}");
    let expected = [
        -16.998_338_22,
        -21.903_847_19,
        0.305_491_51,
        -1.036_372_01,
        -1.107_791_13,
        1.563_839_6,
    ];
    for (slope, expected) in gradient.iter().zip(expected) {
        assert!((slope - expected).abs() < 1e-7, "{slope} {expected}");
    }
}

/// The scale of targets does not matter, so the evidence changes by n ln of the factor.
#[test]
fn the_scale_of_targets_is_found() {
    let at = Covariance::prior(2);
    let (one, slopes) = Evidence::of(rows()).at(&at).unwrap();
    let mut tripled = rows();
    tripled.y *= 3.0;
    let (three, same) = Evidence::of(tripled).at(&at).unwrap();
    assert!((three - one - 24.0 * 3f64.ln()).abs() < 1e-9);
    assert!(slopes.iter().zip(&same).all(|(a, b)| (a - b).abs() < 1e-9));
}

/// A sine by 30 rows, each a model and an architecture of its own: search and prediction of tests/fixtures/curves.py
/// (numpy 2).
#[test]
fn what_is_learned_is_what_numpy_learns() {
    let x = Array2::from_shape_fn((30, 1), |(i, _)| i as f64 / 10.0 - 1.5);
    let y = x.column(0).mapv(f64::sin);
    let groups: Vec<usize> = (0..30).collect();
    let process = GaussianProcess {
        models: &groups,
        architectures: &groups,
    };
    let model = process.fit(&Dataset::new(x, y)).unwrap();
    let new = Array2::from_shape_vec((3, 1), vec![-1.03, 0.24, 1.17]).unwrap();
    let predicted: Array1<f64> = model.predict(&new);
    let expected = [-0.808_235_276_298, 0.195_646_234_555, 0.931_552_043_185];
    for (value, expected) in predicted.iter().zip(expected) {
        assert!((value - expected).abs() < 1e-9, "{value} {expected}");
    }
}

#[test]
fn whole_architectures_are_chosen() {
    let architectures: Vec<usize> = (0..300).map(|i| 7 * (i / 5)).collect();
    let chosen = thinned(&architectures, MOST);
    assert_eq!(chosen.len(), 100);
    assert_eq!(chosen[..6], [0, 1, 2, 3, 4, 15]);
}
