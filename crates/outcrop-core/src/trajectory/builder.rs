use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Ratio, Trajectory, TrajectoryOptions};
use crate::{Measurement, Stage};

/// Folds measurements into trajectories one by one: memory grows with the number of (model, layer, step), not with the
/// number of sequences.
///
/// ```
/// use outcrop_core::table::{self, Streamed};
/// use outcrop_core::{Ratio, TrajectoryBuilder};
///
/// let csv = "model,step,sequence,layer,top1,top2,top3,median\nm,0,0,1,3.0,2.5,2.0,0.5\n";
/// let mut builder = TrajectoryBuilder::new(Ratio::MeanOverMean);
/// for item in table::measurement_stream(csv.as_bytes(), "example")? {
///     if let Streamed::Row(measurement) = item? {
///         builder.add(&measurement);
///     }
/// }
/// assert_eq!(builder.finish()[0].ratios, [6.0]);
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrajectoryBuilder {
    options: TrajectoryOptions,
    models: Vec<Model>,
    index: HashMap<String, usize>,
    cells: BTreeMap<(usize, u32, u64), Cell>,
    suspects: BTreeMap<(String, u64), String>,
}

impl TrajectoryBuilder {
    /// Without measurements yet; `options` say which measurements count, and how they are averaged.
    pub fn new(options: impl Into<TrajectoryOptions>) -> Self {
        Self {
            options: options.into(),
            ..Self::default()
        }
    }

    /// Adds the measurement of one sequence, and returns whether it is new: a second one of the same (model,
    /// stage, step, sequence, layer) does not count. One of a suspect step is left out, unless the options include it.
    pub fn add(&mut self, measurement: &Measurement) -> bool {
        let m = measurement;
        let model = match self.models.last() {
            Some(last) if last.is_of(m) => self.models.len() - 1,
            _ => self.model(m),
        };
        self.models[model].take_in(m.stage.as_ref());
        let cell = self.cells.entry((model, m.layer, m.step)).or_default();
        if !cell.seen.insert(m.sequence) {
            return false;
        }
        if let Some(reason) = m.suspect.as_ref().filter(|_| !self.options.include_suspect) {
            let step = (label(m).into_owned(), m.step);
            self.suspects.entry(step).or_insert_with(|| reason.clone());
            return true;
        }
        let top = m.stats.top[0].map(|t| f64::from(t.magnitude));
        let median = m.stats.median.map(f64::from).filter(|median| *median > 0.0);
        match (top, median, self.options.ratio) {
            (Some(top), Some(median), Ratio::MeanOverMean) => cell.add(top, median),
            (Some(top), Some(median), Ratio::MeanOfRatios) => cell.add(top / median, 1.0),
            _ => cell.void = true,
        }
        true
    }

    fn model(&mut self, m: &Measurement) -> usize {
        let label = label(m);
        if let Some(&at) = self.index.get(label.as_ref()) {
            return at;
        }
        self.models.push(Model {
            name: m.model.clone(),
            stage: m.stage.clone(),
        });
        self.index.insert(label.into_owned(), self.models.len() - 1);
        self.models.len() - 1
    }

    /// The suspect steps that were left out, by model (`MODEL, stage NAME` where it has stages) and step, each
    /// with its reason.
    pub fn suspects(&self) -> &BTreeMap<(String, u64), String> {
        &self.suspects
    }

    /// The trajectories, ordered by model and stage as they first appeared, then by layer and step. A (step,
    /// layer) in which some sequence has no ratio (all scalars non-finite, or a median of 0) is left
    /// out. Standard errors are given if every step has two sequences or more.
    pub fn finish(self) -> Vec<Trajectory> {
        let mut trajectories: Vec<Trajectory> = Vec::new();
        let mut last = None;
        for ((model, layer, step), cell) in self.cells {
            if cell.void || cell.n == 0 {
                continue;
            }
            if last.replace((model, layer)) != Some((model, layer)) {
                let Model { name, stage } = &self.models[model];
                trajectories.push(Trajectory::new(name, layer, stage.as_ref()));
            }
            if let Some(t) = trajectories.last_mut() {
                let (value, sem) = cell.quotient();
                t.push(step, value, Some(sem));
            }
        }
        trajectories.iter_mut().for_each(Trajectory::close);
        trajectories
    }
}

/// A model, or one of its stages.
#[derive(Clone, Debug)]
struct Model {
    name: String,
    stage: Option<Stage>,
}

impl Model {
    fn is_of(&self, m: &Measurement) -> bool {
        let names = [&self.stage, &m.stage].map(|stage| stage.as_ref().map(|stage| &stage.name));
        self.name == m.model && names[0] == names[1]
    }

    /// Where rows do not agree on where the stage begins, nobody knows.
    fn take_in(&mut self, other: Option<&Stage>) {
        if let (Some(stage), Some(other)) = (&mut self.stage, other)
            && stage.begins != other.begins
        {
            stage.begins = None;
        }
    }
}

/// The name of a model, with its stage where it has several.
fn label(m: &Measurement) -> Cow<'_, str> {
    match &m.stage {
        Some(stage) => format!("{}, stage {}", m.model, stage.name).into(),
        None => m.model.as_str().into(),
    }
}

/// mean(a) / mean(b) of the pairs added so far, and its standard error. With b = 1 it is mean(a).
///
/// The error is that of the linearised quotient v: the residuals a - v b have mean 0, and with
/// d = a - v0 b for the v0 of the first pair they are d - (v - v0) b. Sums about v0, which is near
/// v, do not cancel as those of a and b would.
#[derive(Clone, Debug, Default)]
struct Cell {
    seen: Seen,
    n: u64,
    /// Whether some sequence has no ratio.
    void: bool,
    v0: f64,
    sum_a: f64,
    sum_b: f64,
    mean_d: f64,
    /// Sums of products of deviations from the means (Welford): dd, db, bb.
    moments: [f64; 3],
}

impl Cell {
    fn add(&mut self, a: f64, b: f64) {
        if self.n == 0 {
            self.v0 = a / b;
        }
        let mean_b = self.sum_b / self.n.max(1) as f64;
        self.n += 1;
        self.sum_a += a;
        self.sum_b += b;
        let n = self.n as f64;
        let d = self.v0.mul_add(-b, a);
        let from_mean_d = d - self.mean_d;
        self.mean_d += from_mean_d / n;
        let (to_d, to_b) = (d - self.mean_d, b - self.sum_b / n);
        // The first deviation is from no mean; it is multiplied by 0.
        let from_mean_b = b - mean_b;
        self.moments[0] += from_mean_d * to_d;
        self.moments[1] += from_mean_d * to_b;
        self.moments[2] += from_mean_b * to_b;
    }

    /// The quotient and its standard error; NaN for a single pair.
    fn quotient(&self) -> (f64, f64) {
        let n = self.n as f64;
        let mean_b = self.sum_b / n;
        let value = self.sum_a / n / mean_b;
        let off = value - self.v0;
        let [dd, db, bb] = self.moments;
        let squares = (dd - 2.0 * off * db + off * off * bb).max(0.0);
        (value, (squares / (n - 1.0) / n).sqrt() / mean_b)
    }
}

/// The sequences that were added: a bit for each up to [`DENSE`], as they mostly count from 0.
#[derive(Clone, Debug, Default)]
struct Seen {
    bits: Vec<u64>,
    beyond: BTreeSet<u32>,
}

const DENSE: u32 = 1 << 16;

impl Seen {
    /// Whether the sequence is new.
    fn insert(&mut self, sequence: u32) -> bool {
        if sequence >= DENSE {
            return self.beyond.insert(sequence);
        }
        let (word, bit) = ((sequence / 64) as usize, 1 << (sequence % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        let new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definitions, with all pairs at hand: two passes.
    fn two_passes(pairs: &[(f64, f64)]) -> (f64, f64) {
        let n = pairs.len() as f64;
        let b = pairs.iter().map(|p| p.1).sum::<f64>() / n;
        let value = pairs.iter().map(|p| p.0).sum::<f64>() / n / b;
        let squares: f64 = pairs
            .iter()
            .map(|(x, y)| ((x - value * y) / b).powi(2))
            .sum();
        (value, (squares / (n - 1.0) / n).sqrt())
    }

    proptest! {
        #[test]
        fn sums_agree_with_two_passes(
            scale in -30..30i32,
            spread in -14..0i32,
            noise in prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64), 2..60),
        ) {
            let (scale, spread) = (10f64.powi(scale), 10f64.powi(spread));
            let pairs: Vec<_> = noise
                .iter()
                .map(|(a, b)| (3000.0 * scale * (1.0 + spread * a), scale * (1.0 + spread * b)))
                .collect();
            let mut cell = Cell::default();
            pairs.iter().for_each(|(a, b)| cell.add(*a, *b));
            let (value, sem) = cell.quotient();
            let (expected, expected_sem) = two_passes(&pairs);
            prop_assert!((value / expected - 1.0).abs() < 1e-13);
            // to rounding of the values, which is what the two passes have too
            prop_assert!((sem - expected_sem).abs() < 1e-10 * expected_sem + 1e-15 * value);
        }
    }

    #[test]
    fn proportional_pairs_have_no_error() {
        let mut cell = Cell::default();
        for i in 1..1000 {
            cell.add(7.3 * f64::from(i), f64::from(i));
        }
        let (value, sem) = cell.quotient();
        assert!((value - 7.3).abs() < 1e-13 && sem < 1e-14, "{value} {sem}");
    }
}
