//! Vectorised arithmetic on rows of f32 for transformers, forward and backward, on the current thread and in safe code.
//! The functions are plain loops, compiled for each kind of vector instructions (AVX-512, AVX2, NEON) through `pulp`. A
//! row holds the values of one token; several rows are stored one after the other. The order of sums depends only on
//! the length of the row.
//!
//! | items | what they are |
//! |---|---|
//! | [`gelu`], [`gelu_tanh`], [`quick_gelu`], [`relu`], [`relu2`], [`silu`], [`sigmoid`] | nonlinearities; `_backward` with the derivative |
//! | [`xielu`], [`xielu_backward`] | a nonlinearity with two learned numbers |
//! | [`layer_norm`], [`layer_norm_backward`], [`rms_norm`], [`rms_norm_backward`] | norms of rows |
//! | [`dynamic_tanh`], [`dynamic_tanh_backward`] | the tanh that takes the place of a norm |
//! | [`softmax`], [`softmax_beside`] | softmax of a row, in place; with one more score in the sum |
//! | [`soften_panel`], [`soften_panel_deep`], [`soften_panel_backward`] | causal softmax down the columns of a panel |
//! | [`add_weighted_rows`] | a panel of weights, added up by key |
//! | [`clip_panel`], [`clip_panel_backward`], [`clip_panel_levelled`], [`clip_row`] | clipped softmax |
//! | [`softpick_panel`], [`softpick_known`], [`softpick_panel_backward`], [`softpick_row`] | softpick |
//! | [`sigmoid_panel`], [`sigmoid_panel_backward`], [`sigmoid_row`] | attention weights that are sigmoids |
//! | [`cross_entropy`], [`exp_sum`] | cross-entropy of logits, with the gradient; sum of exponentials of a part of them |
//! | [`rotary_tables`], [`rotate_heads`], [`rotate_neighbours_of_heads`] | rotary embedding |
//! | [`alibi_slopes`], [`alibi_slopes_mpt`], [`bfloat16`] | slopes of attention with linear biases, and their rounding |
//! | [`softcap`], [`softcap_slopes`] | numbers below a bound |
//! | [`gate`], [`gate_backward`] | factors of several numbers each |
//! | [`add_weighted`], [`add_outer`], [`row_products`] | rows with a weight each |
//! | [`largest`], [`dot`], [`row_sum`], [`add_columns`], [`add_into`], [`multiply_into`] | reductions and element-wise operations on rows |
//! | [`exp`], [`erf`], [`tanh`] | of one number, for your own loops |
//! | [`vectorised!`] | makes a function of such a loop |
//!
//! ```
//! use outcrop_vector::{gelu, layer_norm, softmax};
//!
//! let mut x = [0.0; 4];
//! layer_norm(&[1.0, 2.0, 3.0, 6.0], [&[1.0; 4], &[0.0; 4]], 0.0, &mut x);
//! assert!((x[3] - 3.0 / 3.5f32.sqrt()).abs() < 1e-6); // mean 3, variance 3.5
//! let mut y = [0.0; 4];
//! gelu(&x, &mut y);
//! assert_eq!(y[2], 0.0);
//! let mut weights = [0.0, 3f32.ln()];
//! softmax(&mut weights, 1.0);
//! assert!((weights[1] - 0.75).abs() < 1e-6);
//! ```

mod activation;
mod alibi;
mod clipped;
mod dynamic_tanh;
mod elementary;
#[cfg(test)]
mod exact;
mod gate;
mod loss;
mod norm;
mod panel;
mod rank_one;
mod rotary;
mod sigmoid;
mod softcap;
mod softmax;
mod softpick;
mod sums;
mod vectorised;
mod xielu;

pub use activation::{
    add_into, gelu, gelu_backward, gelu_tanh, gelu_tanh_backward, multiply_into, quick_gelu,
    quick_gelu_backward, relu, relu_backward, relu2, relu2_backward, sigmoid, sigmoid_backward,
    silu, silu_backward,
};
pub use alibi::{alibi_slopes, alibi_slopes_mpt, bfloat16};
pub use clipped::{clip_panel, clip_panel_backward, clip_panel_levelled, clip_row};
pub use dynamic_tanh::{dynamic_tanh, dynamic_tanh_backward};
pub use elementary::{erf, exp, tanh};
pub use gate::{gate, gate_backward};
pub use loss::{cross_entropy, exp_sum};
pub use norm::{layer_norm, layer_norm_backward, rms_norm, rms_norm_backward};
#[doc(hidden)]
pub use pulp;
pub use rank_one::{add_outer, add_weighted, row_products};
pub use rotary::{
    rotary_tables, rotate, rotate_heads, rotate_neighbours, rotate_neighbours_of_heads,
};
pub use sigmoid::{sigmoid_panel, sigmoid_panel_backward, sigmoid_row};
pub use softcap::{softcap, softcap_slopes};
pub use softmax::{
    add_weighted_rows, soften_panel, soften_panel_backward, soften_panel_deep, softmax,
    softmax_beside,
};
pub use softpick::{softpick_known, softpick_panel, softpick_panel_backward, softpick_row};
pub use sums::row_sum;
pub use sums::{add_columns, dot, largest};
pub use xielu::{xielu, xielu_backward};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
