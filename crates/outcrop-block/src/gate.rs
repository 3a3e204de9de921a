//! Gates: rows times f of other rows.

use outcrop_arch::Nonlinearity;
use outcrop_vector::{gate as times, gate_backward as times_backward, multiply_into};

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
    values.resize(gates.len(), 0.0);
    plain(kind, [0.0; 2], gates, values);
    times(values, x, y);
    times_backward(values, x, dx, dgates);
    plain_backward(kind, [0.0; 2], gates, values, dgates);
}
