//! Curves that are learned from measured ratios, and bands that hold measured ratios.

mod coverage;
mod curves;
mod drawn;
mod errors;
mod leverage;
mod ratios;
mod shapes;
mod stretch;
mod training;

pub use coverage::Coverage;
pub(crate) use curves::MeasuredCurves;
pub(crate) use drawn::Drawn;
pub(crate) use ratios::interpolate;
pub(crate) use training::LeftOut;
