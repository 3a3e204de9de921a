//! A transition as a row.

use outcrop_core::table::Row;
use outcrop_fit::{Crossing, SeedOnset, SeedRange};
use serde::{Deserialize, Serialize};

use super::Found;
use crate::cli::output::{columns, significant};
use crate::cli::trajectories::Observed;

/// A trajectory, or one over seeds. Steps and decades of steps; docs/onsets.md explains the columns.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) model: String,
    layer: u32,
    observable: String,
    /// Checkpoints, or seeds.
    n: u64,
    from: Option<f64>,
    to: Option<f64>,
    pub(super) onset_after: Option<f64>,
    onset_by: Option<f64>,
    onset_lo: Option<f64>,
    onset_hi: Option<f64>,
    half_after: Option<f64>,
    half_by: Option<f64>,
    half_lo: Option<f64>,
    half_hi: Option<f64>,
    ninety_after: Option<f64>,
    pub(super) ninety_by: Option<f64>,
    ninety_lo: Option<f64>,
    ninety_hi: Option<f64>,
    width_least: Option<f64>,
    width_most: Option<f64>,
    width_lo: Option<f64>,
    width_hi: Option<f64>,
    floor: Option<f64>,
    confidence: Option<f64>,
    r2: Option<f64>,
    p: Option<f64>,
    pub(super) events: Option<String>,
    status: String,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = &["model", "layer", "observable", "n"];
    const HEADER: &'static [&'static str] = &[
        "model",
        "layer",
        "observable",
        "n",
        "from",
        "to",
        "onset_after",
        "onset_by",
        "onset_lo",
        "onset_hi",
        "half_after",
        "half_by",
        "half_lo",
        "half_hi",
        "ninety_after",
        "ninety_by",
        "ninety_lo",
        "ninety_hi",
        "width_least",
        "width_most",
        "width_lo",
        "width_hi",
        "floor",
        "confidence",
        "r2",
        "p",
        "events",
        "status",
    ];
    const NAMED: &'static [&'static str] = &["model", "observable"];

    fn key(&self) -> String {
        let Self {
            model,
            layer,
            observable,
            ..
        } = self;
        format!("model {model:?}, layer {layer}, observable {observable:?}")
    }
}

/// `after`, `by`, `lo`, `hi`.
type Four = [Option<f64>; 4];

fn of_crossing(c: &Crossing) -> Four {
    [c.after, c.by, c.lo, c.hi].map(Some)
}

fn of_seeds(c: &SeedRange) -> Four {
    [c.after, c.by, c.lo, c.hi].map(Some)
}

impl Line {
    pub(super) fn of(one: &Observed, found: &Found) -> Self {
        let line = Self {
            model: one.trajectory.model.clone(),
            layer: one.trajectory.layer,
            observable: one.name(),
            n: one.trajectory.steps.len() as u64,
            ..Self::default()
        };
        let (onset, test) = match found {
            Ok(found) => found,
            Err(error) => {
                return Self {
                    status: format!("failed to {error}"),
                    ..line
                };
            }
        };
        let width = &onset.width;
        Self {
            from: Some(onset.from),
            to: Some(onset.to),
            width_least: Some(width.least),
            width_most: width.most,
            width_lo: Some(width.lo),
            width_hi: width.hi,
            floor: width.floor,
            r2: Some(test.r2),
            p: Some(test.p),
            status: "ok".into(),
            ..line.crossing([&onset.onset, &onset.half, &onset.ninety].map(of_crossing))
        }
    }

    pub(super) fn over_seeds(layer: u32, name: &str, over: &SeedOnset) -> Self {
        let line = Self {
            model: "all".into(),
            layer,
            observable: name.to_owned(),
            n: over.onset.seeds as u64,
            ..Self::default()
        };
        let seeds = over.onset.seeds;
        Self {
            width_least: Some(over.width.least),
            width_most: over.width.most,
            width_lo: Some(over.width.lo),
            width_hi: over.width.hi,
            confidence: Some(over.onset.confidence),
            status: match over.rising {
                0 => "ok".into(),
                rising if rising == seeds => "ok".into(),
                rising => format!("{rising} of {seeds} seeds rise, the others fall"),
            },
            ..line.crossing([&over.onset, &over.half, &over.ninety].map(of_seeds))
        }
    }

    /// With these crossings of 10 %, 50 % and 90 %.
    fn crossing(self, [onset, half, ninety]: [Four; 3]) -> Self {
        let [onset_after, onset_by, onset_lo, onset_hi] = onset;
        let [half_after, half_by, half_lo, half_hi] = half;
        let [ninety_after, ninety_by, ninety_lo, ninety_hi] = ninety;
        Self {
            onset_after,
            onset_by,
            onset_lo,
            onset_hi,
            half_after,
            half_by,
            half_lo,
            half_hi,
            ninety_after,
            ninety_by,
            ninety_lo,
            ninety_hi,
            ..self
        }
    }
}

/// The rows for reading: each crossing as its pair of checkpoints, with its interval in brackets.
pub(super) fn table(lines: &[Line]) -> String {
    let header = [
        "model",
        "layer",
        "observable",
        "n",
        "from",
        "to",
        "onset",
        "half",
        "90 %",
        "width",
        "confidence",
        "p",
        "events",
        "status",
    ];
    let number = |x: Option<f64>| x.map(significant).unwrap_or_default();
    let row = |line: &Line| {
        vec![
            line.model.clone(),
            line.layer.to_string(),
            line.observable.clone(),
            line.n.to_string(),
            number(line.from),
            number(line.to),
            pair([
                line.onset_after,
                line.onset_by,
                line.onset_lo,
                line.onset_hi,
            ]),
            pair([line.half_after, line.half_by, line.half_lo, line.half_hi]),
            pair([
                line.ninety_after,
                line.ninety_by,
                line.ninety_lo,
                line.ninety_hi,
            ]),
            pair([
                line.width_least,
                line.width_most,
                line.width_lo,
                line.width_hi,
            ]),
            number(line.confidence),
            number(line.p),
            line.events.clone().unwrap_or_default(),
            line.status.clone(),
        ]
    };
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(row));
    columns(&rows)
}

/// `128..256 [64, 512]`; an end that is open is empty.
fn pair([after, by, lo, hi]: Four) -> String {
    let number = |x: Option<f64>| x.map(significant).unwrap_or_default();
    match after {
        None => String::new(),
        Some(after) => {
            let after = significant(after);
            format!("{after}..{} [{}, {}]", number(by), number(lo), number(hi))
        }
    }
}
