use std::collections::BTreeMap;

use outcrop_measure::{MassiveRule, Meter};

use super::channels::{MassiveActivations, MassiveChannel, Mean};
use crate::{Error, Hook, Published, Result, forward};

/// How massive activations are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FindOptions {
    /// The rule. Default: that of Sun et al.
    pub rule: MassiveRule,
    /// The rule where that finds none in the whole model; none for no other. Default:
    /// [`MassiveRule::TOP`], for small models.
    pub fallback: Option<MassiveRule>,
    /// The share of sequences, 0 to 1, in which a channel holds massive activations at least to count
    /// as one that does. Default: 0.5; an outlier of one sequence is no bias of the model.
    pub recurrence: f64,
}

impl Default for FindOptions {
    fn default() -> Self {
        Self {
            rule: MassiveRule::Sun,
            fallback: Some(MassiveRule::TOP),
            recurrence: 0.5,
        }
    }
}

/// Runs the `sequences` of a calibration through a model and finds its massive activations: the
/// channels that hold them, after every layer, and their means. One forward pass; memory is that of
/// [`forward`] and goes beside it with the number of channels found.
///
/// A model without any, by the rule and by the fallback, is no error: the result has no rule, no
/// channels and no first layer. Scalars that are not finite are never massive.
///
/// # Errors
/// As [`forward`]; [`Error::NoSequences`].
pub fn find_massive(
    model: &Published,
    sequences: &[Vec<u32>],
    options: &FindOptions,
) -> Result<MassiveActivations> {
    if sequences.is_empty() {
        return Err(Error::NoSequences);
    }
    let rules = std::iter::once(options.rule).chain(options.fallback);
    let mut finder = Finder {
        d_model: model.arch().d_model,
        meter: Meter::new(),
        layers: vec![Layer::default(); model.arch().layers],
        found: rules
            .map(|rule| (rule, vec![BTreeMap::new(); model.arch().layers]))
            .collect(),
    };
    forward(model, sequences, &mut finder)?;
    Ok(finder.finish(options.recurrence * sequences.len() as f64))
}

/// The sums of a layer over sequences.
#[derive(Clone, Default)]
struct Layer {
    largest: f64,
    median: f64,
}

/// By channel: what was found there, and the sequence in which it was found last.
type Seen = BTreeMap<u32, (MassiveChannel, usize)>;

struct Finder {
    d_model: usize,
    meter: Meter,
    layers: Vec<Layer>,
    /// By rule and layer.
    found: Vec<(MassiveRule, Vec<Seen>)>,
}

impl Hook for Finder {
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]) {
        let d = self.d_model;
        // a residual stream always has a shape that can be measured
        let Ok(stats) = self.meter.measure(hidden, d) else {
            return;
        };
        let sums = &mut self.layers[layer - 1];
        sums.largest += stats.top[0].map_or(0.0, |top| f64::from(top.magnitude));
        sums.median += stats.median.map_or(0.0, f64::from);
        for (rule, layers) in &mut self.found {
            for top in rule.find(hidden, d, &stats).unwrap_or_default() {
                let (position, channel) = (top.place.position, top.place.channel);
                let value = hidden[position as usize * d + channel as usize];
                see(&mut layers[layer - 1], sequence, position, channel, value);
            }
        }
    }
}

fn see(seen: &mut Seen, sequence: usize, position: u32, channel: u32, value: f32) {
    let empty = MassiveChannel {
        channel,
        sequences: 0,
        first: Mean::default(),
        later: Mean::default(),
    };
    let (found, last) = seen.entry(channel).or_insert((empty, usize::MAX));
    found.sequences += u64::from(*last != sequence);
    *last = sequence;
    match position {
        0 => found.first.add(value),
        _ => found.later.add(value),
    }
}

impl Finder {
    /// Keeps channels that were found in `least` sequences, by the first rule that leaves any.
    fn finish(self, least: f64) -> MassiveActivations {
        let kept = |seen: &Seen| {
            let found = seen.values().map(|(found, _)| *found);
            found
                .filter(|found| found.sequences as f64 >= least)
                .collect::<Vec<_>>()
        };
        for (rule, seen) in &self.found {
            let layers: Vec<_> = seen.iter().map(kept).collect();
            if let Some(first) = first_layer(&layers, &self.layers) {
                return MassiveActivations {
                    rule: Some(*rule),
                    d_model: self.d_model,
                    layers,
                    first: Some(first),
                };
            }
        }
        MassiveActivations::default()
    }
}

/// See [`MassiveActivations::first_layer`].
fn first_layer(layers: &[Vec<MassiveChannel>], sums: &[Layer]) -> Option<usize> {
    let ratio = |layer: usize| sums[layer].largest / sums[layer].median;
    let having = (0..layers.len()).filter(|&layer| !layers[layer].is_empty());
    let peak = having.max_by(|&a, &b| ratio(a).total_cmp(&ratio(b)))?;
    let of_peak = |found: &MassiveChannel| layers[peak].iter().any(|p| p.channel == found.channel);
    let first = layers
        .iter()
        .position(|channels| channels.iter().any(of_peak));
    first.map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Channels of each layer, and the ratio of largest to median there.
    fn first(layers: &[(&[u32], f64)]) -> Option<usize> {
        let channels = layers.iter().map(|(channels, _)| {
            let mut seen = Seen::new();
            let all = channels.iter();
            all.for_each(|&channel| see(&mut seen, 0, 0, channel, 1.0));
            seen.values().map(|(found, _)| *found).collect()
        });
        let sums = layers.iter().map(|&(_, ratio)| Layer {
            largest: 2.0 * ratio,
            median: 2.0,
        });
        first_layer(&channels.collect::<Vec<_>>(), &sums.collect::<Vec<_>>())
    }

    #[test]
    fn the_first_layer_has_a_channel_of_the_peak() {
        let embedding: (&[u32], f64) = (&[3], 40.0);
        let (middle, last): (&[u32], &[u32]) = (&[7, 133], &[133]);
        let nothing: (&[u32], f64) = (&[], 9000.0);
        assert_eq!(
            first(&[embedding, (middle, 900.0), (last, 2000.0)]),
            Some(2)
        );
        assert_eq!(
            first(&[embedding, (&[3, 7], 900.0), (middle, 2000.0)]),
            Some(2)
        );
        assert_eq!(first(&[embedding, nothing, (middle, 30.0)]), Some(1));
        assert_eq!(first(&[nothing]), None);
        assert_eq!(first(&[]), None);
    }
}
