//! What rounding the residual stream costs: a forward pass of its own, in which it is rounded.

mod int8_loss;

pub(crate) use int8_loss::INT8_LOSS;
