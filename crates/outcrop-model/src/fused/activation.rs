//! The nonlinearity of the MLP and its derivative.

use outcrop_core::Activation;
use pulp::{Arch, Simd, WithSimd};

use super::vector::{erf, exp, vectorised};

/// f(x) and f'(x).
type Pair = [f32; 2];

/// x P(x) with P the normal distribution function: (1 + erf(x / sqrt 2)) / 2; f' = P + x P'
/// (Hendrycks and Gimpel 2016).
#[inline(always)]
fn gelu(x: f32) -> Pair {
    let below = 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
    let density = 0.398_942_3 * exp(-0.5 * x * x);
    [x * below, x.mul_add(density, below)]
}

/// x s with s = (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3);
/// f' = s + 2 x s (1 - s) u'.
#[inline(always)]
fn gelu_tanh(x: f32) -> Pair {
    let square = 0.044_715 * x * x;
    let u = 0.797_884_6 * x * (1.0 + square);
    let slope = 0.797_884_6 * square.mul_add(3.0, 1.0);
    let s = 1.0 / (1.0 + exp(-2.0 * u));
    [x * s, (2.0 * x * s * (1.0 - s)).mul_add(slope, s)]
}

#[inline(always)]
fn relu(x: f32) -> Pair {
    let positive = if x > 0.0 { 1.0 } else { 0.0 };
    [x * positive, positive]
}

#[inline(always)]
fn each(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> Pair) {
    x.iter().zip(y).for_each(|(x, y)| *y = f(*x)[0]);
}

#[inline(always)]
fn each_backward(x: &[f32], y: &mut [f32], gradient: &mut [f32], f: impl Fn(f32) -> Pair) {
    for ((x, y), g) in x.iter().zip(y).zip(gradient) {
        let [value, slope] = f(*x);
        *y = value;
        *g *= slope;
    }
}

vectorised! {
    /// y = f(x) of each.
    fn activate<'a>(kind: Activation, x: &'a [f32], y: &'a mut [f32]) -> () {
        match kind {
            Activation::GeluTanh => each(x, y, gelu_tanh),
            Activation::Relu => each(x, y, relu),
            // SwiGLU is refused when the model is built.
            Activation::Gelu | Activation::SwiGlu => each(x, y, gelu),
        }
    }
}

vectorised! {
    /// y = f(x) again, and `gradient`, that of y, becomes that of x: times f'(x).
    fn activate_backward<'a>(kind: Activation, x: &'a [f32], y: &'a mut [f32], gradient: &'a mut [f32]) -> () {
        match kind {
            Activation::GeluTanh => each_backward(x, y, gradient, gelu_tanh),
            Activation::Relu => each_backward(x, y, gradient, relu),
            Activation::Gelu | Activation::SwiGlu => each_backward(x, y, gradient, gelu),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Function = fn(f64) -> f64;

    /// x (1 + erf(x / sqrt 2)) / 2 by Simpson's rule.
    fn exact_gelu(x: f64) -> f64 {
        let (steps, z) = (400, x / std::f64::consts::SQRT_2);
        let h = z / f64::from(steps);
        let f = |i: i32| (-(h * f64::from(i)).powi(2)).exp();
        let weight = |i: i32| if i % 2 == 1 { 4.0 } else { 2.0 };
        let inner: f64 = (1..steps).map(|i| weight(i) * f(i)).sum();
        let erf = 2.0 / std::f64::consts::PI.sqrt() * h / 3.0 * (f(0) + inner + f(steps));
        0.5 * x * (1.0 + erf)
    }

    fn exact_gelu_tanh(x: f64) -> f64 {
        let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        0.5 * x * (1.0 + u.tanh())
    }

    proptest! {
        #[test]
        fn values_and_finite_differences_in_f64(x in -5.0..5.0f32) {
            for (kind, exact) in [(Activation::Gelu, exact_gelu as Function), (Activation::GeluTanh, exact_gelu_tanh)] {
                let (mut y, mut g) = ([0.0], [1.0]);
                activate_backward(kind, &[x], &mut y, &mut g);
                let at = f64::from(x);
                let slope = (exact(at + 1e-5) - exact(at - 1e-5)) / 2e-5;
                prop_assert!((f64::from(y[0]) - exact(at)).abs() < 2e-6, "{kind:?} {x} {}", y[0]);
                prop_assert!((f64::from(g[0]) - slope).abs() < 2e-6, "{kind:?} {x} {} {slope}", g[0]);
                let mut forward = [0.0];
                activate(kind, &[x], &mut forward);
                prop_assert!((forward[0] - y[0]).abs() < 1e-6);
            }
        }
    }
}
