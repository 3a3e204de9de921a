//! Closed forms in f64 that tests compare with.

/// erf' = 2 / sqrt(pi) exp(-x^2), integrated by Simpson's rule.
pub(crate) fn erf(x: f64) -> f64 {
    let (steps, h) = (400, x / 400.0);
    let f = |i: i32| (-(h * f64::from(i)).powi(2)).exp();
    let weight = |i: i32| if i % 2 == 1 { 4.0 } else { 2.0 };
    let inner: f64 = (1..steps).map(|i| weight(i) * f(i)).sum();
    2.0 / std::f64::consts::PI.sqrt() * h / 3.0 * (f(0) + inner + f(steps))
}

pub(crate) fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2))
}

pub(crate) fn gelu_tanh(x: f64) -> f64 {
    let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
    0.5 * x * (1.0 + u.tanh())
}

/// Numbers between -2 and 2, the same in both types.
pub(crate) fn waves(n: usize, seed: usize) -> (Vec<f32>, Vec<f64>) {
    let wave = |i: usize| 2.0 * ((i + 1) as f32 * (1.7 + 0.37 * seed as f32)).sin();
    let waves: Vec<f32> = (0..n).map(wave).collect();
    let exact = waves.iter().map(|x| f64::from(*x)).collect();
    (waves, exact)
}

/// The derivatives of f by each number, by central differences.
pub(crate) fn difference(x: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let at = |i: usize, step: f64| {
        let mut x = x.to_vec();
        x[i] += step;
        f(&x)
    };
    let slope = |i| (at(i, 1e-5) - at(i, -1e-5)) / 2e-5;
    (0..x.len()).map(slope).collect()
}

/// Asserts that no number is further than `tolerance` away, over the largest if that is above 1.
pub(crate) fn assert_close(ours: &[f32], exact: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), exact.len());
    let largest = exact.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
    for (i, (ours, exact)) in ours.iter().zip(exact).enumerate() {
        let error = (f64::from(*ours) - exact).abs();
        assert!(error <= tolerance * largest, "{i}: {ours} {exact}");
    }
}
