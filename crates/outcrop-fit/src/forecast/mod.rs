//! What an unfinished trajectory will become, and how well that would have been known before.

mod backtest;
mod outlook;

pub use backtest::{Backtest, Share, backtest};
pub use outlook::{Outlook, forecast};
