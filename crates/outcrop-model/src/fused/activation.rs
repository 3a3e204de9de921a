//! The nonlinearity of the MLP. SwiGLU is refused when the model is built.

use outcrop_arch::Activation;
use outcrop_vector::{gelu, gelu_backward, gelu_tanh, gelu_tanh_backward, relu, relu_backward};

/// y = f(x) of each.
pub(super) fn activate(kind: Activation, x: &[f32], y: &mut [f32]) {
    match kind {
        Activation::GeluTanh => gelu_tanh(x, y),
        Activation::Relu => relu(x, y),
        Activation::Gelu | Activation::SwiGlu => gelu(x, y),
    }
}

/// y = f(x) again, and `gradient`, that of y, becomes that of x: times f'(x).
pub(super) fn activate_backward(kind: Activation, x: &[f32], y: &mut [f32], gradient: &mut [f32]) {
    match kind {
        Activation::GeluTanh => gelu_tanh_backward(x, y, gradient),
        Activation::Relu => relu_backward(x, y, gradient),
        Activation::Gelu | Activation::SwiGlu => gelu_backward(x, y, gradient),
    }
}
