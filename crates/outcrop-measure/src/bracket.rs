//! The exact median in one pass: a guess brackets it, the pass counts the values below the bracket and keeps those
//! inside, and the median is selected among the few that were kept. Where the guess was wrong, the next has a wider
//! bracket: one of a sample, after Floyd and Rivest (1975), "Expected time bounds for selection", Commun. ACM 18(3),
//! then everything.

use crate::bits::{INFINITE, MAGNITUDE, magnitude};
use crate::pass::{Counts, Pass, ROOM};
use crate::peaks::{BLOCK, LANES, Peaks};
use crate::select::{FEW, select};
use crate::top::TopK;

/// Up to this many scalars, selecting among all of them is faster.
const SHORT: usize = 512;
/// Half the width of the bracket in standard errors of a sample's median.
const ERRORS: f64 = 3.5;
/// The same of a rank's place among those in a bracket, for the bracket within it: where it misses, little is
/// lost.
const NARROW: f32 = 1.6;

/// Between which magnitudes the median should be, both inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bracket {
    low: u32,
    high: u32,
}

impl Bracket {
    /// From `low`, or 0, to `high`; everything where that is no magnitude.
    pub(crate) fn between(low: f32, high: f32) -> Self {
        match high.is_finite() && high >= 0.0 {
            true => Self {
                low: magnitude(low.max(0.0)),
                high: magnitude(high),
            },
            false => Self::all(),
        }
    }

    /// All magnitudes.
    pub(crate) fn all() -> Self {
        Self {
            low: 0,
            high: MAGNITUDE,
        }
    }

    /// None but a certain NaN.
    pub(crate) fn none() -> Self {
        Self {
            low: MAGNITUDE,
            high: MAGNITUDE,
        }
    }

    /// What a sample of between n/64 and 4096 scalars says; everything where that is little, or few of
    /// the sample are finite.
    pub(crate) fn of_sample(hidden: &[f32], scratch: &mut Vec<f32>) -> Self {
        if hidden.len() <= SHORT {
            return Self::all();
        }
        let count = (hidden.len() / 64).clamp(256, 4096) as u64;
        scratch.clear();
        scratch.extend((1..=count).map(|i| {
            // Multiples of the golden ratio spread evenly and, unlike a stride, favour no channel.
            let turn = u128::from(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            hidden[((turn * hidden.len() as u128) >> 64) as usize].abs()
        }));
        scratch.retain(|h| h.is_finite());
        if scratch.len() < 64 {
            return Self::all();
        }
        let margin = (ERRORS / 2.0 * (scratch.len() as f64).sqrt()) as usize;
        let middle = scratch.len() / 2;
        let (_, low, above) = scratch.select_nth_unstable_by(middle - margin, f32::total_cmp);
        let low = magnitude(*low);
        let (_, high, _) = above.select_nth_unstable_by(2 * margin - 1, f32::total_cmp);
        Self {
            low,
            high: magnitude(*high),
        }
    }

    /// Looks through all of `hidden`, and offers it to `top`; what is inside the bracket is at the front of
    /// `memory.kept` then.
    pub(crate) fn pass(
        self,
        hidden: &[f32],
        memory: &mut Memory,
        mut top: Option<&mut TopK>,
    ) -> Passed {
        let mut passed = Passed {
            bracket: self,
            found: Counts::default(),
            finite: true,
        };
        let Memory { kept, peaks, .. } = memory;
        for (start, block) in (0..).step_by(BLOCK).zip(hidden.chunks(BLOCK)) {
            self.pass_block(block, kept, &mut passed.found, peaks);
            passed.finite &= peaks.largest.iter().all(|m| *m < INFINITE);
            if let Some(top) = &mut top {
                top.offer(block, start, peaks);
            }
        }
        passed
    }

    /// Values inside the bracket go to `kept`, after those that were `found` before.
    fn pass_block(self, block: &[f32], kept: &mut Vec<f32>, found: &mut Counts, peaks: &mut Peaks) {
        let room = found.inside + block.len() + ROOM;
        if kept.len() < room {
            kept.resize(room, 0.0);
        }
        let pass = Pass {
            block,
            low: self.low,
            high: self.high,
            kept: &mut kept[found.inside..],
            peaks,
        };
        let more = pass.run();
        found.below += more.below;
        found.inside += more.inside;
    }

    /// Where the one at `rank` of `count` inside should be, as if they were spread evenly.
    fn narrow(self, rank: usize, count: usize) -> Self {
        let [low, high] = [self.low, self.high].map(f32::from_bits);
        let (each, rank) = ((high - low) / count as f32, rank as f32 + 0.5);
        // Of a binomial distribution at its middle; at other ranks it is less.
        let margin = NARROW * 0.5 * (count as f32).sqrt();
        let bound = |rank: f32| magnitude((low + rank * each).clamp(low, high));
        Self {
            low: bound(rank - margin),
            high: bound(rank + margin),
        }
    }

    /// Itself, or the part of `whole` that is below or above it, where the one at `rank` is by what was
    /// `found`.
    fn or_beside(self, whole: Self, rank: usize, found: Counts) -> Self {
        if rank < found.below {
            let high = self.low.saturating_sub(1);
            return Self { high, ..whole };
        }
        if rank >= found.below + found.inside {
            let low = self.high.saturating_add(1);
            return Self { low, ..whole };
        }
        self
    }
}

/// Memory that every measurement reuses.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) kept: Vec<f32>,
    narrowed: Vec<f32>,
    peaks: Peaks,
}

impl Memory {
    /// Takes what is inside a bracket out of the first `count` that were kept.
    fn narrow(&mut self, bracket: Bracket, count: usize) -> Counts {
        // Whole vectors: what fills the last is above every bracket.
        let whole = count.next_multiple_of(LANES);
        self.kept[count..whole].fill(f32::from_bits(MAGNITUDE));
        let mut found = Counts::default();
        for block in self.kept[..whole].chunks(BLOCK) {
            bracket.pass_block(block, &mut self.narrowed, &mut found, &mut self.peaks);
        }
        found
    }
}

/// The result of a pass.
pub(crate) struct Passed {
    bracket: Bracket,
    /// Those inside are at the front of `kept`.
    found: Counts,
    /// Whether every scalar is finite.
    pub(crate) finite: bool,
}

impl Passed {
    /// The magnitude at `rank` from below, from 0; none where it is not inside the bracket. Brackets
    /// become narrower until few are inside.
    pub(crate) fn at(&self, rank: usize, memory: &mut Memory) -> Option<u32> {
        let (mut bracket, mut count) = (self.bracket, self.found.inside);
        let rank = rank.checked_sub(self.found.below);
        let mut rank = rank.filter(|rank| *rank < count)?;
        while count > FEW && bracket.high < INFINITE {
            let mut narrow = bracket.narrow(rank, count);
            let mut found = memory.narrow(narrow, count);
            let beside = narrow.or_beside(bracket, rank, found);
            if beside != narrow {
                narrow = beside;
                found = memory.narrow(narrow, count);
            }
            if found.inside == count {
                break;
            }
            std::mem::swap(&mut memory.kept, &mut memory.narrowed);
            (bracket, count, rank) = (narrow, found.inside, rank - found.below);
        }
        Some(select(&mut memory.kept[..count], rank))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_holds_few_of_a_long_input() {
        let hidden: Vec<f32> = (0..1 << 20)
            .map(|i| (i as f32 * 0.618).fract() - 0.5)
            .collect();
        let mut memory = Memory::default();
        let sample = Bracket::of_sample(&hidden, &mut memory.kept);
        let passed = sample.pass(&hidden, &mut memory, None);
        assert!(
            passed.found.inside < hidden.len() / 10,
            "{}",
            passed.found.inside
        );
        let median = passed.at(hidden.len() / 2, &mut memory).unwrap();
        let near = f32::from_bits(median);
        let near = Bracket::between(near * 0.95, near * 1.05);
        let again = near.pass(&hidden, &mut memory, None);
        assert!(
            again.found.inside < hidden.len() / 10,
            "{}",
            again.found.inside
        );
        assert_eq!(again.at(hidden.len() / 2, &mut memory), Some(median));
        assert!(
            memory.kept.capacity() < hidden.len() / 3,
            "{}",
            memory.kept.capacity()
        );
    }
}
