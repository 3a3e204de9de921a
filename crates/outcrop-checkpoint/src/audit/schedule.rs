use std::collections::BTreeSet;

use super::finding::{Code, Finding, some};
use crate::CheckpointSeries;

/// Pythia's schedule up to a step: 0, the powers of two to 512, every 1000.
fn pythia(last: u64) -> BTreeSet<u64> {
    let powers = (0..10).map(|power| 1 << power);
    let thousands = (1..=last / 1000).map(|thousand| 1000 * thousand);
    let steps = std::iter::once(0).chain(powers).chain(thousands);
    steps.filter(|step| *step <= last).collect()
}

/// Steps of the schedule that are missing, where all steps that there are belong to it and they are
/// at least half of it, and at least half of its steps before 1000, five of which there must be.
pub(super) fn missing(series: &CheckpointSeries) -> Option<Finding> {
    let steps: BTreeSet<u64> = series
        .entries
        .iter()
        .filter_map(|entry| entry.step)
        .collect();
    let last = *steps.last()?;
    // A longer schedule than anybody's is no reason to list it.
    if last > 100_000_000 {
        return None;
    }
    let schedule = pythia(last);
    let early = |steps: &BTreeSet<u64>| steps.iter().filter(|step| **step < 1000).count();
    let half = 2 * steps.len() >= schedule.len() && 2 * early(&steps) >= early(&schedule);
    let follows = steps.is_subset(&schedule) && half && early(&steps) >= 5;
    let missing: Vec<u64> = schedule.difference(&steps).copied().collect();
    if !follows || missing.is_empty() {
        return None;
    }
    let words = format!(
        "{} of the {} steps of Pythia's schedule up to {last} are missing: {}",
        missing.len(),
        schedule.len(),
        some(&missing)
    );
    Some(Finding::new(Code::MissingSteps, missing, words))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schedule_has_the_154_steps_of_the_paper() {
        let steps = super::pythia(143_000);
        assert_eq!((steps.len(), steps.last()), (154, Some(&143_000)));
        let first: Vec<u64> = steps.into_iter().take(13).collect();
        assert_eq!(
            first,
            [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 2000]
        );
    }
}
