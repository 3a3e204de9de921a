use outcrop_core::{Quantities, Quantity};

use super::about::ABOUT;
use super::fit::Emergence;
use super::note::Note;
use super::posterior::{Intervals, Posterior};
use crate::Result;
use crate::hypotheses::{About, Fitted, FittedRow, Hypothesis};
use crate::observations::Observations;

/// The emergence curve as a [`Hypothesis`]; [`fit_emergence`](crate::fit_emergence) says more about a fit.
#[derive(Clone, Copy, Debug)]
pub struct EmergenceHypothesis;

impl Hypothesis for EmergenceHypothesis {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        Ok(Emergence::fit(observations)?.fitted().clone())
    }

    /// With intervals and the band from the posterior, unless no curves are to be drawn from it.
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let (options, emergence) = (observations.options, Emergence::fit(observations)?);
        let mut row = without_intervals(&emergence);
        if options.draws() > 0 {
            let posterior = Posterior::new(observations, &emergence);
            let intervals = posterior.intervals(emergence.notes(), options.level());
            set_intervals(&mut row.quantities, &intervals);
            if intervals.scale_is_open() {
                leave_scale_open(&mut row);
            }
            if !emergence.notes().contains(&Note::Flat) {
                row.quantities.set_value("p_peak", posterior.p_peak());
            }
            row.band = posterior.band(steps, options.level());
        }
        Ok(row)
    }
}

/// Without intervals: the parameters that the data identify, and what they leave open.
fn without_intervals(emergence: &Emergence) -> FittedRow {
    let notes: Vec<String> = emergence.notes().iter().map(ToString::to_string).collect();
    let mut row = FittedRow::new(emergence.fitted().clone());
    for (name, value) in emergence.parameters().named() {
        row.quantities.set_value(name, value);
    }
    let covariance = emergence.covariance();
    row.condition = Some(covariance.map_or(f64::INFINITY, |c| c.condition));
    row.status = match notes.is_empty() {
        true => "ok".into(),
        false => notes.join("; "),
    };
    row
}

fn set_intervals(quantities: &mut Quantities, found: &Intervals) {
    for (name, interval) in found.named() {
        let value = quantities.value(name);
        // where the best curve has no peak the others' peaks have no interval
        if name != "t_peak" || value.is_some() {
            quantities.set(Quantity::new(name, value).between(interval.lo, interval.hi));
        }
    }
}

/// Empties the parameters that only Eq. 9 has, and says why.
fn leave_scale_open(row: &mut FittedRow) {
    for name in ["lambda", "gamma", "t0"] {
        row.quantities.set_value(name, None);
    }
    let note = Note::Scale.to_string();
    if row.status == "ok" {
        row.status = note;
    } else if !row.status.contains(&note) {
        row.status = format!("{}; {note}", row.status);
    }
}
