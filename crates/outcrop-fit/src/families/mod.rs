//! The families of columns in which the curves are linear, over compact coordinates.

mod columns;
mod coordinates;
mod emergence;
mod logistic;
mod oscillator;

pub(crate) use columns::{decay_columns, log_column};
pub(crate) use coordinates::RateAxis;
pub(crate) use emergence::{CriticalFamily, EmergenceFamily, ExponentialFamily, LogarithmFamily};
pub(crate) use logistic::{LogisticFamily, decay, mode};
pub(crate) use oscillator::{Oscillator, OscillatorFamily};
