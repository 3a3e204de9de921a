//! Stochastic gradient descent with momentum.

#[cfg(feature = "burn")]
mod update;

#[cfg(feature = "burn")]
use self::update::Sgd;
use super::row::{OptimizerKeys, Row};

pub(in crate::optimizer) static ROW: Row = Row {
    word: "sgd",
    about: "m = b m + g, p = (1 - rate decay) p - rate m; with nesterov g + b m in the place of m. \
            The decay is decoupled; that of PyTorch's SGD is added to g.",
    source: "Sutskever et al. 2013; Loshchilov and Hutter, 1711.05101 (SGDW)",
    defaults: OptimizerKeys {
        momentum: Some(0.9),
        nesterov: Some(false),
        ..OptimizerKeys::NONE
    },
    #[cfg(feature = "burn")]
    rule: |_| &Sgd,
};
