//! Nonlinearities of the MLP and their derivatives.

use crate::elementary::{erf, exp};
use crate::vectorised;

/// f(x) and f'(x).
type Pair = [f32; 2];

/// x P(x) with P the normal distribution function: (1 + erf(x / sqrt 2)) / 2; f' = P + x P'
/// (Hendrycks and Gimpel 2016).
#[inline(always)]
fn gelu_at(x: f32) -> Pair {
    let below = 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
    let density = 0.398_942_3 * exp(-0.5 * x * x);
    [x * below, x.mul_add(density, below)]
}

/// x s with s = (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3);
/// f' = s + 2 x s (1 - s) u'.
#[inline(always)]
fn gelu_tanh_at(x: f32) -> Pair {
    let square = 0.044_715 * x * x;
    let u = 0.797_884_6 * x * (1.0 + square);
    let slope = 0.797_884_6 * square.mul_add(3.0, 1.0);
    let s = 1.0 / (1.0 + exp(-2.0 * u));
    [x * s, (2.0 * x * s * (1.0 - s)).mul_add(slope, s)]
}

#[inline(always)]
fn relu_at(x: f32) -> Pair {
    let positive = if x > 0.0 { 1.0 } else { 0.0 };
    [x * positive, positive]
}

/// max(x, 0)^2 (So et al. 2021); f' = 2 max(x, 0).
#[inline(always)]
fn relu2_at(x: f32) -> Pair {
    let positive = if x > 0.0 { x } else { x * 0.0 };
    [positive * positive, 2.0 * positive]
}

/// x s with s = 1 / (1 + exp(-1.702 x)); f' = s (1 + 1.702 x (1 - s)).
#[inline(always)]
fn quick_gelu_at(x: f32) -> Pair {
    let s = 1.0 / (1.0 + exp(-1.702 * x));
    [x * s, s * (1.702 * x * (1.0 - s) + 1.0)]
}

/// x s with s = 1 / (1 + exp(-x)); f' = s (1 + x (1 - s)).
#[inline(always)]
fn silu_at(x: f32) -> Pair {
    let s = 1.0 / (1.0 + exp(-x));
    [x * s, s * (x * (1.0 - s) + 1.0)]
}

/// s = 1 / (1 + exp(-x)); f' = s (1 - s).
#[inline(always)]
fn sigmoid_at(x: f32) -> Pair {
    let s = 1.0 / (1.0 + exp(-x));
    [s, s * (1.0 - s)]
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
    /// y = x / 2 (1 + erf(x / sqrt 2)) of each.
    pub fn gelu<'a>(x: &'a [f32], y: &'a mut [f32]) -> () { each(x, y, gelu_at) }
}

vectorised! {
    /// y = [`gelu`] of x, and `gradient`, that of y, becomes that of x.
    pub fn gelu_backward<'a>(x: &'a [f32], y: &'a mut [f32], gradient: &'a mut [f32]) -> () {
        each_backward(x, y, gradient, gelu_at)
    }
}

vectorised! {
    /// y = x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) of each.
    pub fn gelu_tanh<'a>(x: &'a [f32], y: &'a mut [f32]) -> () { each(x, y, gelu_tanh_at) }
}

vectorised! {
    /// y = [`gelu_tanh`] of x, and `gradient`, that of y, becomes that of x.
    pub fn gelu_tanh_backward<'a>(x: &'a [f32], y: &'a mut [f32], gradient: &'a mut [f32]) -> () {
        each_backward(x, y, gradient, gelu_tanh_at)
    }
}

vectorised! {
    /// y = max(x, 0) of each; NaN stays.
    pub fn relu<'a>(x: &'a [f32], y: &'a mut [f32]) -> () { each(x, y, relu_at) }
}

vectorised! {
    /// y = [`relu`] of x, and `gradient`, that of y, becomes that of x.
    pub fn relu_backward<'a>(x: &'a [f32], y: &'a mut [f32], gradient: &'a mut [f32]) -> () {
        each_backward(x, y, gradient, relu_at)
    }
}

vectorised! {
    /// y = x / (1 + exp(-x)) of each.
    pub fn silu<'a>(x: &'a [f32], y: &'a mut [f32]) -> () { each(x, y, silu_at) }
}

vectorised! {
    /// y = [`silu`] of x, and `gradient`, that of y, becomes that of x.
    pub fn silu_backward<'a>(x: &'a [f32], y: &'a mut [f32], gradient: &'a mut [f32]) -> () {
        each_backward(x, y, gradient, silu_at)
    }
}

vectorised! {
    /// y = 1 / (1 + exp(-x)) of each.
    pub fn sigmoid<'a>(x: &'a [f32], y: &'a mut [f32]) -> () { each(x, y, sigmoid_at) }
}

vectorised! {
    /// y = [`sigmoid`] of x, and `gradient`, that of y, becomes that of x.
    pub fn sigmoid_backward<'a>(x: &'a [f32], y: &'a mut [f32], gradient: &'a mut [f32]) -> () {
        each_backward(x, y, gradient, sigmoid_at)
    }
}

vectorised! {
    /// y = max(x, 0)^2 of each; NaN stays.
    pub fn relu2<'a>(x: &'a [f32], y: &'a mut [f32]) -> () { each(x, y, relu2_at) }
}

vectorised! {
    /// y = [`relu2`] of x, and `gradient`, that of y, becomes that of x.
    pub fn relu2_backward<'a>(x: &'a [f32], y: &'a mut [f32], gradient: &'a mut [f32]) -> () {
        each_backward(x, y, gradient, relu2_at)
    }
}

vectorised! {
    /// y = x / (1 + exp(-1.702 x)) of each.
    pub fn quick_gelu<'a>(x: &'a [f32], y: &'a mut [f32]) -> () { each(x, y, quick_gelu_at) }
}

vectorised! {
    /// y = [`quick_gelu`] of x, and `gradient`, that of y, becomes that of x.
    pub fn quick_gelu_backward<'a>(x: &'a [f32], y: &'a mut [f32], gradient: &'a mut [f32]) -> () {
        each_backward(x, y, gradient, quick_gelu_at)
    }
}

vectorised! {
    /// y becomes x y of each.
    pub fn multiply_into<'a>(x: &'a [f32], y: &'a mut [f32]) -> () {
        y.iter_mut().zip(x).for_each(|(y, x)| *y *= x);
    }
}

vectorised! {
    /// y becomes x + y of each.
    pub fn add_into<'a>(x: &'a [f32], y: &'a mut [f32]) -> () {
        y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exact;

    type Forward = fn(&[f32], &mut [f32]);
    type Backward = fn(&[f32], &mut [f32], &mut [f32]);
    type Exact = fn(f64) -> f64;

    proptest! {
        #[test]
        fn values_and_finite_differences_in_f64(x in -5.0..5.0f32) {
            prop_assume!(x.abs() > 1e-4); // ReLU's corner
            let kinds: [(Forward, Backward, Exact); 7] = [
                (gelu, gelu_backward, exact::gelu),
                (gelu_tanh, gelu_tanh_backward, exact::gelu_tanh),
                (relu, relu_backward, |x| x.max(0.0)),
                (silu, silu_backward, |x| x / (1.0 + (-x).exp())),
                (sigmoid, sigmoid_backward, |x| 1.0 / (1.0 + (-x).exp())),
                (relu2, relu2_backward, |x| x.max(0.0).powi(2)),
                (quick_gelu, quick_gelu_backward, |x| x / (1.0 + (-1.702 * x).exp())),
            ];
            for (i, (forward, backward, exact)) in kinds.into_iter().enumerate() {
                let (mut value, mut y, mut g) = ([0.0], [0.0], [1.0]);
                forward(&[x], &mut value);
                backward(&[x], &mut y, &mut g);
                prop_assert_eq!(value, y);
                let at = f64::from(x);
                let slope = (exact(at + 1e-5) - exact(at - 1e-5)) / 2e-5;
                let near = |ours: f32, exact: f64| {
                    (f64::from(ours) - exact).abs() < 2e-6 * exact.abs().max(1.0)
                };
                prop_assert!(near(y[0], exact(at)), "{i} {x} {}", y[0]);
                prop_assert!(near(g[0], slope), "{i} {x} {} {slope}", g[0]);
            }
        }

        #[test]
        fn silu_far_from_zero(x in -80.0..80.0f32) {
            let mut y = [0.0];
            silu(&[x], &mut y);
            let exact = f64::from(x) / (1.0 + (-f64::from(x)).exp());
            prop_assert!((f64::from(y[0]) - exact).abs() <= 1e-6 * exact.abs(), "{} {exact}", y[0]);
        }
    }
}
