//! Exact ranks of magnitudes in two passes, and the memory of those near them.

/// The bits of a magnitude that the first pass counts, and those of the second.
const HIGH: u32 = 15;
const LOW: u32 = 16;

/// The magnitudes |x| at `ranks` (from 0, below the number of scalars, in any order) among finite `values` in ascending
/// order. The bits of magnitudes sort like the magnitudes: the first pass counts how often each pattern of the upper 15
/// bits occurs, the second collects those with the patterns at which a rank lies.
pub(crate) fn magnitudes_at(values: &[f32], ranks: &[usize]) -> Vec<f32> {
    let mut high = vec![0u32; 1 << HIGH];
    for x in values {
        high[(bits(*x) >> LOW) as usize] += 1;
    }
    let found: Vec<(usize, usize)> = ranks.iter().map(|rank| locate(&high, *rank)).collect();
    let mut patterns: Vec<usize> = found.iter().map(|(pattern, _)| *pattern).collect();
    patterns.sort_unstable();
    patterns.dedup();
    let mut near = collect(values, &patterns, &high);
    let magnitude = |(pattern, rank): (usize, usize)| {
        let slot = patterns.partition_point(|known| *known < pattern);
        let (_, found, _) = near[slot].select_nth_unstable(rank);
        f32::from_bits(*found)
    };
    found.into_iter().map(magnitude).collect()
}

/// Scalars from which on a sample says where a rank is, and the size of the sample.
const MANY: usize = 1 << 16;
const SAMPLE: usize = 1 << 13;

/// The magnitude at one rank, as [`magnitudes_at`]. Of many scalars a sample says between which two magnitudes it is
/// likely to be; only those between are then copied. Where it is not there, the histogram finds it.
pub(crate) fn magnitude_at(values: &[f32], rank: usize) -> f32 {
    let between = match values.len() >= MANY {
        true => between(values, rank),
        false => None,
    };
    between.unwrap_or_else(|| magnitudes_at(values, &[rank])[0])
}

fn between(values: &[f32], rank: usize) -> Option<f32> {
    // an odd stride meets every channel
    let stride = (values.len() / SAMPLE) | 1;
    let mut sample: Vec<u32> = values.iter().step_by(stride).map(|x| bits(*x)).collect();
    let at = rank / stride;
    let margin = SAMPLE / 60; // three standard deviations of a rank in the middle
    let first = at.checked_sub(margin)?;
    let (_, low, above) = sample.select_nth_unstable(first);
    let last = (2 * margin - 1).min(above.len().checked_sub(1)?);
    let high = *above.select_nth_unstable(last).1;
    let (below, mut near) = near(values, [*low, high]);
    let at = rank.checked_sub(below).filter(|at| *at < near.len())?;
    Some(f32::from_bits(*near.select_nth_unstable(at).1))
}

/// How many scalars are below the first pattern of bits, and those from there to the second.
fn near(values: &[f32], [low, high]: [u32; 2]) -> (usize, Vec<u32>) {
    // patterns of magnitudes have no sign, and processors compare signed numbers
    let [first, last] = [low, high].map(u32::cast_signed);
    let (mut below, mut near) = ([0i32; 8], Vec::new());
    let blocks = values.chunks_exact(8);
    let rest = blocks.remainder();
    for block in blocks {
        let mut inside = [0i32; 8];
        for ((below, inside), x) in below.iter_mut().zip(&mut inside).zip(block) {
            let bits = bits(*x).cast_signed();
            let under = -i32::from(bits < first);
            *below -= under;
            *inside = !under & -i32::from(bits <= last);
        }
        if inside.iter().fold(0, |any, one| any | one) != 0 {
            let pairs = inside.iter().zip(block).filter(|(inside, _)| **inside != 0);
            near.extend(pairs.map(|(_, x)| bits(*x)));
        }
    }
    let mut count = below.iter().map(|below| *below as usize).sum();
    for bits in rest.iter().map(|x| bits(*x)) {
        count += usize::from(bits < low);
        near.extend((low..=high).contains(&bits).then_some(bits));
    }
    (count, near)
}

fn bits(x: f32) -> u32 {
    x.to_bits() & (u32::MAX >> 1)
}

/// In which of `counts` the scalar at `rank` is counted, and its rank there.
fn locate(counts: &[u32], rank: usize) -> (usize, usize) {
    let mut left = rank;
    for (at, count) in counts.iter().enumerate() {
        match left < *count as usize {
            true => return (at, left),
            false => left -= *count as usize,
        }
    }
    (counts.len() - 1, 0)
}

/// The bits of the scalars with each of the sorted upper `patterns`, which are as often as `counts` says.
fn collect(values: &[f32], patterns: &[usize], counts: &[u32]) -> Vec<Vec<u32>> {
    const NONE: u8 = u8::MAX;
    let mut slots = vec![NONE; 1 << HIGH];
    for (slot, pattern) in patterns.iter().enumerate() {
        slots[*pattern] = slot as u8;
    }
    let room = |pattern: &usize| Vec::with_capacity(counts[*pattern] as usize);
    let mut near: Vec<Vec<u32>> = patterns.iter().map(room).collect();
    for x in values {
        let bits = bits(*x);
        let slot = slots[(bits >> LOW) as usize];
        if slot != NONE {
            near[usize::from(slot)].push(bits);
        }
    }
    near
}

/// |x| at shares `q` (0 to 1) of all scalars, between two ranks in proportion, as `numpy.quantile` does.
pub(crate) fn quantiles(values: &[f32], shares: &[f64]) -> Vec<f64> {
    let last = values.len() - 1;
    let at = |q: f64| q * last as f64;
    let ranks = shares.iter().flat_map(|q| {
        let below = at(*q).floor() as usize;
        [below, (below + 1).min(last)]
    });
    let found = magnitudes_at(values, &ranks.collect::<Vec<_>>());
    let between = |(q, pair): (&f64, &[f32])| {
        let (below, above) = (f64::from(pair[0]), f64::from(pair[1]));
        below + (above - below) * at(*q).fract()
    };
    shares
        .iter()
        .zip(found.chunks_exact(2))
        .map(between)
        .collect()
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
    fn a_rank_among_many_is_that_of_the_histogram() {
        let wild = |i: u32| ((i.wrapping_mul(2_654_435_761) >> 8) as f32 - 8e6) * 1.3e-5;
        let heavy = |i: u32| if i.is_multiple_of(512) { 1e4 } else { wild(i) };
        let steps = |i: u32| (i / 30_000) as f32;
        let kinds: [&dyn Fn(u32) -> f32; 5] = [&wild, &heavy, &steps, &|_| -2.5, &|_| 0.0];
        for of in kinds {
            let values: Vec<f32> = (0..200_000).map(of).collect();
            for rank in [0, 17, 50_000, 99_999, 100_000, 199_999] {
                let found = magnitude_at(&values, rank);
                assert_eq!(found, magnitudes_at(&values, &[rank])[0], "{rank}");
            }
        }
    }
}
