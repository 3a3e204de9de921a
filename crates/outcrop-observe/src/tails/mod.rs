//! The distribution of magnitudes |h|: how heavy its tail is, and what that costs a quantised model.

mod beyond;
mod kurtoses;
mod magnitudes;
mod quantiles;
mod quantisation;
mod tweo;

pub(crate) use beyond::BEYOND;
pub(crate) use kurtoses::KURTOSES;
pub(crate) use magnitudes::MAGNITUDES;
pub(crate) use quantiles::{QUANTILES, share_below};
pub(crate) use quantisation::QUANTISATION;
pub(crate) use tweo::TWEO;
