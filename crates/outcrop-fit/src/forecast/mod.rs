//! Forecasts of unfinished trajectories, and tests of such forecasts.

mod backtest;
mod learn;
mod outlook;
mod simplex;
mod student;
mod trend;

pub use backtest::{Backtest, Share, backtest};
pub use learn::learn_trend;
pub use outlook::{Outlook, forecast};
