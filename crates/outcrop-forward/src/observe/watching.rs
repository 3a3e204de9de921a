//! Places of which only the magnitudes are asked for: their rows are looked at where they are computed, and not kept.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use outcrop_observe::{MagnitudePart, MedianRange, Missing, TensorMagnitudes};

use crate::{BlockPlace, Watch};

/// Of how many sequences medians are remembered, to expect the next.
const REMEMBERED: usize = 8;

/// What is known of a tensor.
type Found = Result<TensorMagnitudes, Missing>;

/// What was seen of the current group of sequences, and where medians were.
#[derive(Debug, Default)]
pub(super) struct Watching {
    places: Vec<BlockPlace>,
    /// By place, sequence of the group, and first position.
    parts: Mutex<BTreeMap<(BlockPlace, usize, usize), MagnitudePart>>,
    /// Of the last sequences, by layer and place; empty where one was not where it was expected.
    medians: BTreeMap<(usize, BlockPlace), Vec<f64>>,
    found: BTreeMap<(BlockPlace, usize), Found>,
}

/// What looks at the rows of one block.
struct OfBlock<'a> {
    all: &'a Watching,
    /// By place; where no sequence was before, that of the rows that come first. Whichever these are, medians are exact.
    ranges: Vec<OnceLock<MedianRange>>,
}

impl Watching {
    pub(super) fn new(places: Vec<BlockPlace>) -> Self {
        Self {
            places,
            ..Self::default()
        }
    }

    pub(super) fn of_block(&self, layer: usize) -> Option<Box<dyn Watch + '_>> {
        let range = |place: &BlockPlace| {
            let medians = self.medians.get(&(layer, *place));
            medians.map_or_else(OnceLock::new, |medians| MedianRange::about(medians).into())
        };
        let ranges = self.places.iter().map(range).collect();
        let of_block = OfBlock { all: self, ranges };
        (!self.places.is_empty()).then(|| Box::new(of_block) as Box<dyn Watch + '_>)
    }

    /// Finds the magnitudes of the sequences that were seen, by place and sequence; whether a median was not where it was
    /// expected. The next of that block are then expected anywhere.
    pub(super) fn lacks(&mut self, layer: usize, sequences: Range<usize>) -> bool {
        let parts = self.parts.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut whole: BTreeMap<(BlockPlace, usize), MagnitudePart> = BTreeMap::new();
        for ((place, sequence, _), part) in std::mem::take(parts) {
            let key = (place, sequences.start + sequence);
            match whole.get_mut(&key) {
                Some(all) => all.append(&part),
                None => {
                    whole.insert(key, part);
                }
            }
        }
        self.found.clear();
        let mut lacks = false;
        for ((place, sequence), all) in whole {
            let medians = self.medians.entry((layer, place)).or_default();
            match all.finish() {
                None => {
                    medians.clear();
                    lacks = true;
                }
                Some(found) => {
                    medians.extend(found.map(|magnitudes| magnitudes.median));
                    let old = medians.len().saturating_sub(REMEMBERED);
                    medians.drain(..old);
                    self.found.insert((place, sequence), found);
                }
            }
        }
        lacks
    }

    /// What was seen of a sequence of the last group.
    pub(super) fn found(&self, place: BlockPlace, sequence: usize) -> Option<Found> {
        self.found.get(&(place, sequence)).copied()
    }
}

impl Watch for OfBlock<'_> {
    fn places(&self) -> &[BlockPlace] {
        &self.all.places
    }

    fn rows(
        &self,
        place: BlockPlace,
        (sequence, first): (usize, usize),
        rows: &[f32],
        width: usize,
        columns: usize,
    ) {
        let at = self.all.places.iter().position(|known| *known == place);
        let range = at.map_or(MedianRange::ALL, |at| {
            *self.ranges[at].get_or_init(|| MedianRange::near(rows, width, columns))
        });
        let part = MagnitudePart::new(rows, width, columns, range);
        let parts = self.all.parts.lock();
        let mut parts = parts.unwrap_or_else(PoisonError::into_inner);
        parts.insert((place, sequence, first), part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two sequences in two parts each; the second group is elsewhere.
    #[test]
    fn medians_that_are_not_where_they_were_expected_are_lacking() {
        let place = BlockPlace::MlpHidden;
        let mut watching = Watching::new(vec![place]);
        let mut see = |scale: f32| {
            let of_block = watching.of_block(3).unwrap();
            for (sequence, first) in [(1, 2), (0, 0), (1, 0), (0, 2)] {
                let rows = [scale, 2.0 * scale, -3.0 * scale, 4.0 * scale];
                of_block.rows(place, (sequence, first), &rows, 2, 2);
            }
            drop(of_block);
            let lacks = watching.lacks(3, 4..6);
            (
                lacks,
                watching.found(place, 5).map(|found| found.unwrap().median),
            )
        };
        assert_eq!(see(1.0), (false, Some(2.0)));
        assert_eq!(see(1.01), (false, Some(2.02f32.into())));
        assert_eq!(see(9.0), (true, None));
        assert_eq!(see(9.0), (false, Some(18.0)));
    }
}
