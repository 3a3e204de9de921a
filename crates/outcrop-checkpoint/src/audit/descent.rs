//! Whether a series goes on from its own step 0.
//!
//! The cosine between two matrices of n values that have nothing to do with each other is about 1 / sqrt(n)
//! in size. Weights that were trained for a few steps keep nearly all of the direction in which they
//! began.

use super::finding::{Code, Finding};
use super::scan::AuditedCheckpoint;

/// The step after 0 must not be later than this: a high learning rate turns weights away in time.
const LAST: u64 = 16;
/// Cosines of independent matrices are within as many 1 / sqrt(n).
const DEVIATIONS: f64 = 5.0;
/// Matrices, and values of each, that are needed to say so.
const MATRICES: usize = 2;
const VALUES: usize = 256;

/// Step 0, where the first step after it has nothing to do with it.
pub(super) fn not_descended(checkpoints: &[AuditedCheckpoint]) -> Option<Finding> {
    let [first, second] = [0, 1].map(|place| checkpoints.get(place));
    let (first, second) = (first?, second?);
    let step = second.step.filter(|step| (1..=LAST).contains(step))?;
    if first.step != Some(0) {
        return None;
    }
    let mut cosines = Vec::new();
    for sketch in &first.sketches {
        let same = |other: &&super::Sketch| other.tensor == sketch.tensor;
        let other = second.sketches.iter().find(same);
        let n = sketch.values.len();
        if let Some(cosine) = other
            .and_then(|other| sketch.cosine(other))
            .filter(|_| n >= VALUES)
        {
            let is_chance = cosine.abs() <= DEVIATIONS / (n as f64).sqrt();
            cosines.push((&sketch.tensor, cosine, is_chance));
        }
    }
    let (name, cosine, _) = *cosines.first()?;
    if cosines.len() < MATRICES || !cosines.iter().all(|(_, _, is_chance)| *is_chance) {
        return None;
    }
    let words = format!(
        "step {step} does not go on from step 0: {} matrices have nothing to do with each other (the cosine \
         of `{name}` is {cosine:.3}), as those of two initialisations; step 0 is taken to be of another run",
        cosines.len()
    );
    let finding = Finding::new(Code::NotDescended, vec![0, step], words);
    Some(finding.suspecting(vec![0]))
}
