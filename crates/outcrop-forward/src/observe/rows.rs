//! Rows of `observables.csv`.

use outcrop_core::Observation;
use outcrop_observe::{Collector, Found, Site};

/// The numbers of one tensor.
#[derive(Clone, Debug)]
pub(super) struct OfSequence {
    pub(super) layer: u32,
    /// From 1.
    pub(super) head: Option<u32>,
    pub(super) site: Site,
    pub(super) sequence: u32,
    /// In the order of the collector's columns.
    pub(super) found: Vec<Found>,
}

/// The means over sequences by layer, head and place, then the rows of single sequences.
pub(super) fn observations(
    collector: &Collector,
    sequences: &[OfSequence],
    (model, step): (&str, u64),
) -> Vec<Observation> {
    let base = |layer, head, site: Site, observable: &str| Observation {
        model: model.to_owned(),
        step,
        layer,
        head,
        place: site.name().to_owned(),
        observable: observable.to_owned(),
        ..Observation::default()
    };
    let code = |missing: outcrop_observe::Missing| missing.code().to_owned();
    let means = collector.rows().map(|row| Observation {
        value: row.tally.value().ok(),
        sem: row.tally.sem(),
        n: row.tally.n(),
        reason: row.tally.reason().map(code),
        ..base(row.layer, row.head, row.site, row.observable)
    });
    let mut rows: Vec<Observation> = means.collect();
    for of in sequences {
        for (column, found) in collector.columns(of.site).zip(&of.found) {
            rows.push(Observation {
                value: found.ok(),
                n: u64::from(found.is_ok()),
                reason: found.err().map(code),
                sequence: Some(of.sequence),
                ..base(of.layer, of.head, of.site, column.name)
            });
        }
    }
    rows
}
