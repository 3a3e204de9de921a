//! The first pass for ranks that are expected in narrow brackets, over rows while they are in the caches for something else.

use super::sieve::{Counts, Sieve};
use super::{Expected, MEMORY};

/// What one pass over all scalars finds: how many are below the first bracket, those inside, and those from the next on.
#[derive(Clone, Debug)]
pub(crate) struct FirstPass {
    pub(super) expected: Vec<Expected>,
    sieve: Sieve,
    pub(super) counts: Counts,
    /// How many scalars it has seen.
    pub(super) count: usize,
    kept: [Vec<f32>; 2],
}

impl FirstPass {
    /// Of scalars whose ranks are expected in brackets that do not overlap; none where there are none, or some do.
    pub(crate) fn new(mut expected: Vec<Expected>) -> Option<Self> {
        expected.sort_by(|a, b| a.share.total_cmp(&b.share));
        expected.dedup_by_key(|one| one.share.to_bits());
        let apart = |two: &[Expected]| two[0].bracket.high < two[1].bracket.low;
        if expected.is_empty() || !expected.windows(2).all(apart) {
            return None;
        }
        let brackets: Vec<_> = expected.iter().map(|one| one.bracket).collect();
        let kept = MEMORY.with_borrow_mut(|memory| memory.spare.pop());
        Some(Self {
            expected,
            sieve: Sieve::new(&brackets, 0),
            counts: Counts::default(),
            count: 0,
            kept: kept.unwrap_or_default(),
        })
    }

    /// Sees more scalars.
    pub(crate) fn add(&mut self, values: &[f32]) {
        let [inside, above] = &mut self.kept;
        self.count += values.len();
        self.sieve.add(values, &mut self.counts, inside, above);
    }

    pub(super) fn inside(&self) -> &[f32] {
        &self.kept[0][..self.counts.inside]
    }

    pub(super) fn above(&self) -> &[f32] {
        &self.kept[1][..self.counts.above]
    }
}

impl Drop for FirstPass {
    /// Fresh memory causes page faults, so that the next pass gets this one.
    fn drop(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        // a thread that ends has no memory any more
        let _ = MEMORY.try_with(|memory| {
            if let Ok(mut memory) = memory.try_borrow_mut() {
                memory.spare.push(kept);
            }
        });
    }
}
