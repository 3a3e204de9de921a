//! How the runs of a manifest become elements of job arrays.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A job array. Element `e` has the runs from `(offset + e) * pack` on, `pack` of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobArray {
    /// The number of the pack of element 0.
    pub(crate) offset: usize,
    /// Runs in an element.
    pub(crate) pack: usize,
    /// The elements, ascending, each below the site's MaxArraySize.
    pub(crate) elements: Vec<usize>,
}

impl JobArray {
    /// The indices in the manifest of an element's runs.
    pub(crate) fn runs_of(&self, element: usize) -> std::ops::Range<usize> {
        let first = (self.offset + element) * self.pack;
        first..first + self.pack
    }
}

/// The arrays for the runs with these indices, `pack` in an element, `most` the site's MaxArraySize.
pub(crate) fn arrays(runs: &BTreeSet<usize>, pack: usize, most: usize) -> Vec<JobArray> {
    let packs: BTreeSet<usize> = runs.iter().map(|run| run / pack).collect();
    let mut arrays: Vec<JobArray> = Vec::new();
    for number in packs {
        let offset = number / most * most;
        let element = number - offset;
        match arrays.last_mut().filter(|array| array.offset == offset) {
            Some(array) => array.elements.push(element),
            None => arrays.push(JobArray {
                offset,
                pack,
                elements: vec![element],
            }),
        }
    }
    arrays
}

/// Elements as sbatch takes them, such as `0-4,7`.
pub(crate) fn ranges(elements: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &element in elements {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == element => *last = element,
            _ => ranges.push((element, element)),
        }
    }
    let words = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    words.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_split_at_the_limit() {
        let found = arrays(&(0..25).collect(), 2, 5);
        let sizes: Vec<_> = found.iter().map(|a| (a.offset, a.elements.len())).collect();
        assert_eq!(sizes, [(0, 5), (5, 5), (10, 3)]);
        let runs: Vec<usize> = found
            .iter()
            .flat_map(|a| a.elements.iter().flat_map(|e| a.runs_of(*e)))
            .collect();
        assert_eq!(runs, (0..26).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_missing_is_an_array_of_its_own() {
        let found = arrays(&BTreeSet::from([0, 1, 7, 1203, 2000, 2001]), 1, 1001);
        let told: Vec<_> = found
            .iter()
            .map(|a| (a.offset, ranges(&a.elements)))
            .collect();
        assert_eq!(
            told,
            [(0, "0-1,7".to_owned()), (1001, "202,999-1000".to_owned())]
        );
    }
}
