use outcrop_core::SetTo;
use outcrop_measure::Meter;

use super::channels::MassiveActivations;
use crate::Hook;

/// A hook that sets massive activations to zero or to their mean, in the residual stream after a block,
/// so that all later blocks and the loss see what was set.
///
/// Positions are found while it runs, by the rule that found the channels: on any sequence, a scalar is
/// set if it is massive in that sequence's residual stream, as earlier blocks and earlier changes left
/// it, and stands in a channel that was found after the same layer. A scalar that was set to zero and
/// that no later block writes again is therefore not set again.
///
/// ```
/// use outcrop_core::SetTo;
/// use outcrop_forward::{FindOptions, Intervene, Published, find_massive, forward};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interventions/llama");
/// let model = Published::open(folder.as_ref())?;
/// let massive = find_massive(&model, &[vec![0, 23, 16]], &FindOptions::default())?;
/// let mut hook = Intervene::new(&massive, SetTo::Zero, massive.first_layer());
/// forward(&model, &[vec![0, 30, 23, 16]], &mut hook)?;
/// assert_eq!(hook.scalars(), 2); // channels 7 and 13 of the first token
/// # Ok::<(), outcrop_forward::Error>(())
/// ```
#[derive(Debug)]
pub struct Intervene<'a> {
    massive: &'a MassiveActivations,
    set: SetTo,
    layer: Option<usize>,
    meter: Meter,
    scalars: u64,
}

impl<'a> Intervene<'a> {
    /// Sets what is massive after `layer` (from 1), or after every layer where that is none.
    pub fn new(massive: &'a MassiveActivations, set: SetTo, layer: Option<usize>) -> Self {
        Self {
            massive,
            set,
            layer,
            meter: Meter::new(),
            scalars: 0,
        }
    }

    /// How many scalars were set so far, over sequences and layers.
    pub fn scalars(&self) -> u64 {
        self.scalars
    }

    /// Whether it may set something after `layer`.
    pub(super) fn sets_at(&self, layer: usize) -> bool {
        let chosen = self.layer.is_none_or(|chosen| chosen == layer);
        chosen && self.set != SetTo::None && !self.massive.channels(layer).is_empty()
    }
}

impl Hook for Intervene<'_> {
    fn residual(&mut self, layer: usize, _sequence: usize, hidden: &mut [f32]) {
        let (massive, d) = (self.massive, self.massive.d_model);
        let Some(rule) = massive.rule.filter(|_| self.sets_at(layer)) else {
            return;
        };
        // nothing is found in a stream of another width, which is that of another model
        let stats = self.meter.measure(hidden, d);
        let found = stats.and_then(|stats| rule.find(hidden, d, &stats));
        for place in found.unwrap_or_default().iter().map(|top| top.place) {
            let Some(channel) = massive.at(layer, place) else {
                continue;
            };
            let value = match self.set {
                SetTo::Mean => channel.mean_at(place.position),
                SetTo::Zero => Some(0.0),
                SetTo::None => None,
            };
            if let Some(value) = value {
                hidden[place.position as usize * d + place.channel as usize] = value;
                self.scalars += 1;
            }
        }
    }
}
