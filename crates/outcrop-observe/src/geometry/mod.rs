//! Which rows are alike, compared with other tensors, labels, inputs and targets.

mod alignment;
mod cka;
mod participation;
mod steps;

pub(crate) use alignment::ALIGNMENT;
pub(crate) use cka::CKA;
pub(crate) use participation::PARTICIPATION;
pub(crate) use steps::CKA_STEPS;
