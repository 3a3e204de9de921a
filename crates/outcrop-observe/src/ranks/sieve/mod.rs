//! One pass over magnitudes that counts those below a bracket, and keeps those inside and those from another on.

#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
mod avx512;

use super::bracket::Bracket;
use crate::sums::magnitude_bits;
use crate::wide::vectorised;

/// Scalars that are looked at together.
const BLOCK: usize = 4096;

/// By how many scalars the memory for what is kept is longer.
const ROOM: usize = 16;

/// What is sought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sieve {
    pub(super) bracket: Bracket,
    /// The smallest magnitude that is kept for the next, by its bits.
    pub(super) from: Option<u32>,
}

/// How many magnitudes are below the bracket, inside of it, and kept for the next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) below: usize,
    pub(super) inside: usize,
    pub(super) above: usize,
}

impl Counts {
    /// Whether `count` ranks from `rank` on are inside.
    pub(super) fn has(self, rank: usize, count: usize) -> bool {
        rank >= self.below && rank + count <= self.below + self.inside
    }
}

impl Sieve {
    /// For one of several ascending brackets.
    pub(super) fn new(brackets: &[Bracket], at: usize) -> Self {
        Self {
            bracket: brackets[at],
            from: brackets.get(at + 1).map(|next| next.low),
        }
    }

    /// What is kept is at the front of `inside` and of `above`, in the order of `values`.
    pub(super) fn run(self, values: &[f32], inside: &mut Vec<f32>, above: &mut Vec<f32>) -> Counts {
        let mut found = Counts::default();
        self.add(values, &mut found, inside, above);
        found
    }

    /// What is kept comes after what was `found` before.
    pub(super) fn add(
        self,
        values: &[f32],
        found: &mut Counts,
        inside: &mut Vec<f32>,
        above: &mut Vec<f32>,
    ) {
        for block in values.chunks(BLOCK) {
            let to = [(&mut *inside, found.inside), (&mut *above, found.above)];
            let [inside, above] = to.map(|(kept, count)| {
                let room = count + block.len() + ROOM;
                if kept.len() < room {
                    kept.resize(room, 0.0);
                }
                &mut kept[count..room]
            });
            let more = self.block(block, inside, above);
            found.below += more.below;
            found.inside += more.inside;
            found.above += more.above;
        }
    }

    fn block(self, values: &[f32], inside: &mut [f32], above: &mut [f32]) -> Counts {
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        if let Some(found) = avx512::block(self, values, inside, above) {
            return found;
        }
        plain(self, values, inside, above)
    }
}

vectorised! {
    /// Without a branch that depends on a scalar.
    fn plain<'a>(
        sieve: Sieve,
        values: &'a [f32],
        inside: &'a mut [f32],
        above: &'a mut [f32],
    ) -> Counts {
        let (Bracket { low, high }, from) = (sieve.bracket, sieve.from.unwrap_or(u32::MAX));
        let mut found = Counts::default();
        for x in values {
            let bits = magnitude_bits(*x);
            inside[found.inside] = f32::from_bits(bits);
            above[found.above] = f32::from_bits(bits);
            found.below += usize::from(bits < low);
            found.inside += usize::from((bits >= low) & (bits <= high));
            found.above += usize::from(bits >= from);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways, against the comparisons.
    #[test]
    fn what_is_kept_is_what_is_sought() {
        for n in [0, 1, 15, 16, 17, 300, BLOCK, BLOCK + 7] {
            let values: Vec<f32> = (0..n).map(|i| (i * 37 % 64) as f32 - 20.0).collect();
            for ([low, high], from) in [([5.0, 30.0], Some(25.0)), ([0.0, 43.0], None)] {
                let bits = |x: f32| x.to_bits();
                let sieve = Sieve {
                    bracket: Bracket {
                        low: bits(low),
                        high: bits(high),
                    },
                    from: from.map(bits),
                };
                let (mut inside, mut above) = (Vec::new(), Vec::new());
                let found = sieve.run(&values, &mut inside, &mut above);
                inside.truncate(found.inside);
                above.truncate(found.above);
                let sizes = || values.iter().map(|x| x.abs());
                let expected = sizes().filter(|x| (low..=high).contains(x));
                assert_eq!(inside, expected.collect::<Vec<_>>());
                let expected = sizes().filter(|x| from.is_some_and(|from| *x >= from));
                assert_eq!(above, expected.collect::<Vec<_>>());
                assert_eq!(found.below, sizes().filter(|x| *x < low).count());
                let block = &values[..n.min(BLOCK)];
                let [mut inside, mut above] = [0, 1].map(|_| vec![0.0; block.len() + ROOM]);
                let one = sieve.block(block, &mut inside, &mut above);
                assert_eq!(one, plain(sieve, block, &mut inside, &mut above));
            }
        }
    }
}
