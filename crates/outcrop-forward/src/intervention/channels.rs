use outcrop_core::Place;
use outcrop_measure::MassiveRule;

/// The mean of some scalars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    pub(super) fn add(&mut self, value: f32) {
        self.sum += f64::from(value);
        self.count += 1;
    }

    /// Number of scalars.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean, with its sign; none of none.
    pub fn value(&self) -> Option<f32> {
        (self.count > 0).then(|| (self.sum / self.count as f64) as f32)
    }
}

/// A channel of the residual stream after one layer that holds massive activations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MassiveChannel {
    /// The channel, from 0, below d_model.
    pub channel: u32,
    /// In how many sequences of the calibration it holds any.
    pub sequences: u64,
    /// Those at position 0.
    pub first: Mean,
    /// Those at later positions, of delimiters mostly. Apart from the first, which attends to itself
    /// alone and so has values of its own: one mean of both would be neither.
    pub later: Mean,
}

impl MassiveChannel {
    /// The value that a massive activation at `position` is set to: the mean of those at position 0 or of the
    /// later ones; the other mean where the calibration had none there.
    pub fn mean_at(&self, position: u32) -> Option<f32> {
        let (own, other) = match position {
            0 => (self.first, self.later),
            _ => (self.later, self.first),
        };
        own.value().or_else(|| other.value())
    }
}

/// The massive activations of a model as [`find_massive`](super::find_massive) found them: the channels
/// that hold them after each layer, with their means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MassiveActivations {
    pub(super) rule: Option<MassiveRule>,
    pub(super) d_model: usize,
    /// From layer 1 on, channels ascending.
    pub(super) layers: Vec<Vec<MassiveChannel>>,
    pub(super) first: Option<usize>,
}

impl MassiveActivations {
    /// The rule by which they were found; none where no rule found any.
    pub fn rule(&self) -> Option<MassiveRule> {
        self.rule
    }

    /// The channels of a layer (from 1), ascending; none where there are none, or no such layer.
    pub fn channels(&self, layer: usize) -> &[MassiveChannel] {
        let index = layer.checked_sub(1);
        index
            .and_then(|index| self.layers.get(index))
            .map_or(&[], Vec::as_slice)
    }

    /// The layer (from 1) where they first appear: the first that has one of the channels of the layer
    /// whose mean largest magnitude is the largest multiple of the mean median (Eq. 8 of arXiv
    /// 2508.03616). An outlier of the embedding in a channel of its own, which later layers do not carry
    /// on, so is not taken for them. None where nothing was found.
    pub fn first_layer(&self) -> Option<usize> {
        self.first
    }

    /// What [`find_massive`](super::find_massive) found at a place after a layer; none where it found
    /// nothing in that channel.
    pub(super) fn at(&self, layer: usize, place: Place) -> Option<&MassiveChannel> {
        let channels = self.channels(layer);
        let index = channels.binary_search_by_key(&place.channel, |c| c.channel);
        index.ok().map(|index| &channels[index])
    }
}
