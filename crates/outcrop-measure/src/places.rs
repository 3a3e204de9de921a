//! Which (position, channel) pairs persist over layers and steps.

use std::collections::{BTreeMap, BTreeSet};

use outcrop_core::{Measurement, PersistentPlace};

/// Follows where the largest three magnitudes stand. Memory goes with the number of different places,
/// not with that of measurements.
///
/// ```
/// use outcrop_core::table;
/// use outcrop_measure::Places;
///
/// let csv = "model,step,sequence,layer,top1,top2,top3,median,top1_position,top1_channel\n\
///            m,0,0,1,3,2,1,0.5,4,7\nm,8,0,1,90,2,1,0.5,0,3\nm,8,0,2,95,2,1,0.5,0,3\n";
/// let mut places = Places::new();
/// table::measurements_from(csv.as_bytes(), "example")?.rows.iter().for_each(|m| places.add(m));
/// let rows = places.finish();
/// let at = |p: u32, c: u32| rows.iter().find(|r| (r.position, r.channel) == (p, c));
/// let persistent = at(0, 3).expect("two layers have it");
/// assert_eq!((persistent.layers, persistent.steps, persistent.largest), (2, 1, 95.0));
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Places {
    models: BTreeMap<String, Model>,
}

#[derive(Clone, Debug, Default)]
struct Model {
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
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one hidden state.
    pub fn add(&mut self, measurement: &Measurement) {
        let m = measurement;
        let model = self.models.entry(m.model.clone()).or_default();
        model.cells += 1;
        count_last(m.step, &mut model.last_step, &mut model.last_cells);
        for (top, token) in m.stats.top.iter().zip(m.detail.tokens) {
            let Some(top) = top else { continue };
            let place = (top.place.position, top.place.channel);
            let seen = model.places.entry(place).or_default();
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

fn row(name: &str, model: &Model, (position, channel): (u32, u32), seen: &Seen) -> PersistentPlace {
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
