//! The nonlinearity of the MLP, with or without a gate.

use outcrop_arch::Nonlinearity;
use outcrop_vector::{
    gelu, gelu_backward, gelu_tanh, gelu_tanh_backward, multiply_into, quick_gelu,
    quick_gelu_backward, relu, relu_backward, relu2, relu2_backward, sigmoid, sigmoid_backward,
    silu, silu_backward, xielu, xielu_backward,
};

/// y = f(x) of each; `alphas` are the learned numbers of a nonlinearity that has some.
pub(crate) fn plain(kind: Nonlinearity, alphas: [f32; 2], x: &[f32], y: &mut [f32]) {
    match kind {
        Nonlinearity::Gelu => gelu(x, y),
        Nonlinearity::GeluTanh => gelu_tanh(x, y),
        Nonlinearity::Relu => relu(x, y),
        Nonlinearity::Relu2 => relu2(x, y),
        Nonlinearity::Silu => silu(x, y),
        Nonlinearity::Xielu => xielu(x, bent(alphas), y),
        Nonlinearity::QuickGelu => quick_gelu(x, y),
        Nonlinearity::Sigmoid => sigmoid(x, y),
    }
}

/// y = f(x) again, and `gradient`, that of y, becomes that of x; the gradients of the learned numbers.
pub(crate) fn plain_backward(
    kind: Nonlinearity,
    alphas: [f32; 2],
    x: &[f32],
    y: &mut [f32],
    gradient: &mut [f32],
) -> [f32; 2] {
    match kind {
        Nonlinearity::Gelu => gelu_backward(x, y, gradient),
        Nonlinearity::GeluTanh => gelu_tanh_backward(x, y, gradient),
        Nonlinearity::Relu => relu_backward(x, y, gradient),
        Nonlinearity::Relu2 => relu2_backward(x, y, gradient),
        Nonlinearity::Silu => silu_backward(x, y, gradient),
        Nonlinearity::Xielu => {
            let sums = xielu_backward(x, bent(alphas), y, gradient);
            let slope = |i: usize| sums[i] / (1.0 + (-alphas[i]).exp());
            return [slope(0), slope(1)];
        }
        Nonlinearity::QuickGelu => quick_gelu_backward(x, y, gradient),
        Nonlinearity::Sigmoid => sigmoid_backward(x, y, gradient),
    }
    [0.0; 2]
}

/// p and n of the two learned numbers of xIELU.
fn bent([a, b]: [f32; 2]) -> [f32; 2] {
    let softplus = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
    [softplus(a), 0.5 + softplus(b)]
}

/// y = f(g) h of rows [g | h], y rows of `width`.
pub(crate) fn gated(kind: Nonlinearity, x: &[f32], y: &mut [f32], width: usize) {
    for (x, y) in x.chunks_exact(2 * width).zip(y.chunks_exact_mut(width)) {
        let (gate, hidden) = x.split_at(width);
        plain(kind, [0.0; 2], gate, y);
        multiply_into(hidden, y);
    }
}

/// y = f(g) h again, and the gradients [dg | dh] of x from those of y: dg = dy h f'(g), dh = dy f(g).
pub(crate) fn gated_backward(
    kind: Nonlinearity,
    x: &[f32],
    y: &mut [f32],
    dy: &[f32],
    dx: &mut [f32],
    width: usize,
) {
    let rows = x.chunks_exact(2 * width).zip(y.chunks_exact_mut(width));
    let gradients = dy.chunks_exact(width).zip(dx.chunks_exact_mut(2 * width));
    for ((x, y), (dy, dx)) in rows.zip(gradients) {
        let (gate, hidden) = x.split_at(width);
        let (dgate, dhidden) = dx.split_at_mut(width);
        dgate.copy_from_slice(dy);
        multiply_into(hidden, dgate);
        plain_backward(kind, [0.0; 2], gate, y, dgate);
        dhidden.copy_from_slice(dy);
        multiply_into(y, dhidden);
        multiply_into(hidden, y);
    }
}
