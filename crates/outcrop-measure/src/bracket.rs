//! The exact median in one pass: a sample brackets it, the pass counts what lies below the bracket
//! and keeps what lies inside, and the median is selected among the few that were kept. This is the
//! idea of Floyd and Rivest (1975), "Expected time bounds for selection", Commun. ACM 18(3). Where
//! the sample misled (next to never by chance, but an input can be made so), the caller selects among
//! everything. Measured against selecting in a copy, a histogram of the leading bits and a branch-free
//! copy of every scalar, it is the fastest from 10,000 scalars on.

use crate::bits::{BLOCK, INFINITE, magnitude};

/// Up to this many scalars, selecting among all of them is faster.
const SHORT: usize = 8192;
/// Half the width of the bracket in standard errors of the sample's median.
const ERRORS: f64 = 3.5;

/// The order statistics near the median of the magnitudes offered so far.
pub(crate) struct Bracket<'a> {
    low: u32,
    high: u32,
    below: usize,
    /// Room for what lies inside; the first `inside` elements are in use.
    scratch: &'a mut Vec<u32>,
    inside: usize,
}

impl<'a> Bracket<'a> {
    /// A bracket that a sample of `hidden` says should hold its median; none for an input so short,
    /// or so little of it finite, that selecting among all of it is better.
    pub(crate) fn new(hidden: &[f32], scratch: &'a mut Vec<u32>) -> Option<Self> {
        let (low, high) = match hidden.len() > SHORT {
            true => sample(hidden, scratch)?,
            false => return None,
        };
        Some(Self {
            low,
            high,
            below: 0,
            scratch,
            inside: 0,
        })
    }

    /// Takes a block of at most [`BLOCK`] scalars.
    pub(crate) fn offer(&mut self, block: &[f32]) {
        if self.scratch.len() < self.inside + BLOCK {
            self.scratch.resize(self.inside + BLOCK, 0);
        }
        let low = self.low;
        let below: u32 = block.iter().map(|h| u32::from(magnitude(*h) < low)).sum();
        self.below += below as usize;
        if let Some(room) = self.scratch[self.inside..].first_chunk_mut() {
            self.inside += keep(block, low, self.high - low, room);
        }
    }

    /// The magnitude at `rank` from below, from 0, of all of `hidden`, which was offered. None
    /// where the rank is not inside the bracket.
    pub(crate) fn at(self, rank: usize) -> Option<u32> {
        let inside = &mut self.scratch[..self.inside];
        let rank = rank.checked_sub(self.below).filter(|r| *r < inside.len())?;
        Some(*inside.select_nth_unstable(rank).1)
    }
}

/// Between which magnitudes the median should be, from a sample of between n/64 and 4096 scalars;
/// none where few of them are finite.
fn sample(hidden: &[f32], scratch: &mut Vec<u32>) -> Option<(u32, u32)> {
    let count = (hidden.len() / 64).clamp(256, 4096) as u64;
    scratch.clear();
    scratch.extend((1..=count).map(|i| {
        // Multiples of the golden ratio spread evenly and, unlike a stride, favour no channel.
        let turn = u128::from(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        magnitude(hidden[((turn * hidden.len() as u128) >> 64) as usize])
    }));
    scratch.retain(|m| *m < INFINITE);
    if scratch.len() < 64 {
        return None;
    }
    let margin = (ERRORS / 2.0 * (scratch.len() as f64).sqrt()) as usize;
    let middle = scratch.len() / 2;
    let (_, low, above) = scratch.select_nth_unstable(middle - margin);
    let low = *low;
    let (_, high, _) = above.select_nth_unstable(2 * margin - 1);
    Some((low, *high))
}

/// Copies the magnitudes from `low` to `low + width` to the front of `room` and counts them. Which
/// of 64 scalars are inside is found without a branch and kept in one word; the loop then runs over
/// the few bits that are set.
fn keep(block: &[f32], low: u32, width: u32, room: &mut [u32; BLOCK]) -> usize {
    let mut kept = 0;
    let (words, rest) = block.as_chunks::<64>();
    for word in words {
        let mut inside = flags(word, low, width);
        while inside != 0 {
            // Both indices are in range as they are; the masks save the check.
            let h = word[inside.trailing_zeros() as usize % 64];
            room[kept % BLOCK] = magnitude(h);
            kept += 1;
            inside &= inside - 1;
        }
    }
    for h in rest {
        let m = magnitude(*h);
        room[kept % BLOCK] = m;
        kept += usize::from(m.wrapping_sub(low) <= width);
    }
    kept
}

/// A bit for each scalar whose magnitude is from `low` to `low + width`.
#[inline]
fn flags(word: &[f32; 64], low: u32, width: u32) -> u64 {
    let bytes = word.map(|h| u8::from(magnitude(h).wrapping_sub(low) <= width));
    // Eight bytes of 0 or 1 become eight bits in the highest byte of the product.
    let packed = bytes
        .as_chunks::<8>()
        .0
        .iter()
        .rev()
        .map(|b| u64::from_le_bytes(*b).wrapping_mul(0x0102_0408_1020_4080) >> 56);
    packed.fold(0, |bits, byte| bits << 8 | byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_the_comparisons() {
        let word: [f32; 64] = std::array::from_fn(|i| (i as f32 * 37.0) % 64.0 - 20.0);
        let (low, high) = (magnitude(5.0), magnitude(30.0));
        let bits = flags(&word, low, high - low);
        for (i, h) in word.iter().enumerate() {
            assert_eq!(bits >> i & 1 == 1, (5.0..=30.0).contains(&h.abs()), "{h}");
        }
    }

    #[test]
    fn a_bracket_holds_few_of_a_long_input() {
        let hidden: Vec<f32> = (0..1 << 20)
            .map(|i| (i as f32 * 0.618).fract() - 0.5)
            .collect();
        let mut scratch = Vec::new();
        let mut bracket = Bracket::new(&hidden, &mut scratch).unwrap();
        hidden.chunks(BLOCK).for_each(|b| bracket.offer(b));
        assert!(bracket.inside < hidden.len() / 10, "{}", bracket.inside);
        assert!(bracket.at(hidden.len() / 2).is_some());
        assert!(
            scratch.capacity() < hidden.len() / 4,
            "{}",
            scratch.capacity()
        );
    }
}
