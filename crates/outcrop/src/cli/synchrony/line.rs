//! Two observables as a row.

use outcrop_core::table::Row;
use outcrop_fit::Untested;
use serde::{Deserialize, Serialize};

use super::Onsets;
use crate::cli::output::{columns, significant};

/// docs/onsets.md explains the columns.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Line {
    a: String,
    b: String,
    pub(super) pairs: u64,
    seeds: u64,
    /// Trajectories of either that have no transition.
    without_a: u64,
    without_b: u64,
    coincident: Option<f64>,
    distance: Option<f64>,
    distance_null: Option<f64>,
    together: Option<f64>,
    lead: Option<f64>,
    p_lead: Option<f64>,
    status: String,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = &["a", "b", "pairs", "seeds"];
    const HEADER: &'static [&'static str] = &[
        "a",
        "b",
        "pairs",
        "seeds",
        "without_a",
        "without_b",
        "coincident",
        "distance",
        "distance_null",
        "together",
        "lead",
        "p_lead",
        "status",
    ];
    const NAMED: &'static [&'static str] = &["a", "b"];

    fn key(&self) -> String {
        format!("a {:?}, b {:?}", self.a, self.b)
    }
}

impl Line {
    pub(super) fn new(a: &str, b: &str, of_a: &Onsets, of_b: &Onsets) -> Self {
        let line = Self {
            a: a.to_owned(),
            b: b.to_owned(),
            without_a: of_a.without as u64,
            without_b: of_b.without as u64,
            ..Self::default()
        };
        let Some(found) = of_a.synchrony(of_b) else {
            return Self {
                status: "no layer and model in which both have a transition".into(),
                ..line
            };
        };
        let test = found.together.ok();
        Self {
            pairs: found.pairs as u64,
            seeds: found.seeds as u64,
            coincident: Some(found.coincident),
            distance: Some(found.distance),
            distance_null: test.map(|test| test.distance_null),
            together: test.map(|test| test.p),
            lead: Some(found.lead),
            p_lead: Some(found.p_lead),
            status: match found.together {
                Ok(_) => "ok".into(),
                Err(reason @ (Untested::OneLayer | Untested::FewOrders { .. })) => {
                    format!("`together` is not tested: {reason}")
                }
            },
            ..line
        }
    }
}

/// The rows for reading.
pub(super) fn table(lines: &[Line]) -> String {
    let header = [
        "a",
        "b",
        "pairs",
        "seeds",
        "coincident",
        "distance",
        "by chance",
        "together",
        "lead",
        "p_lead",
        "status",
    ];
    let number = |x: Option<f64>| x.map(significant).unwrap_or_default();
    let row = |line: &Line| {
        vec![
            line.a.clone(),
            line.b.clone(),
            line.pairs.to_string(),
            line.seeds.to_string(),
            number(line.coincident),
            number(line.distance),
            number(line.distance_null),
            number(line.together),
            number(line.lead),
            number(line.p_lead),
            line.status.clone(),
        ]
    };
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(row));
    columns(&rows)
}
