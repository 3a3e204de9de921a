//! Forecasts of unfinished trajectories, and tests of such forecasts.

mod backtest;
mod outlook;
mod trend;

pub use backtest::{Backtest, Share, backtest};
pub use outlook::{Outlook, forecast};
