use burn::tensor::{Device, Int, Tensor};
use outcrop_core::{Detail, LayerStats, Measurement};
use outcrop_model::{StatsTap, Transformer, ids};

use crate::data::Batch;
use crate::{Error, Result};

/// Sequences that are run through the model at once while measuring.
const AT_ONCE: usize = 10;

/// The fixed held-out sequences on which a run is measured.
pub(crate) struct HeldOut {
    parts: Vec<(Tensor<2, Int>, Tensor<2, Int>)>,
    /// How many positions of hidden states, the first, are not measured.
    left_out: usize,
    /// The targets that count; none for all.
    counted: Vec<usize>,
}

/// The result of one measurement.
pub(crate) struct Measured {
    pub(crate) loss: f64,
    pub(crate) rows: Vec<Measurement>,
}

impl HeldOut {
    pub(crate) fn new(
        batch: &Batch,
        left_out: usize,
        counted: Vec<usize>,
        device: &Device,
    ) -> Self {
        let row = AT_ONCE * batch.context;
        let parts = batch.inputs.chunks(row).zip(batch.targets.chunks(row));
        let tensor = |tokens: &[u32]| {
            ids(
                tokens,
                [tokens.len() / batch.context, batch.context],
                device,
            )
        };
        Self {
            parts: parts.map(|(x, y)| (tensor(x), tensor(y))).collect(),
            left_out,
            counted,
        }
    }

    /// Loss and statistics of every layer; `model` has no autodiff.
    pub(crate) fn measure(&self, model: &Transformer, name: &str, step: u64) -> Result<Measured> {
        let (mut loss, mut sequences, mut rows) = (0.0, 0, Vec::new());
        for (x, y) in &self.parts {
            let count = x.dims()[0];
            let mut tap = StatsTap::without(self.left_out);
            let of_part = model.loss_at(x.clone(), y.clone(), &self.counted, &mut tap);
            loss += value(of_part)? * count as f64;
            for (layer, stats) in tap.into_stats()?.into_iter().enumerate() {
                rows.extend(
                    stats
                        .into_iter()
                        .enumerate()
                        .map(|(sequence, stats)| Measurement {
                            model: name.to_owned(),
                            step,
                            sequence: (sequences + sequence) as u32,
                            layer: layer as u32 + 1,
                            stats,
                            detail: Detail::default(),
                            suspect: None,
                            stage: None,
                        }),
                );
            }
            sequences += count;
        }
        rows.sort_by_key(|r| (r.sequence, r.layer));
        Ok(Measured {
            loss: loss / sequences as f64,
            rows,
        })
    }
}

/// Where the first non-finite hidden state of `model` on `x` stands, in words.
pub(crate) fn first_non_finite(model: &Transformer, x: Tensor<2, Int>) -> Result<String> {
    let mut tap = StatsTap::new();
    model.forward(x, &mut tap);
    let stats = tap.into_stats()?;
    let place = |(layer, sequences): (usize, &Vec<LayerStats>)| {
        let mut places = sequences.iter().enumerate();
        places.find_map(|(s, stats)| stats.first_non_finite.map(|p| (layer + 1, s, p)))
    };
    let first = stats.iter().enumerate().find_map(place);
    Ok(first.map_or_else(String::new, |(layer, sequence, p)| {
        let (position, channel) = (p.position, p.channel);
        format!("; the first non-finite scalar is in layer {layer}, sequence {sequence}, position {position}, channel {channel}")
    }))
}

/// A scalar tensor as a number.
pub(crate) fn value(tensor: Tensor<1>) -> Result<f64> {
    let value: Result<f32, _> = tensor.try_into_scalar();
    value
        .map(f64::from)
        .map_err(|e| Error::Device(format!("{e:?}")))
}
