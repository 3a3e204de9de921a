use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use burn::tensor::Tensor;
use outcrop_core::LayerStats;
use outcrop_measure::Meters;

use crate::{Error, HiddenSequences, Numbers, Result, Tap, TapPoint, TapSequences};

/// A [`Tap`] that measures the residual stream after every block: top-3 magnitudes with their
/// places, lower median and non-finite count of each sequence.
#[derive(Debug, Default)]
pub struct StatsTap {
    /// How many positions at the beginning of each sequence are not measured.
    left_out: usize,
    /// The block that runs: its layer, and how many ran before it.
    layer: usize,
    block: usize,
    found: Mutex<Vec<Found>>,
}

/// Of sequences that were measured together.
#[derive(Debug)]
struct Found {
    block: usize,
    first: usize,
    stats: Result<Vec<LayerStats>>,
}

thread_local! {
    static METERS: RefCell<Meters> = RefCell::default();
}

impl StatsTap {
    /// A tap that has measured nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that leaves out the first `count` positions of every sequence, such as registers: its places count from the
    /// position behind them.
    pub fn without(count: usize) -> Self {
        Self {
            left_out: count,
            ..Self::default()
        }
    }

    /// What was measured: for each layer (index 0 is layer 1) one entry per sequence.
    ///
    /// # Errors
    /// [`Error::Measure`] or [`Error::Device`] where a hidden state could not be read.
    pub fn into_stats(self) -> Result<Vec<Vec<LayerStats>>> {
        let found = self.found.into_inner();
        let mut found = found.unwrap_or_else(PoisonError::into_inner);
        found.sort_by_key(|found| (found.block, found.first));
        let mut layers = vec![Vec::new(); self.block];
        for Found { block, stats, .. } in found {
            layers[block - 1].append(&mut stats?);
        }
        Ok(layers)
    }

    fn enter(&mut self, layer: usize) {
        self.layer = layer;
        self.block += 1;
    }

    fn keep(&self, first: usize, stats: Result<Vec<LayerStats>>) {
        let block = self.block;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push(Found {
            block,
            first,
            stats,
        });
    }
}

impl TapSequences for StatsTap {
    fn tap_sequences(&self, sequences: HiddenSequences<'_>) {
        let layer = self.layer;
        let size = sequences.positions * sequences.d_model;
        let each = sequences.hidden.chunks_exact(size);
        let stats = METERS.with_borrow_mut(|meters| {
            let first = self.left_out * sequences.d_model;
            let measure =
                |hidden: &[f32]| meters.measure(layer, &hidden[first..], sequences.d_model);
            each.map(measure).collect::<std::result::Result<_, _>>()
        });
        let stats = stats.map_err(|source| Error::Measure { layer, source });
        self.keep(sequences.first, stats);
    }
}

impl Tap for StatsTap {
    fn tap(&mut self, layer: usize, _: TapPoint, hidden: &Tensor<3>) {
        self.enter(layer);
        let [_, positions, d_model] = hidden.dims();
        match Numbers::of(hidden.clone()) {
            Ok(numbers) => self.tap_sequences(HiddenSequences {
                first: 0,
                hidden: numbers.as_slice(),
                positions,
                d_model,
            }),
            Err(error) => self.keep(0, Err(error)),
        }
    }

    fn sequences(&mut self, layer: usize) -> Option<&dyn TapSequences> {
        self.enter(layer);
        Some(self)
    }
}
