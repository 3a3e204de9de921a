//! Lion.

#[cfg(feature = "burn")]
mod update;

#[cfg(feature = "burn")]
use self::update::Lion;
use super::row::{OptimizerKeys, Row};

pub(in crate::optimizer) static ROW: Row = Row {
    word: "lion",
    about: "p = (1 - rate decay) p - rate sign(b1 m + (1 - b1) g), then m = b2 m + (1 - b2) g. \
            Its authors take a third to a tenth of AdamW's rate and as much more decay.",
    source: "Chen et al., 2302.06675",
    defaults: OptimizerKeys {
        betas: Some([0.9, 0.99]),
        ..OptimizerKeys::NONE
    },
    #[cfg(feature = "burn")]
    rule: |_| &Lion,
};
