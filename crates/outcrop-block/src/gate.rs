//! Gates: rows times f of other rows.

use outcrop_arch::Nonlinearity;
use outcrop_vector::{dot, multiply_into};

use crate::activate::{plain, plain_backward};

/// y = x f(g) of each; where there are fewer g, each is for as many x that follow one another. `values` is memory.
pub(crate) fn gate(
    kind: Nonlinearity,
    gates: &[f32],
    x: &[f32],
    y: &mut [f32],
    values: &mut Vec<f32>,
) {
    if gates.len() == x.len() {
        plain(kind, [0.0; 2], gates, y);
        return multiply_into(x, y);
    }
    values.resize(gates.len(), 0.0);
    plain(kind, [0.0; 2], gates, values);
    times(values, x, y);
}

/// y = x f(g) again; `dx`, the gradients of y, become those of x, and `dgates` those of g: dg = f'(g) times the sum of
/// dy x over its x. `values` is memory.
pub(crate) fn gate_backward(
    (kind, gates): (Nonlinearity, &[f32]),
    x: &[f32],
    y: &mut [f32],
    dx: &mut [f32],
    dgates: &mut [f32],
    values: &mut Vec<f32>,
) {
    if gates.len() == x.len() {
        dgates.copy_from_slice(dx);
        multiply_into(x, dgates);
        plain_backward(kind, [0.0; 2], gates, y, dgates);
        multiply_into(y, dx);
        return multiply_into(x, y);
    }
    let width = x.len() / gates.len();
    let rows = x.chunks_exact(width).zip(dx.chunks_exact(width));
    let sums = dgates.iter_mut().zip(rows);
    sums.for_each(|(sum, (x, dy))| *sum = dot(x, dy));
    values.resize(gates.len(), 0.0);
    plain_backward(kind, [0.0; 2], gates, values, dgates);
    times(values, x, y);
    let rows = dx.chunks_exact_mut(width).zip(&*values);
    rows.for_each(|(dx, value)| dx.iter_mut().for_each(|dx| *dx *= value));
}

/// y = x v, each v for as many x that follow one another.
fn times(values: &[f32], x: &[f32], y: &mut [f32]) {
    let width = x.len() / values.len().max(1);
    let rows = x.chunks_exact(width).zip(y.chunks_exact_mut(width));
    for ((x, y), value) in rows.zip(values) {
        y.iter_mut().zip(x).for_each(|(y, x)| *y = x * value);
    }
}
