//! AdamW.

#[cfg(feature = "burn")]
mod update;

#[cfg(feature = "burn")]
pub(in crate::optimizer) use self::update::AdamW;
use super::row::{OptimizerKeys, Row};

pub(in crate::optimizer) static ROW: Row = Row {
    word: "adamw",
    about: "m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, \
            p = (1 - rate decay) p - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + e).",
    source: "Loshchilov and Hutter, 1711.05101",
    defaults: OptimizerKeys {
        betas: Some([0.9, 0.95]),
        eps: Some(1e-8),
        ..OptimizerKeys::NONE
    },
    #[cfg(feature = "burn")]
    rule: |_| &AdamW,
};
