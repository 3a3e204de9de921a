use crate::BlockPlace;
use outcrop_observe::{Compute, Observable, Site};

use super::{Annotations, LensPositions, ObserveOptions};

/// Observables that need more than their tensor, by their names.
const TURNOVER: &str = "channel_turnover";
const SIMILARITY: &str = "token_similarity";
const WRITE: &str = "write";
const CKA: &str = "cka";
const CKA_STEPS: &str = "cka_steps";
const ALIGNMENT: &str = "kernel_alignment";

/// Observables that compare a step with others of its series, by name.
pub const ACROSS_STEPS: [&str; 2] = [TURNOVER, CKA_STEPS];

/// The places of a block that a stream keeps.
pub(super) const PLACES: [(Site, BlockPlace); 6] = [
    (Site::AttentionInput, BlockPlace::AttentionInput),
    (Site::AttentionWrite, BlockPlace::AttentionWrite),
    (Site::MlpInput, BlockPlace::MlpInput),
    (Site::Gate, BlockPlace::Gate),
    (Site::MlpHidden, BlockPlace::MlpHidden),
    (Site::MlpWrite, BlockPlace::MlpWrite),
];

/// What the chosen observables need.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) observables: Vec<&'static Observable>,
    /// Whether rows of single sequences are asked for.
    pub(super) sequences: bool,
    /// Whether top channels are compared with those of the step before.
    pub(super) channels: bool,
    /// Whether kernels are compared with those of earlier steps.
    pub(super) kernels: bool,
    /// Labels and targets.
    pub(super) annotations: Annotations,
    /// Whether positions that are sinks are asked for.
    pub(super) sinks: bool,
    /// Whether writes are compared with the residual stream.
    pub(super) streams: bool,
    /// Whether layers are compared with the last, so that all are kept until then.
    pub(super) last_layer: bool,
    /// Whether layers are compared with the embedding.
    pub(super) inputs: bool,
    /// At which positions the logit lens looks, where it does.
    pub(super) lens: Option<LensPositions>,
}

impl Wanted {
    pub(super) fn new(options: &ObserveOptions) -> Self {
        let has = |name: &str| options.observables.iter().any(|one| one.name == name);
        Self {
            observables: options.observables.clone(),
            sequences: options.sequences,
            channels: has(TURNOVER),
            kernels: has(CKA_STEPS),
            annotations: options.annotations.clone(),
            sinks: has(SIMILARITY),
            streams: has(WRITE),
            last_layer: has(CKA),
            inputs: has(ALIGNMENT),
            lens: options.lens(),
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.observables.is_empty()
    }

    /// Whether any observable is meant for this place.
    pub(super) fn at(&self, site: Site) -> bool {
        self.observables.iter().any(|one| one.sites.contains(&site))
    }

    /// Whether an observable needs attention weights themselves.
    pub(super) fn weights(&self) -> bool {
        let at = |one: &&&Observable| one.sites.contains(&Site::AttentionWeights);
        let mut of_weights = self.observables.iter().filter(at);
        of_weights.any(|one| !matches!(one.compute, Compute::Attention(_)))
    }

    /// Whether what attention weights add up to is enough of them.
    pub(super) fn adds_up(&self) -> bool {
        (self.sinks || self.at(Site::AttentionWeights)) && !self.weights()
    }

    /// Whether logits are asked for.
    pub(super) fn logits(&self) -> bool {
        let logits = [Site::Logits, Site::LogitsWithoutNorm, Site::LogitsInt8];
        logits.into_iter().any(|site| self.at(site))
    }

    /// Whether whole residual streams after the last layer are needed: their logits are compared with others.
    pub(super) fn last_streams(&self) -> bool {
        self.at(Site::LogitsInt8) || self.lens == Some(LensPositions::All)
    }

    /// The places that a stream is to keep.
    pub(super) fn places(&self) -> Vec<BlockPlace> {
        let wanted = PLACES.iter().filter(|(site, _)| self.at(*site));
        let kept = wanted.filter(|(site, _)| !self.is_watched(*site));
        let mut places: Vec<_> = kept.map(|(_, place)| *place).collect();
        if self.streams {
            places.extend([
                BlockPlace::AttentionStreamSquares,
                BlockPlace::MlpStreamSquares,
            ]);
        }
        places
    }

    /// The places whose rows are looked at where they are computed.
    pub(super) fn watched(&self) -> Vec<BlockPlace> {
        let watched = PLACES.iter().filter(|(site, _)| self.is_watched(*site));
        watched.map(|(_, place)| *place).collect()
    }

    /// Whether only the magnitudes of a wide place are asked for, of which keeping all rows costs most.
    fn is_watched(&self, site: Site) -> bool {
        let mut at = self
            .observables
            .iter()
            .filter(|one| one.sites.contains(&site));
        let is_wide = [Site::Gate, Site::MlpHidden].contains(&site);
        is_wide && self.at(site) && at.all(|one| matches!(one.compute, Compute::Magnitudes(_)))
    }

    /// Where the squares of the residual stream are to which the tensor of a place is added.
    pub(super) fn stream_of(&self, site: Site) -> Option<BlockPlace> {
        match site {
            Site::AttentionWrite if self.streams => Some(BlockPlace::AttentionStreamSquares),
            Site::MlpWrite if self.streams => Some(BlockPlace::MlpStreamSquares),
            _ => None,
        }
    }

    /// Whether top channels are compared at this place.
    pub(super) fn channels_at(&self, site: Site) -> bool {
        let turnover = |one: &&&Observable| one.name == TURNOVER;
        let at = |one: &&Observable| one.sites.contains(&site);
        self.observables.iter().find(turnover).is_some_and(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_more_is_in_the_list() {
        for name in [TURNOVER, SIMILARITY, WRITE, CKA, CKA_STEPS, ALIGNMENT] {
            let one = outcrop_observe::named(name);
            assert!(one.is_some_and(|one| !one.needs.is_empty()), "{name}");
        }
    }
}
