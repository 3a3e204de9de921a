//! How far a forward pass is from what transformers computes.

use outcrop_arch::{FAMILIES, Family, HuggingFace};
use outcrop_forward::{Published, forward, next_token_loss};
use outcrop_measure::Meter;

use crate::case::{Case, State};

/// Largest differences of what was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Worst {
    /// Of states, as a share of the layer's largest magnitude.
    pub(crate) state: f64,
    /// Of top 3 and median, relative.
    pub(crate) statistic: f64,
    /// Of losses, relative.
    pub(crate) loss: f64,
}

impl Worst {
    pub(crate) fn most(self, other: Self) -> Self {
        Self {
            state: self.state.max(other.state),
            statistic: self.statistic.max(other.statistic),
            loss: self.loss.max(other.loss),
        }
    }

    /// What of it is more than it may be.
    fn faults(&self) -> Vec<String> {
        let limits = [
            ("states", self.state, 1e-4),
            ("statistics", self.statistic, 1e-5),
            ("losses", self.loss, 1e-5),
        ];
        let over = limits.iter().filter(|(_, found, most)| found > most);
        over.map(|(what, found, _)| format!("{what} differ by {found:.1e}"))
            .collect()
    }
}

/// Opens a case and runs it; why it is not opened, or why it is wrong.
pub(crate) fn compare(case: &Case) -> Result<Worst, Fault> {
    compare_among(&FAMILIES, case)
}

/// As [`compare`], with these families in place of all.
pub(crate) fn compare_among(families: &[&'static Family], case: &Case) -> Result<Worst, Fault> {
    let folder = tempfile::tempdir().unwrap();
    case.write(folder.path());
    let found = HuggingFace::parse_among(families, &case.config.to_string(), "config.json");
    let HuggingFace { arch, family } = found.map_err(|e| Fault::Refused(e.to_string()))?;
    let model = Published::with_arch(arch, family, folder.path());
    let model = model.map_err(|e| Fault::Refused(e.to_string()))?;
    let mut comparison = Comparison {
        d: model.arch().d_model,
        case,
        meter: Meter::new(),
        worst: Worst::default(),
        faults: Vec::new(),
        compared: 0,
    };
    let mut hook = |layer: usize, sequence: usize, hidden: &mut [f32]| {
        comparison.see(layer, sequence, hidden);
    };
    let losses = match model.arch().patches {
        None => next_token_loss(&model, &case.ids, &mut hook),
        Some(_) => forward(&model, &case.ids, &mut hook).map(|()| Vec::new()),
    };
    let losses = losses.map_err(|e| Fault::Refused(e.to_string()))?;
    assert_eq!(losses.len(), case.loss.len());
    for (ours, theirs) in losses.iter().zip(&case.loss) {
        let loss = relative(*ours, *theirs);
        comparison.worst.loss = comparison.worst.loss.max(loss);
    }
    comparison.finish()
}

/// Why a case is not right.
#[derive(Debug)]
pub(crate) enum Fault {
    /// With the message.
    Refused(String),
    /// It computes something else.
    Wrong(String),
}

struct Comparison<'a> {
    d: usize,
    case: &'a Case,
    meter: Meter,
    worst: Worst,
    faults: Vec<String>,
    compared: usize,
}

impl Comparison<'_> {
    fn see(&mut self, layer: usize, sequence: usize, hidden: &[f32]) {
        let expected = &self.case.layers[layer - 1][sequence];
        self.rows(expected, hidden);
        let stats = self.meter.measure(hidden, self.d).unwrap();
        let median = relative(f64::from(stats.median.unwrap()), expected.median);
        let mut statistic = median;
        for (ours, (theirs, position, channel)) in stats.top.iter().zip(&expected.top) {
            let ours = ours.unwrap();
            statistic = statistic.max(relative(f64::from(ours.magnitude), *theirs));
            let place = (ours.place.position, ours.place.channel);
            if place != (*position, *channel) {
                let theirs = (position, channel);
                let fault = format!("layer {layer}: a top of 3 is at {place:?}, not {theirs:?}");
                self.faults.push(fault);
            }
        }
        self.worst.statistic = self.worst.statistic.max(statistic);
        self.compared += 1;
    }

    fn rows(&mut self, expected: &State, hidden: &[f32]) {
        for (position, row) in &expected.rows {
            let ours = &hidden[position * self.d..][..self.d];
            assert_eq!(row.len(), self.d);
            for (ours, theirs) in ours.iter().zip(row) {
                let error = (f64::from(*ours) - theirs).abs() / expected.max;
                self.worst.state = largest(self.worst.state, error);
            }
        }
    }

    fn finish(mut self) -> Result<Worst, Fault> {
        assert_eq!(self.compared, self.case.layers.len() * self.case.ids.len());
        self.faults.extend(self.worst.faults());
        match self.faults.is_empty() {
            true => Ok(self.worst),
            false => Err(Fault::Wrong(self.faults.join("; "))),
        }
    }
}

fn relative(ours: f64, theirs: f64) -> f64 {
    match ours == theirs {
        true => 0.0,
        false => largest(0.0, (ours - theirs).abs() / theirs.abs()),
    }
}

/// The larger; what is not a number is larger than all.
fn largest(a: f64, b: f64) -> f64 {
    if b.is_nan() { f64::INFINITY } else { a.max(b) }
}
