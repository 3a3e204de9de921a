//! The exact median in one pass: a guess brackets it, the pass counts what lies below the bracket and
//! keeps what lies inside, and the median is selected among the few that were kept. Where the guess
//! was wrong, the next has a wider bracket: one of a sample, after Floyd and Rivest (1975), "Expected
//! time bounds for selection", Commun. ACM 18(3), then everything.

use crate::bits::{INFINITE, MAGNITUDE, magnitude};
use crate::pass::{LANES, Pass};

/// Scalars of a pass that stay in the first cache.
const BLOCK: usize = 4096;
/// Up to this many scalars, selecting among all of them is faster.
const SHORT: usize = 512;
/// Up to this many inside of a bracket, selecting among all of them is faster.
const FEW: usize = 64;
/// Half the width of the bracket in standard errors of a sample's median.
const ERRORS: f64 = 3.5;
/// Half the width of the bracket around a median that was, times the square root of the number of scalars:
/// an octave at 64 of them, an eighth of it at 4096. That is four standard errors of the difference of two
/// medians of normal numbers, or more.
const NEAR: f64 = (1 << 26) as f64;
/// But at least a sixteenth of an octave: scalars of one position depend on each other.
const NEAREST: u32 = 1 << 19;

/// Between which magnitudes the median should be, both inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bracket {
    low: u32,
    high: u32,
}

impl Bracket {
    /// Around a median that was measured before, for `count` scalars.
    pub(crate) fn near(median: u32, count: usize) -> Self {
        let width = ((NEAR / (count as f64).sqrt()) as u32).max(NEAREST);
        Self {
            low: median.saturating_sub(width),
            high: median.saturating_add(width).min(MAGNITUDE),
        }
    }

    /// All magnitudes.
    pub(crate) fn all() -> Self {
        Self {
            low: 0,
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

    /// Looks through all of `hidden`; what is inside the bracket is kept in `scratch`.
    pub(crate) fn pass(self, hidden: &[f32], scratch: &mut Vec<f32>) -> Passed {
        let mut passed = Passed {
            bracket: self,
            below: 0,
            inside: 0,
            largest: [0; LANES],
        };
        for block in hidden.chunks(BLOCK) {
            let room = passed.inside + block.len() + LANES;
            if scratch.len() < room {
                scratch.resize(room, 0.0);
            }
            let kept = &mut scratch[passed.inside..];
            let [below, inside] = self.pass_block(block, kept, &mut passed.largest);
            passed.below += below;
            passed.inside += inside;
        }
        passed
    }

    /// How many magnitudes of `block` are below, and how many are inside, at the front of `kept`.
    fn pass_block(self, block: &[f32], kept: &mut [f32], largest: &mut [u32; LANES]) -> [usize; 2] {
        let pass = Pass {
            block,
            low: self.low,
            width: self.high - self.low,
            kept,
            largest,
        };
        pass.run()
    }
}

/// What a pass found.
pub(crate) struct Passed {
    bracket: Bracket,
    /// Magnitudes below the bracket.
    below: usize,
    /// Those inside, which are at the front of the memory that the pass was given.
    inside: usize,
    /// The largest magnitude of each lane: as many scalars of the input, no two the same; 0 where a lane
    /// saw none.
    pub(crate) largest: [u32; LANES],
}

impl Passed {
    /// The magnitude at `rank` from below, from 0; none where it is not inside the bracket.
    pub(crate) fn at(&self, rank: usize, scratch: &mut Vec<f32>) -> Option<u32> {
        let rank = rank.checked_sub(self.below).filter(|r| *r < self.inside)?;
        if self.inside > FEW && self.bracket.high < INFINITE {
            let room = 2 * self.inside + LANES;
            if scratch.len() < room {
                scratch.resize(room, 0.0);
            }
            let (inside, kept) = scratch.split_at_mut(self.inside);
            let [below, count] = self.narrow(rank).pass_block(inside, kept, &mut [0; LANES]);
            if let Some(rank) = rank.checked_sub(below).filter(|r| *r < count) {
                return Some(select(&mut kept[..count], rank));
            }
        }
        Some(select(&mut scratch[..self.inside], rank))
    }

    /// Where the one at `rank` of those inside should be, as if they were spread evenly.
    fn narrow(&self, rank: usize) -> Bracket {
        let Bracket { low, high } = self.bracket;
        let place = (rank as f64 + 0.5) / self.inside as f64;
        let margin = ERRORS * (place * (1.0 - place) / self.inside as f64).sqrt();
        let bound = |share: f64| low + (share.clamp(0.0, 1.0) * f64::from(high - low)) as u32;
        Bracket {
            low: bound(place - margin),
            high: bound(place + margin),
        }
    }
}

fn select(magnitudes: &mut [f32], rank: usize) -> u32 {
    let (_, h, _) = magnitudes.select_nth_unstable_by_key(rank, |h| h.to_bits());
    h.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_holds_few_of_a_long_input() {
        let hidden: Vec<f32> = (0..1 << 20)
            .map(|i| (i as f32 * 0.618).fract() - 0.5)
            .collect();
        let mut scratch = Vec::new();
        let sample = Bracket::of_sample(&hidden, &mut scratch);
        let passed = sample.pass(&hidden, &mut scratch);
        assert!(passed.inside < hidden.len() / 10, "{}", passed.inside);
        let median = passed.at(hidden.len() / 2, &mut scratch).unwrap();
        let again = Bracket::near(median, hidden.len()).pass(&hidden, &mut scratch);
        assert!(again.inside < hidden.len() / 10, "{}", again.inside);
        assert_eq!(again.at(hidden.len() / 2, &mut scratch), Some(median));
        assert!(
            scratch.capacity() < hidden.len() / 3,
            "{}",
            scratch.capacity()
        );
    }
}
