use std::collections::BTreeMap;

use outcrop_core::Measurement;

/// How many magnitudes lie in an interval that is open on the left and closed on the right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Magnitudes above this, at least 0.
    pub left: f64,
    /// Magnitudes up to this, at least `left`.
    pub right: f64,
    /// How many, of one hidden state.
    pub count: f64,
}

/// The magnitudes |h| of a hidden state [positions, d_model], as far as they were measured: the first bucket begins at 0,
/// each begins where the one before it ends.
///
/// A measurement holds order statistics: the lower median, the largest three. Over sequences they are averaged rank by rank,
/// which is the average distribution in the sense of Vincent (1912; Ratcliff 1979, Psychological Bulletin 86). Between
/// two ranks nothing is known, so that is one bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// The buckets, in ascending order.
    pub buckets: Vec<Bucket>,
}

/// The quantiles of |h| that may have been observed of a hidden state, by name.
pub(crate) const QUANTILES: [(&str, f64); 5] = [
    ("q75", 0.75),
    ("q90", 0.9),
    ("q95", 0.95),
    ("q99", 0.99),
    ("q999", 0.999),
];

impl Histogram {
    /// The histogram of the hidden states of one layer at one step, one row a sequence, and of the quantiles that were
    /// observed there, as (share, magnitude). None where no row has a median and a largest magnitude, or rows differ in
    /// the number of scalars or of ranks.
    pub fn of(rows: &[&Measurement], quantiles: &[(f64, f64)]) -> Option<Self> {
        let ranks = rows
            .iter()
            .map(|row| ranks(row))
            .collect::<Option<Vec<_>>>()?;
        let first = ranks.first()?;
        let of_one: Vec<u64> = first.iter().map(|(rank, _)| *rank).collect();
        let alike =
            |one: &Vec<(u64, f64)>| one.iter().map(|(rank, _)| *rank).eq(of_one.iter().copied());
        if !ranks.iter().all(alike) {
            return None;
        }
        let mean = |i: usize| ranks.iter().map(|one| one[i].1).sum::<f64>() / ranks.len() as f64;
        let mut edges: BTreeMap<u64, f64> = of_one
            .iter()
            .enumerate()
            .map(|(i, rank)| (*rank, mean(i)))
            .collect();
        let (scalars, below_top) = (*of_one.last()?, *of_one.get(1)?);
        for (share, magnitude) in quantiles {
            let rank = (share * scalars as f64).ceil() as u64;
            if rank < below_top {
                edges.entry(rank).or_insert(*magnitude);
            }
        }
        Some(Self::between(&edges))
    }

    /// Buckets between ranks: `edges` says the magnitude of each rank, from 1.
    fn between(edges: &BTreeMap<u64, f64>) -> Self {
        let (mut left, mut below) = (0.0, 0);
        let bucket = |(rank, magnitude): (&u64, &f64)| {
            let right = magnitude.max(left);
            let count = (rank - below) as f64;
            let bucket = Bucket { left, right, count };
            (left, below) = (right, *rank);
            bucket
        };
        Self {
            buckets: edges.iter().map(bucket).collect(),
        }
    }
}

/// The order statistics of a hidden state: ranks from 1 in ascending order, with their magnitudes.
fn ranks(row: &Measurement) -> Option<Vec<(u64, f64)>> {
    let stats = &row.stats;
    let finite = stats.count.checked_sub(stats.non_finite)?;
    let top = stats.top.iter().flatten().count() as u64;
    if top == 0 || finite < 2 * top {
        return None;
    }
    let largest = stats.top.iter().flatten().rev().zip(1..);
    let largest = largest.map(|(top, i)| {
        (
            finite - stats.top.iter().flatten().count() as u64 + i,
            f64::from(top.magnitude),
        )
    });
    let median = (finite.div_ceil(2), f64::from(stats.median?));
    Some(std::iter::once(median).chain(largest).collect())
}
