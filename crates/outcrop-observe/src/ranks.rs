//! Exact ranks of magnitudes in two passes and flat memory.

/// The bits of a magnitude that the first pass counts, and those of the second.
const HIGH: u32 = 15;
const LOW: u32 = 16;

/// The magnitudes |x| at `ranks` (from 0, below the number of scalars, in any order) among finite `values` in ascending
/// order. The bits of magnitudes sort like the magnitudes: the first pass counts how often each pattern of the upper 15
/// bits occurs, the second the lower 16 bits below the patterns at which a rank lies.
pub(crate) fn magnitudes_at(values: &[f32], ranks: &[usize]) -> Vec<f32> {
    let mut high = vec![0u32; 1 << HIGH];
    for x in values {
        high[(bits(*x) >> LOW) as usize] += 1;
    }
    let found: Vec<(usize, usize)> = ranks.iter().map(|rank| locate(&high, *rank)).collect();
    let mut patterns: Vec<usize> = found.iter().map(|(pattern, _)| *pattern).collect();
    patterns.sort_unstable();
    patterns.dedup();
    let low = count_low(values, &patterns);
    let magnitude = |(pattern, rank): (usize, usize)| {
        let slot = patterns.partition_point(|known| *known < pattern);
        let (low, _) = locate(&low[slot << LOW..][..1 << LOW], rank);
        f32::from_bits((pattern << LOW | low) as u32)
    };
    found.into_iter().map(magnitude).collect()
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

/// How often each pattern of the lower bits occurs below each of the sorted upper `patterns`.
fn count_low(values: &[f32], patterns: &[usize]) -> Vec<u32> {
    const NONE: u8 = u8::MAX;
    let mut slots = vec![NONE; 1 << HIGH];
    for (slot, pattern) in patterns.iter().enumerate() {
        slots[*pattern] = slot as u8;
    }
    let mut low = vec![0u32; patterns.len() << LOW];
    for x in values {
        let bits = bits(*x);
        let slot = slots[(bits >> LOW) as usize];
        if slot != NONE {
            low[(slot as usize) << LOW | (bits & 0xffff) as usize] += 1;
        }
    }
    low
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
}
