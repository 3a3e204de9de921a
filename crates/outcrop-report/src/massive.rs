//! Whether models hold massive activations where they were measured last.

use std::collections::BTreeMap;
use std::fmt;

use outcrop_core::{MASSIVE_MAGNITUDE, MASSIVE_RATIO, Measurement, TOP_RATIO};

/// Whether a model holds massive activations at its last measured step: in some layer the largest magnitude
/// is massive in at least half of the sequences. Suspect steps do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Massive {
    /// By the rule of Sun et al. (arXiv 2402.17762): above 100 and at least 1000 times the median.
    pub sun: bool,
    /// By the fallback rule, for models in which nothing reaches that: at least 20 times the median.
    pub fallback: bool,
}

/// How many models hold massive activations; `Display` says it in words, with the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MassiveModels {
    /// Models with measurements.
    pub measured: usize,
    /// How many of them do by the rule of Sun et al.
    pub sun: usize,
    /// How many of them do by the fallback rule.
    pub fallback: usize,
}

impl MassiveModels {
    /// Counts; none where no model has measurements.
    pub(crate) fn count(models: impl IntoIterator<Item = Massive>) -> Option<Self> {
        let mut count = Self::default();
        for model in models {
            count.measured += 1;
            count.sun += usize::from(model.sun);
            count.fallback += usize::from(model.fallback);
        }
        (count.measured > 0).then_some(count)
    }
}

impl fmt::Display for MassiveModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "massive activations at the last measured step: {} of {} models by the rule of Sun et al. (above \
             {MASSIVE_MAGNITUDE} and at least {MASSIVE_RATIO} times the median), {} by the fallback rule (at \
             least {TOP_RATIO} times the median)",
            self.sun, self.measured, self.fallback
        )
    }
}

/// Sequences of a layer: all, and those whose largest magnitude is massive by either rule.
#[derive(Default)]
struct Sequences {
    all: usize,
    sun: usize,
    fallback: usize,
}

/// Every model that has measurements.
pub(crate) fn by_model(measurements: &[Measurement]) -> BTreeMap<&str, Massive> {
    let mut last: BTreeMap<&str, (u64, BTreeMap<u32, Sequences>)> = BTreeMap::new();
    for row in measurements.iter().filter(|row| row.suspect.is_none()) {
        let (step, layers) = last.entry(&row.model).or_default();
        if row.step > *step {
            (*step, *layers) = (row.step, BTreeMap::new());
        }
        if let (true, Some(top)) = (row.step == *step, row.stats.top[0]) {
            let of_layer = layers.entry(row.layer).or_default();
            let fallback = row.stats.is_times_median(top.magnitude, TOP_RATIO);
            of_layer.all += 1;
            of_layer.sun += usize::from(row.stats.is_massive(top.magnitude));
            of_layer.fallback += usize::from(fallback && row.stats.ratio().is_some());
        }
    }
    let some = |layers: &BTreeMap<u32, Sequences>, massive: fn(&Sequences) -> usize| {
        layers.values().any(|s| 2 * massive(s) >= s.all)
    };
    let models = last.into_iter().map(|(model, (_, layers))| {
        let massive = Massive {
            sun: some(&layers, |s| s.sun),
            fallback: some(&layers, |s| s.fallback),
        };
        (model, massive)
    });
    models.collect()
}
