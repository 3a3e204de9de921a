use std::collections::BTreeMap;

use outcrop_core::Measurement;

/// More layers than any model has: a mistyped layer must not make a figure endless.
pub(crate) const MOST_LAYERS: u32 = 4096;

/// Means over sequences of one (model, layer, step).
#[derive(Clone, Copy)]
pub(crate) struct Means {
    /// The three largest magnitudes, in descending order.
    pub(crate) top: [f64; 3],
    pub(crate) median: f64,
}

/// The means of all (model, layer, step) that have top-3 magnitudes and a median, with layers from 1
/// to [`MOST_LAYERS`].
pub(crate) struct MeanTable<'a>(BTreeMap<(&'a str, u32, u64), Means>);

impl<'a> MeanTable<'a> {
    pub(crate) fn new(measurements: impl IntoIterator<Item = &'a Measurement>) -> Self {
        let mut sums: BTreeMap<_, ([f64; 4], f64)> = BTreeMap::new();
        for m in measurements {
            let [Some(a), Some(b), Some(c)] = m.stats.top else {
                continue;
            };
            let Some(median) = m.stats.median else {
                continue;
            };
            let row = [a.magnitude, b.magnitude, c.magnitude, median];
            let (sum, n) = sums.entry((m.model.as_str(), m.layer, m.step)).or_default();
            for (s, value) in sum.iter_mut().zip(row) {
                *s += f64::from(value);
            }
            *n += 1.0;
        }
        sums.retain(|(_, layer, _), _| (1..=MOST_LAYERS).contains(layer));
        let mean = |([a, b, c, median], n): ([f64; 4], f64)| Means {
            top: [a / n, b / n, c / n],
            median: median / n,
        };
        let sums = sums.into_iter();
        Self(sums.map(|(key, sum)| (key, mean(sum))).collect())
    }

    /// The means of `model` at one layer, by step.
    pub(crate) fn of_layer(&self, model: &'a str, layer: u32) -> Vec<(u64, Means)> {
        let range = self.0.range((model, layer, 0)..=(model, layer, u64::MAX));
        range.map(|(key, means)| (key.2, *means)).collect()
    }

    /// The means of `model` at one step, by layer.
    pub(crate) fn profile(&self, model: &'a str, step: u64) -> Vec<(u32, Means)> {
        let range = self.0.range((model, 0, 0)..=(model, u32::MAX, u64::MAX));
        let at_step = range.filter(|(key, _)| key.2 == step);
        at_step.map(|(key, means)| (key.1, *means)).collect()
    }
}
