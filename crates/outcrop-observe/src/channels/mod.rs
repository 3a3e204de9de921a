//! Magnitudes by channel: how uneven they are, and whether the largest channels stay the same.

mod maxima;
mod turnover;

pub(crate) use maxima::MAXIMA;
pub(crate) use turnover::TURNOVER;
pub use turnover::{jaccard, top_channels, top_channels_of};
