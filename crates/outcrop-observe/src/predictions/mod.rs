//! What a layer would predict: the logit lens.

mod lens;

pub(crate) use lens::LENS;
