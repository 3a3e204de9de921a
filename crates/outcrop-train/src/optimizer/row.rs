#[cfg(feature = "burn")]
use super::rule::Rule;
#[cfg(feature = "burn")]
use outcrop_arch::TensorName;

/// An optimiser: what a spec says of it, and what it does with a parameter.
#[derive(Debug)]
pub(super) struct Row {
    /// As a spec spells it.
    pub(super) word: &'static str,
    /// Its formula.
    pub(super) about: &'static str,
    /// Who described it.
    pub(super) source: &'static str,
    /// The keys of `[train]` that it reads, with their defaults.
    pub(super) defaults: OptimizerKeys,
    /// What is done with a parameter.
    #[cfg(feature = "burn")]
    pub(super) rule: fn(&TensorName) -> &'static dyn Rule,
}

/// The keys of `[train]` that some optimisers read and others do not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OptimizerKeys {
    /// `betas`: decay rates of two moments, each at least 0 and below 1.
    pub betas: Option<[f64; 2]>,
    /// `eps`: added to the denominator, above 0, at most 1.
    pub eps: Option<f64>,
    /// `momentum`: at least 0, below 1.
    pub momentum: Option<f64>,
    /// `nesterov`: whether the gradient is added once more to the momentum.
    pub nesterov: Option<bool>,
}

impl OptimizerKeys {
    /// No key.
    pub(super) const NONE: Self = Self {
        betas: None,
        eps: None,
        momentum: None,
        nesterov: None,
    };

    /// These keys, and those of `others` where they have no value.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            betas: self.betas.or(others.betas),
            eps: self.eps.or(others.eps),
            momentum: self.momentum.or(others.momentum),
            nesterov: self.nesterov.or(others.nesterov),
        }
    }

    /// Each key with what it means, and its value in words where there is one.
    pub(crate) fn rows(&self) -> [(&'static str, &'static str, Option<String>); 4] {
        let betas = self.betas.map(|[a, b]| format!("[{a}, {b}]"));
        let momentum = self.momentum.map(|m| m.to_string());
        let nesterov = self.nesterov.map(|n| n.to_string());
        [
            ("betas", "b1 and b2, each at least 0, below 1", betas),
            (
                "eps",
                "e, above 0, at most 1",
                self.eps.map(|e| format!("{e:e}")),
            ),
            ("momentum", "b, at least 0, below 1", momentum),
            (
                "nesterov",
                "whether the gradient is added once more to the momentum",
                nesterov,
            ),
        ]
    }
}
