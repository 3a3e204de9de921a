//! Optimisers: what a spec says of them, and, with Burn, what they do.

mod adamw;
mod decay;
mod lion;
mod list;
mod muon;
#[cfg(feature = "burn")]
mod newton_schulz;
mod row;
#[cfg(feature = "burn")]
mod rule;
mod sgd;
#[cfg(feature = "burn")]
mod stepper;

pub use self::decay::WeightDecay;
pub use self::list::OptimizerKind;
pub(crate) use self::list::schema;
pub use self::row::OptimizerKeys;
#[cfg(feature = "burn")]
pub use self::stepper::{GradientSum, Optimizer};
