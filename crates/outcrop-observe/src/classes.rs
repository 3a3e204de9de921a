//! Rows by their labels.

use std::collections::BTreeMap;

use crate::NO_LABEL;

/// The rows of each label with at least `least` of them, in ascending order of labels. Rows of rarer labels, and those
/// without one, are left out.
pub(crate) fn classes(labels: &[u32], least: usize) -> Vec<Vec<usize>> {
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, label) in labels.iter().enumerate() {
        if *label == NO_LABEL {
            continue;
        }
        rows.entry(*label).or_default().push(row);
    }
    rows.into_values()
        .filter(|rows| rows.len() >= least)
        .collect()
}
