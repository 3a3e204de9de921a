use burn::tensor::Tensor;
use outcrop_core::LayerStats;
use outcrop_measure::Meter;

use crate::{Error, Numbers, Result, Tap, TapPoint};

/// A [`Tap`] that measures the residual stream after every block: top-3 magnitudes with their
/// places, lower median and non-finite count of each sequence.
#[derive(Debug, Default)]
pub struct StatsTap {
    meter: Meter,
    layers: Vec<Vec<LayerStats>>,
    failed: Option<Error>,
}

impl StatsTap {
    /// A tap that has measured nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was measured: for each layer (index 0 is layer 1) one entry per sequence.
    ///
    /// # Errors
    /// [`Error::Measure`] or [`Error::Device`] where a hidden state could not be read.
    pub fn into_stats(self) -> Result<Vec<Vec<LayerStats>>> {
        match self.failed {
            Some(error) => Err(error),
            None => Ok(self.layers),
        }
    }

    fn measure(&mut self, layer: usize, hidden: &Tensor<3>) -> Result<Vec<LayerStats>> {
        let [_, positions, d_model] = hidden.dims();
        let numbers = Numbers::of(hidden.clone())?;
        let sequences = numbers.as_slice().chunks_exact(positions * d_model);
        let mut stats = Vec::with_capacity(sequences.len());
        for sequence in sequences {
            let of_one = self.meter.measure(sequence, d_model);
            stats.push(of_one.map_err(|source| Error::Measure { layer, source })?);
        }
        Ok(stats)
    }
}

impl Tap for StatsTap {
    fn tap(&mut self, layer: usize, _: TapPoint, hidden: &Tensor<3>) {
        if self.failed.is_some() {
            return;
        }
        match self.measure(layer, hidden) {
            Ok(stats) => self.layers.push(stats),
            Err(error) => self.failed = Some(error),
        }
    }
}
