//! Curves that are learned from measured ratios, and bands that hold measured ratios.

mod coverage;
mod curves;
mod leverage;
mod ratios;
mod shapes;

pub use coverage::Coverage;
pub(crate) use curves::{Drawn, MeasuredCurves};
