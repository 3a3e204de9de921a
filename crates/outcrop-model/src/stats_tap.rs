use burn::tensor::Tensor;
use outcrop_core::LayerStats;
use outcrop_measure::Meter;
use rayon::prelude::*;

use crate::{Error, Numbers, Result, Tap, TapPoint};

/// Scalars that are measured sooner than another thread wakes up.
const SMALL: usize = 1 << 15;

/// A [`Tap`] that measures the residual stream after every block: top-3 magnitudes with their
/// places, lower median and non-finite count of each sequence. The threads of the current rayon pool share the
/// sequences.
#[derive(Debug, Default)]
pub struct StatsTap {
    /// One for each share of the sequences.
    meters: Vec<Meter>,
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
        let (scalars, one) = (numbers.as_slice(), positions * d_model);
        let sequences = scalars.len() / one.max(1);
        let shares = match scalars.len() < SMALL {
            true => 1,
            false => rayon::current_num_threads().min(sequences),
        };
        let share = (one * sequences.div_ceil(shares.max(1))).max(1);
        self.meters
            .resize_with(shares.max(self.meters.len()), Meter::default);
        let measure = |(share, meter): (&[f32], &mut Meter)| {
            let sequences = share.chunks_exact(one);
            let stats = sequences.map(|sequence| meter.measure(sequence, d_model));
            stats.collect::<Result<Vec<_>, _>>()
        };
        let shares = scalars.par_chunks(share).zip(&mut self.meters);
        let stats = shares.map(measure).collect::<Result<Vec<_>, _>>();
        let stats = stats.map_err(|source| Error::Measure { layer, source })?;
        Ok(stats.into_iter().flatten().collect())
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

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::Backend;
    use burn::tensor::TensorData;

    /// Seven sequences of 96 x 64 scalars, shared by up to five threads.
    #[test]
    #[expect(clippy::unwrap_used, reason = "a test")]
    fn every_sequence_is_measured_whoever_does_it() {
        let (sequences, positions, d_model) = (7, 96, 64);
        let count = sequences * positions * d_model;
        let scalar = |i: usize| ((i * i % 7919) as f32 * 0.37).sin() * (1 + i % 13) as f32;
        let scalars: Vec<f32> = (0..count).map(scalar).collect();
        let mut meter = Meter::default();
        let alone = scalars.chunks(positions * d_model);
        let alone: Vec<LayerStats> = alone.map(|s| meter.measure(s, d_model).unwrap()).collect();
        let device = Backend::Flex.device().unwrap();
        let data = TensorData::new(scalars, [sequences, positions, d_model]);
        let hidden = Tensor::<3>::from_data(data, &device);
        for threads in [1, 2, 3, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let mut tap = StatsTap::new();
            pool.build().unwrap().install(|| {
                tap.tap(0, TapPoint::ResidPost, &hidden);
                tap.tap(1, TapPoint::ResidPost, &hidden);
            });
            assert_eq!(tap.into_stats().unwrap(), [alone.clone(), alone.clone()]);
        }
    }
}
