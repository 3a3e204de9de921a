//! What a layer would predict, the logit lens, and whether a model is right.

mod accuracy;
mod int8_loss;
mod lens;
mod shared;

pub(crate) use accuracy::ACCURACY;
pub(crate) use int8_loss::INT8_LOSS;
pub(crate) use lens::LENS;
