//! Exact ranks of magnitudes in two passes, and the memory of those near them.

use crate::sums::magnitude_bits;
use crate::wide::vectorised;

/// The bits of a magnitude that the first pass counts, and those of the second.
const HIGH: u32 = 15;
const LOW: u32 = 16;

/// Patterns that are counted together, to find a rank in few steps.
const GROUP: usize = 64;

/// The magnitudes |x| at `ranks` (from 0, below the number of scalars, in any order) among finite `values` in ascending
/// order. The bits of magnitudes sort like the magnitudes: the first pass counts how often each pattern of the upper 15
/// bits occurs, the second collects those with the patterns at which a rank lies.
pub(crate) fn magnitudes_at(values: &[f32], ranks: &[usize]) -> Vec<f32> {
    let mut counts = [0u32; 1 << HIGH];
    for x in values {
        counts[(magnitude_bits(*x) >> LOW) as usize] += 1;
    }
    let mut groups = [0; (1 << HIGH) / GROUP];
    group_sums(&counts, &mut groups);
    let locate = |rank: &usize| locate(&counts, &groups, *rank);
    let found: Vec<(usize, usize)> = ranks.iter().map(locate).collect();
    let mut patterns: Vec<u32> = found.iter().map(|(pattern, _)| *pattern as u32).collect();
    patterns.sort_unstable();
    patterns.dedup();
    let room = |pattern: &u32| Vec::with_capacity(counts[*pattern as usize] as usize);
    let mut near: Vec<Vec<u32>> = patterns.iter().map(room).collect();
    collect(values, &patterns, &mut near);
    let magnitude = |(pattern, rank): (usize, usize)| {
        let slot = patterns.partition_point(|known| (*known as usize) < pattern);
        let (_, found, _) = near[slot].select_nth_unstable(rank);
        f32::from_bits(*found)
    };
    found.into_iter().map(magnitude).collect()
}

vectorised! {
    fn group_sums<'a>(counts: &'a [u32], sums: &'a mut [u32]) -> () {
        for (sum, group) in sums.iter_mut().zip(counts.as_chunks::<GROUP>().0) {
            *sum = group.iter().sum();
        }
    }
}

/// The pattern of the scalar at `rank`, and its rank among those with the same.
fn locate(counts: &[u32], groups: &[u32], rank: usize) -> (usize, usize) {
    let (group, left) = step(groups, rank);
    let (inside, left) = step(&counts[group * GROUP..][..GROUP], left);
    (group * GROUP + inside, left)
}

/// In which of `counts` the scalar at `rank` is counted, and its rank there.
fn step(counts: &[u32], rank: usize) -> (usize, usize) {
    let mut left = rank;
    for (at, count) in counts.iter().enumerate() {
        match left < *count as usize {
            true => return (at, left),
            false => left -= *count as usize,
        }
    }
    (counts.len() - 1, 0)
}

/// Scalars that are looked at together.
const BLOCK: usize = 64;

vectorised! {
    /// The bits of the scalars with each of the upper `patterns`.
    fn collect<'a>(values: &'a [f32], patterns: &'a [u32], near: &'a mut [Vec<u32>]) -> () {
        let mut off = [0; BLOCK];
        for block in values.chunks(BLOCK) {
            off.fill(u32::MAX);
            for pattern in patterns {
                for (off, x) in off.iter_mut().zip(block) {
                    *off = u32::min(*off, (magnitude_bits(*x) >> LOW) ^ pattern);
                }
            }
            let mut least = u32::MAX;
            for off in &off[..block.len()] {
                least = u32::min(least, *off);
            }
            if least == 0 {
                let found = block.iter().zip(&off).filter(|(_, off)| **off == 0);
                found.for_each(|(x, _)| keep(magnitude_bits(*x), patterns, near));
            }
        }
    }
}

fn keep(bits: u32, patterns: &[u32], near: &mut [Vec<u32>]) {
    let slot = patterns.iter().position(|pattern| *pattern == bits >> LOW);
    if let Some(slot) = slot {
        near[slot].push(bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_a_sorted_copy() {
        let values: Vec<f32> = (0..5000)
            .map(|i| ((i * 7919 % 4999) as f32 - 2500.0) * 1.7e-3f32.powi(i % 3))
            .chain([0.0, -0.0, f32::MIN_POSITIVE / 8.0, f32::MAX, -f32::MAX])
            .collect();
        let mut sorted: Vec<f32> = values.iter().map(|x| x.abs()).collect();
        sorted.sort_by(f32::total_cmp);
        let ranks = [0, 1, 7, 2500, 2501, 4999, values.len() - 1, 3];
        let expected: Vec<f32> = ranks.iter().map(|rank| sorted[*rank]).collect();
        assert_eq!(magnitudes_at(&values, &ranks), expected);
        assert_eq!(magnitudes_at(&[-3.0; 9], &[0, 8]), [3.0, 3.0]);
    }

    #[test]
    fn ranks_of_any_distribution_are_those_of_a_sorted_copy() {
        let wild = |i: u32| ((i.wrapping_mul(2_654_435_761) >> 8) as f32 - 8e6) * 1.3e-5;
        let heavy = |i: u32| if i.is_multiple_of(512) { 1e4 } else { wild(i) };
        let steps = |i: u32| (i / 30_000) as f32;
        let kinds: [&dyn Fn(u32) -> f32; 5] = [&wild, &heavy, &steps, &|_| -2.5, &|_| 0.0];
        for of in kinds {
            let values: Vec<f32> = (0..100_000).map(of).collect();
            let mut sorted: Vec<f32> = values.iter().map(|x| x.abs()).collect();
            sorted.sort_by(f32::total_cmp);
            let ranks = [0, 17, 25_000, 49_999, 50_000, 99_998, 99_999];
            let expected = ranks.map(|rank| sorted[rank]);
            assert_eq!(magnitudes_at(&values, &ranks), expected);
        }
    }
}
