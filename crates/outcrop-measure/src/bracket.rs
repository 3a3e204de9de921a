//! The exact median in one pass: a guess brackets it, the pass counts what lies below the bracket and
//! keeps what lies inside, and the median is selected among the few that were kept. Where the guess
//! was wrong, the next has a wider bracket: one of a sample, after Floyd and Rivest (1975), "Expected
//! time bounds for selection", Commun. ACM 18(3), then everything.

use pulp::{Arch, Simd, WithSimd};

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
/// The same of the bracket within a bracket: where it misses, little is lost.
const NARROW: f64 = 2.0;
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
        let margin = NARROW * (place * (1.0 - place) / self.inside as f64).sqrt();
        let bound = |share: f64| low + (share.clamp(0.0, 1.0) * f64::from(high - low)) as u32;
        Bracket {
            low: bound(place - margin),
            high: bound(place + margin),
        }
    }
}

/// The magnitude at `rank` from below.
fn select(magnitudes: &mut [f32], rank: usize) -> u32 {
    if magnitudes.len() <= FEW {
        return Arch::new().dispatch(SelectFew { magnitudes, rank });
    }
    let (_, h, _) = magnitudes.select_nth_unstable_by(rank, f32::total_cmp);
    magnitude(*h)
}

/// Selects among at most [`FEW`] by counting for each how many are below, without a branch that depends on
/// them.
struct SelectFew<'a> {
    magnitudes: &'a [f32],
    rank: usize,
}

impl WithSimd for SelectFew<'_> {
    type Output = u32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> u32 {
        let mut all = [u32::MAX; FEW];
        for (m, h) in all.iter_mut().zip(self.magnitudes) {
            *m = magnitude(*h);
        }
        let mut found = all[0];
        for m in &all[..self.magnitudes.len()] {
            let (mut below, mut not_above) = (0, 0);
            for other in &all {
                below += u32::from(other < m);
                not_above += u32::from(other <= m);
            }
            if (below..not_above).contains(&(self.rank as u32)) {
                found = *m;
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selecting_among_few_is_indexing_a_sort() {
        for n in [1, 2, 3, 17, FEW, FEW + 1] {
            let magnitudes: Vec<f32> = (0..n).map(|i| (i * 29 % 23) as f32).collect();
            let mut sorted = magnitudes.clone();
            sorted.sort_by(f32::total_cmp);
            for (rank, h) in sorted.iter().enumerate() {
                assert_eq!(select(&mut magnitudes.clone(), rank), h.to_bits());
            }
        }
    }

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
