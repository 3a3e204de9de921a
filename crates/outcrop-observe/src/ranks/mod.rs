//! Exact ranks of magnitudes in about one pass: a sample says between which two magnitudes each should be, the pass counts
//! what is below and keeps what is inside (Floyd and Rivest 1975, Commun. ACM 18(3)). Where a sample was wrong, all are
//! looked at.

mod bracket;
mod first;
mod sieve;

use std::cell::RefCell;

use bracket::Sample;
pub(crate) use bracket::{Bracket, Expected};
pub(crate) use first::FirstPass;
use sieve::{Counts, Sieve};

thread_local! {
    /// Used again, since fresh memory causes page faults.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The magnitudes |x| at `ranks` (from 0, below the number of scalars, in any order) among finite `values` in ascending
/// order. `expected` is a pass over all of them: where it has expected the ranks changes the time alone.
pub(crate) fn magnitudes_at(
    values: &[f32],
    ranks: &[usize],
    expected: Option<&FirstPass>,
) -> Vec<f32> {
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let found = MEMORY.with_borrow_mut(|memory| {
        let expected = expected.and_then(|first| memory.at_expected(first, &sorted));
        expected.unwrap_or_else(|| memory.at(values, &sorted))
    });
    let place = |rank: &usize| sorted.partition_point(|known| known < rank);
    ranks.iter().map(|rank| found[place(rank)]).collect()
}

/// How many magnitudes of all `rows` are below a bracket, and those inside.
pub(crate) fn kept_by<'a>(
    bracket: Bracket,
    rows: impl Iterator<Item = &'a [f32]>,
) -> (usize, Vec<f32>) {
    let sieve = Sieve {
        bracket,
        from: None,
    };
    MEMORY.with_borrow_mut(|memory| {
        let (mut found, nothing) = (Counts::default(), &mut memory.rest[0]);
        for row in rows {
            sieve.add(row, &mut found, &mut memory.inside, nothing);
        }
        (found.below, memory.inside[..found.inside].to_vec())
    })
}

/// The magnitude at `rank` of a tensor of which there are `below` below a bracket, and those `inside`; none where it is not
/// inside.
pub(crate) fn kept_at(
    bracket: Bracket,
    below: usize,
    mut inside: Vec<f32>,
    rank: usize,
) -> Option<f32> {
    MEMORY.with_borrow_mut(|memory| {
        let count = inside.len();
        std::mem::swap(&mut memory.inside, &mut inside);
        let found = memory.select(&[rank], below, count, bracket);
        found.then(|| memory.sorted[0])
    })
}

/// Where the median of the whole should be, by a sample of some of its rows: of the first `columns` scalars of each `width`.
pub(crate) fn middle_of(rows: &[f32], width: usize, columns: usize) -> Bracket {
    let n = rows.len() / width * columns;
    MEMORY.with_borrow_mut(|memory| {
        let at = |i: usize| rows[i / columns * width + i % columns];
        memory.sample.take(n, at);
        memory.sample.bracket(&[n.saturating_sub(1) / 2], n)
    })
}

/// Up to this many, selecting among them is fastest.
const FEW: usize = 512;

/// How often what is inside may be narrowed down.
const ROUNDS: usize = 12;

#[derive(Debug, Default)]
struct Memory {
    sample: Sample,
    inside: Vec<f32>,
    narrowed: Vec<f32>,
    /// What the next ranks are among, and what those after them are.
    rest: [Vec<f32>; 2],
    sorted: Vec<f32>,
    /// Of first passes that are over.
    spare: Vec<[Vec<f32>; 2]>,
}

/// What ranks are sought among.
#[derive(Clone, Copy)]
enum Source<'a> {
    All(&'a [f32]),
    /// All, of which the first bracket is sifted already.
    Sifted(&'a FirstPass),
}

impl Source<'_> {
    fn count(self) -> usize {
        match self {
            Source::All(values) => values.len(),
            Source::Sifted(first) => first.count,
        }
    }
}

/// Ranks side by side, which are sought together.
fn groups(ranks: &[usize]) -> Vec<&[usize]> {
    ranks.chunk_by(|a, b| b - a <= 1).collect()
}

impl Memory {
    /// Of ascending ranks, in brackets by a sample.
    fn at(&mut self, values: &[f32], ranks: &[usize]) -> Vec<f32> {
        self.sample.take(values.len(), |at| values[at]);
        let groups = groups(ranks);
        let of_group = |group: &&[usize]| self.sample.bracket(group, values.len());
        let brackets: Vec<Bracket> = groups.iter().map(of_group).collect();
        let found = self.sift(Source::All(values), &groups, &brackets);
        let found = groups.iter().zip(found);
        let found = found.flat_map(|(group, found)| {
            let exact = || group.iter().map(|rank| exactly(values, *rank)).collect();
            found.unwrap_or_else(exact)
        });
        found.collect()
    }

    /// The same in brackets that were expected; none where other ranks were, or one is not in its bracket.
    fn at_expected(&mut self, first: &FirstPass, ranks: &[usize]) -> Option<Vec<f32>> {
        let (groups, expected, n) = (groups(ranks), &first.expected, first.count);
        let fit = groups.iter().zip(expected).all(|(g, e)| e.is_of(g[0], n));
        if !fit || groups.len() != expected.len() {
            return None;
        }
        let brackets: Vec<Bracket> = expected.iter().map(|one| one.bracket).collect();
        let found = self.sift(Source::Sifted(first), &groups, &brackets);
        Some(found.into_iter().collect::<Option<Vec<_>>>()?.concat())
    }

    /// The magnitudes of groups of ranks, each sought among the scalars from its bracket on; none where they are not in there.
    fn sift(
        &mut self,
        source: Source<'_>,
        groups: &[&[usize]],
        brackets: &[Bracket],
    ) -> Vec<Option<Vec<f32>>> {
        let all = source.count();
        let (mut found, mut count) = (Vec::with_capacity(groups.len()), all);
        for (at, group) in groups.iter().enumerate() {
            let sieve = Sieve::new(brackets, at);
            let [rest, above] = &mut self.rest;
            let counts = match (at, source) {
                (0, Source::Sifted(first)) => {
                    self.inside.clear();
                    self.inside.extend_from_slice(first.inside());
                    first.counts
                }
                (0, Source::All(values)) => sieve.run(values, &mut self.inside, above),
                (1, Source::Sifted(first)) => sieve.run(first.above(), &mut self.inside, above),
                _ => sieve.run(&rest[..count], &mut self.inside, above),
            };
            let below = all - count + counts.below;
            self.rest.swap(0, 1);
            count = counts.above;
            let is_there = self.select(group, below, counts.inside, brackets[at]);
            found.push(is_there.then(|| self.sorted.clone()));
        }
        found
    }

    /// Puts the magnitudes at ranks side by side into `sorted`, of the `count` that are inside of a bracket, before which
    /// there are `below`; false where they are not there.
    fn select(&mut self, ranks: &[usize], below: usize, count: usize, bracket: Bracket) -> bool {
        let (first, ranks_in) = (ranks[0], ranks.len());
        let Some(mut at) = first.checked_sub(below) else {
            return false;
        };
        if at + ranks_in > count {
            return false;
        }
        let (mut count, mut bracket) = (count, bracket);
        for _ in 0..ROUNDS {
            if count <= FEW {
                break;
            }
            let narrow = bracket.narrow(at, count);
            let mut sieve = Sieve {
                bracket: narrow,
                from: None,
            };
            let nothing = &mut self.rest[1];
            let mut counts = sieve.run(&self.inside[..count], &mut self.narrowed, nothing);
            if !counts.has(at, ranks_in) {
                sieve.bracket = bracket.beside(narrow, at < counts.below);
                counts = sieve.run(&self.inside[..count], &mut self.narrowed, nothing);
            }
            if !counts.has(at, ranks_in) || counts.inside == count {
                break;
            }
            std::mem::swap(&mut self.inside, &mut self.narrowed);
            (at, count, bracket) = (at - counts.below, counts.inside, sieve.bracket);
        }
        self.sorted.clear();
        let mut inside = &mut self.inside[..count];
        for _ in 0..ranks_in {
            let (_, next, above) = inside.select_nth_unstable_by(at, f32::total_cmp);
            self.sorted.push(*next);
            (inside, at) = (above, 0);
        }
        true
    }
}

/// By looking at all.
fn exactly(values: &[f32], rank: usize) -> f32 {
    let mut magnitudes: Vec<f32> = values.iter().map(|x| x.abs()).collect();
    *magnitudes.select_nth_unstable_by(rank, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_sorted(values: &[f32], ranks: &[usize]) {
        let mut sorted: Vec<f32> = values.iter().map(|x| x.abs()).collect();
        sorted.sort_by(f32::total_cmp);
        let expected: Vec<f32> = ranks.iter().map(|rank| sorted[*rank]).collect();
        assert_eq!(magnitudes_at(values, ranks, None), expected);
    }

    #[test]
    fn ranks_are_those_of_a_sorted_copy() {
        let values: Vec<f32> = (0..5000)
            .map(|i| ((i * 7919 % 4999) as f32 - 2500.0) * 1.7e-3f32.powi(i % 3))
            .chain([0.0, -0.0, f32::MIN_POSITIVE / 8.0, f32::MAX, -f32::MAX])
            .collect();
        let last = values.len() - 1;
        assert_sorted(&values, &[0, 1, 7, 2500, 2501, 4999, last, 3]);
        assert_sorted(&values, &[2502]);
        assert_sorted(&[-3.0; 9], &[0, 8]);
        assert_sorted(&[2.0], &[0]);
    }

    #[test]
    fn ranks_of_any_distribution_are_those_of_a_sorted_copy() {
        let wild = |i: u32| ((i.wrapping_mul(2_654_435_761) >> 8) as f32 - 8e6) * 1.3e-5;
        let heavy = |i: u32| if i.is_multiple_of(512) { 1e4 } else { wild(i) };
        let cube = |i: u32| wild(i).powi(3);
        let steps = |i: u32| (i / 30_000) as f32;
        let half = |i: u32| if i.is_multiple_of(2) { 0.0 } else { wild(i) };
        let kinds: [&dyn Fn(u32) -> f32; 7] =
            [&wild, &heavy, &cube, &steps, &half, &|_| -2.5, &|_| 0.0];
        for of in kinds {
            let values: Vec<f32> = (0..100_000).map(of).collect();
            let ranks = [
                0, 17, 25_000, 49_999, 50_000, 75_000, 99_900, 99_901, 99_998, 99_999,
            ];
            assert_sorted(&values, &ranks);
            assert_sorted(&values[..3000], &[1499, 2700]);
        }
    }

    /// Brackets that have the ranks, that have not, and that overlap.
    #[test]
    fn what_is_expected_changes_nothing() {
        let values: Vec<f32> = (0..9001).map(|i| (i * 7919 % 9001) as f32).collect();
        let ranks = [4500, 8100, 8101];
        let pass = |of: [f64; 2]| {
            let about = |(share, middle)| Expected::about(share, middle, 100.0);
            let expected = [0.5, 0.9].into_iter().zip(of).map(about);
            let mut first = FirstPass::new(expected.collect())?;
            values.chunks(1000).for_each(|some| first.add(some));
            Some(first)
        };
        let exact: Vec<f32> = ranks.iter().map(|rank| *rank as f32).collect();
        let all = [[4500.0, 8100.0], [4500.0, 8500.0], [10.0, 8100.0]];
        for of in all {
            assert_eq!(magnitudes_at(&values, &ranks, pass(of).as_ref()), exact);
        }
        let mut memory = Memory::default();
        let mut find = |of| memory.at_expected(&pass(of)?, &ranks);
        assert_eq!(find(all[0]), Some(exact));
        assert_eq!((find(all[1]), find(all[2])), (None, None));
        assert!(pass([8050.0, 8100.0]).is_none());
    }

    /// The sample finds none of the few large ones, or mostly them.
    #[test]
    fn a_sample_that_misleads_changes_nothing() {
        let mut sample = Sample::default();
        for n in [70_000, 300_001] {
            let mut values: Vec<f32> = (0..n).map(|i| (i % 1000) as f32).collect();
            let seen = sample.places(n).collect::<Vec<_>>();
            seen.iter().for_each(|at| values[*at] = 5000.0);
            assert_sorted(&values, &[n / 2, n * 9 / 10, n * 9 / 10 + 1]);
            seen.iter().for_each(|at| values[*at] = 0.0);
            assert_sorted(&values, &[n / 2, n - 1]);
        }
        sample.take(1, |_| 1.0);
    }
}
