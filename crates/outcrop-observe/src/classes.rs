//! Rows by their labels.

use std::collections::BTreeMap;

/// The rows of each label with at least `least` of them, in ascending order of labels. Rows of rarer labels are left
/// out.
pub(crate) fn classes(labels: &[u32], least: usize) -> Vec<Vec<usize>> {
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, label) in labels.iter().enumerate() {
        rows.entry(*label).or_default().push(row);
    }
    rows.into_values()
        .filter(|rows| rows.len() >= least)
        .collect()
}
