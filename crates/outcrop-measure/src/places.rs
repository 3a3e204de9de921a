//! Which (position, channel) pairs persist over layers and steps. Most places are noise and are seen
//! once; so a first pass counts them all in little memory, and a second one follows the few that
//! persist.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use outcrop_core::{Measurement, PersistentPlace};

/// How often each place is among the largest three magnitudes: the first pass over measurements.
///
/// ```
/// use outcrop_core::table;
/// use outcrop_measure::PlaceCounts;
///
/// let csv = "model,step,sequence,layer,top1,top2,top3,median,top1_position,top1_channel\n\
///            m,0,0,1,3,2,1,0.5,4,7\nm,8,0,1,90,2,1,0.5,0,3\nm,8,0,2,95,2,1,0.5,0,3\n";
/// let rows = table::measurements_from(csv.as_bytes(), "example")?.rows;
/// let mut counts = PlaceCounts::new();
/// rows.iter().for_each(|m| counts.add(m));
/// let mut places = counts.most_persistent(1);
/// rows.iter().for_each(|m| places.add(m));
/// let [persistent] = &places.finish()[..] else { panic!("one was asked for") };
/// assert_eq!((persistent.position, persistent.channel), (0, 0)); // top2 and top3 have no places here
/// assert_eq!((persistent.layers, persistent.steps, persistent.cells), (2, 2, 6));
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlaceCounts {
    models: BTreeMap<String, HashMap<(u32, u32), u64>>,
}

impl PlaceCounts {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one hidden state.
    pub fn add(&mut self, measurement: &Measurement) {
        if !self.models.contains_key(&measurement.model) {
            self.models
                .insert(measurement.model.clone(), HashMap::new());
        }
        let Some(counts) = self.models.get_mut(&measurement.model) else {
            return;
        };
        for top in measurement.stats.top.iter().flatten() {
            *counts
                .entry((top.place.position, top.place.channel))
                .or_default() += 1;
        }
    }

    /// Follows the `most` most frequent places of each model in a second pass, of equally frequent
    /// ones the first in the sequence.
    pub fn most_persistent(&self, most: usize) -> Places {
        let chosen = |counts: &HashMap<(u32, u32), u64>| {
            let mut places: Vec<_> = counts
                .iter()
                .map(|(place, n)| (Reverse(*n), *place))
                .collect();
            places.sort_unstable();
            let first = places.into_iter().take(most);
            Tally {
                places: first.map(|(_, place)| (place, Seen::default())).collect(),
                ..Tally::default()
            }
        };
        let models = self
            .models
            .iter()
            .map(|(name, counts)| (name.clone(), chosen(counts)));
        Places {
            models: models.collect(),
        }
    }
}

/// Follows chosen places over steps, layers and sequences; made by [`PlaceCounts::most_persistent`].
#[derive(Clone, Debug, Default)]
pub struct Places {
    models: BTreeMap<String, Tally>,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    cells: u64,
    last_step: u64,
    /// Cells of the last step.
    last_cells: u64,
    places: BTreeMap<(u32, u32), Seen>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    cells: u64,
    last_step: u64,
    last_cells: u64,
    steps: BTreeSet<u64>,
    layers: BTreeSet<u32>,
    sequences: BTreeSet<u32>,
    tokens: BTreeSet<Option<u32>>,
    largest: f32,
}

impl Places {
    /// Takes in one hidden state, as the first pass did.
    pub fn add(&mut self, measurement: &Measurement) {
        let m = measurement;
        let Some(model) = self.models.get_mut(&m.model) else {
            return;
        };
        model.cells += 1;
        count_last(m.step, &mut model.last_step, &mut model.last_cells);
        for (top, token) in m.stats.top.iter().zip(m.detail.tokens) {
            let Some(top) = top else { continue };
            let place = (top.place.position, top.place.channel);
            let Some(seen) = model.places.get_mut(&place) else {
                continue;
            };
            seen.cells += 1;
            count_last(m.step, &mut seen.last_step, &mut seen.last_cells);
            seen.steps.insert(m.step);
            seen.layers.insert(m.layer);
            seen.sequences.insert(m.sequence);
            // two say as much as more: not the same everywhere
            if seen.tokens.len() < 2 {
                seen.tokens.insert(token);
            }
            seen.largest = seen.largest.max(top.magnitude);
        }
    }

    /// The places of each model, the most persistent first.
    pub fn finish(&self) -> Vec<PersistentPlace> {
        let mut rows = Vec::new();
        for (name, model) in &self.models {
            let mut of_model: Vec<_> = model
                .places
                .iter()
                .map(|(place, seen)| row(name, model, *place, seen))
                .collect();
            of_model.sort_by(|a, b| b.cells.cmp(&a.cells).then(b.largest.total_cmp(&a.largest)));
            rows.extend(of_model);
        }
        rows
    }
}

/// Counts what belongs to the latest step so far.
fn count_last(step: u64, last: &mut u64, count: &mut u64) {
    if step > *last {
        (*last, *count) = (step, 0);
    }
    *count += u64::from(step == *last);
}

fn row(name: &str, model: &Tally, (position, channel): (u32, u32), seen: &Seen) -> PersistentPlace {
    let at_last = match seen.last_step == model.last_step {
        true => seen.last_cells,
        false => 0,
    };
    PersistentPlace {
        model: name.to_owned(),
        position,
        channel,
        token: match seen.tokens.first() {
            Some(token) if seen.tokens.len() == 1 => *token,
            _ => None,
        },
        cells: seen.cells,
        share: seen.cells as f64 / model.cells as f64,
        share_of_last_step: at_last as f64 / model.last_cells as f64,
        sequences: seen.sequences.len() as u64,
        layers: seen.layers.len() as u64,
        first_layer: seen.layers.first().copied().unwrap_or_default(),
        last_layer: seen.layers.last().copied().unwrap_or_default(),
        steps: seen.steps.len() as u64,
        first_step: seen.steps.first().copied().unwrap_or_default(),
        last_step: seen.steps.last().copied().unwrap_or_default(),
        largest: seen.largest,
    }
}
