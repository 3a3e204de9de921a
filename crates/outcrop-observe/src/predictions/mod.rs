//! What a layer would predict, the logit lens, and whether a model is right.

mod accuracy;
mod lens;

pub(crate) use accuracy::ACCURACY;
pub(crate) use lens::LENS;
