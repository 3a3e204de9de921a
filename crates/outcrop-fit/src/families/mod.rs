//! The families of columns in which the curves are linear, over compact coordinates.

mod columns;
mod coordinates;
mod emergence;
mod logistic;
mod mode;
mod oscillator;
mod power;
mod rises;
mod scheduled;

pub(crate) use columns::{decay_columns, log_column};
pub(crate) use coordinates::RateAxis;
pub(crate) use emergence::{CriticalFamily, EmergenceFamily, ExponentialFamily, LogarithmFamily};
pub(crate) use logistic::{LogisticFamily, decay, mode};
pub(crate) use mode::{GrowthFamily, ModeFamily, strength};
pub(crate) use oscillator::{Oscillator, OscillatorFamily};
pub(crate) use power::{EXPONENTS, PowerFamily};
pub(crate) use rises::{MOST_STEEPNESS, OneRise, RiseAxes, TwoRises, rise};
pub(crate) use scheduled::{AnnealingFamily, DipFamily, InScheduleTime, ScheduleAxes};
