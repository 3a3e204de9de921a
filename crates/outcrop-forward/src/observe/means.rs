//! The mean over positions of each sequence's hidden state, layer by layer: one vector a sequence.

use outcrop_observe::{Collector, Companion, Found, Result, Sample, Site, View};

use super::annotations::Annotations;

/// Means by layer, the embedding first, [sequences, d_model] each.
#[derive(Clone, Debug, Default)]
pub(super) struct Means {
    d_model: usize,
    layers: Vec<Vec<f32>>,
}

impl Means {
    pub(super) fn new(layers: usize, sequences: usize, d_model: usize) -> Self {
        Self {
            d_model,
            layers: vec![vec![0.0; sequences * d_model]; layers + 1],
        }
    }

    /// Takes in `hidden` [positions, d_model] of a sequence after a layer.
    pub(super) fn add(&mut self, layer: usize, sequence: usize, hidden: View<'_>) {
        let means = &mut self.layers[layer][sequence * self.d_model..][..self.d_model];
        for (to, mean) in means.iter_mut().zip(hidden.column_means()) {
            *to = mean as f32;
        }
    }

    /// What the sequences of each layer from 1 on give.
    pub(super) fn found(
        &self,
        collector: &Collector,
        given: &Annotations,
    ) -> Result<Vec<(u32, Vec<Found>)>> {
        let view = |rows| View::new(rows, self.d_model);
        let [embedding, layers @ ..] = self.layers.as_slice() else {
            return Ok(Vec::new());
        };
        let found = layers.iter().enumerate().map(|(at, rows)| {
            let mut sample = given.of_sequences(Sample::new(view(rows)?))?;
            sample = sample.with(Companion::Inputs, view(embedding)?)?;
            if let Some(last) = layers.last() {
                sample = sample.with(Companion::LastLayer, view(last)?)?;
            }
            Ok((at as u32 + 1, collector.found(Site::Sequences, &sample)))
        });
        found.collect()
    }
}
