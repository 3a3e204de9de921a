//! Position 0 against the others: norms, value drain, directions.

mod drain;
mod norms;
mod similarity;

pub(crate) use drain::DRAIN;
pub(crate) use norms::NORMS;
pub(crate) use similarity::SIMILARITY;
