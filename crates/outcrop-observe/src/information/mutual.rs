use crate::classes::classes;
use crate::labelled::Labelled;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site};

use super::entropy;
use super::project::principal_scores;

/// To how many principal components rows are reduced.
const COMPONENTS: usize = 2;
/// Which neighbour.
const K: usize = 5;
/// How many permutations the null has.
const PERMUTATIONS: usize = 49;

/// Mutual information of rows and labels.
pub(crate) const MUTUAL: Observable = Observable {
    name: "label_information",
    family: "information",
    columns: &[
        Column {
            name: "label_information",
            unit: "nats",
            range: [f64::NEG_INFINITY, f64::INFINITY],
            meaning: "mutual information of the rows, reduced to 2 principal components, and their labels",
        },
        Column {
            name: "label_information_null",
            unit: "nats",
            range: [f64::NEG_INFINITY, f64::INFINITY],
            meaning: "its mean over 49 permutations of the labels: its bias",
        },
        Column {
            name: "label_information_p",
            unit: "",
            range: [0.02, 1.0],
            meaning: "(1 + permutations with at least as much) / 50",
        },
    ],
    sites: &[Site::ResidualStream, Site::Sequences],
    needs: "labels",
    convention: "H(z) - sum p_y H(z | y) with the entropies of Kozachenko and Leonenko, k = 5 neighbours, Euclidean. \
                 Classes of 5 rows or fewer are left out. The permutations are the same every time",
    cost: "O(n d m + m^3 + 50 n^2) time, O(n d + m^2) memory with m = min(n, d)",
    source: "Kozachenko and Leonenko 1987, arXiv cond-mat/0305641; arXiv 2305.08013",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    match information(sample) {
        Ok(found) => found.map(Ok).to_vec(),
        Err(missing) => vec![Err(missing); 3],
    }
}

fn information(sample: &Sample<'_>) -> Result<[f64; 3], Missing> {
    let labelled = Labelled::of(sample)?;
    let mut classes = classes(labelled.labels(), K + 1);
    if classes.len() < 2 {
        return Err(Missing::OneClass);
    }
    let scores = principal_scores(labelled.view()?, COMPONENTS)?;
    let mut rows: Vec<usize> = classes.iter().flatten().copied().collect();
    rows.sort_unstable();
    let whole = entropy::of_rows(&scores, COMPONENTS, &rows, K)?;
    let found = whole - within(&scores, &classes)?;
    let (mut sum, mut as_much) = (0.0, 0);
    let mut random = Permuter::new();
    for _ in 0..PERMUTATIONS {
        random.shuffle(&mut rows);
        let mut from = rows.as_slice();
        for class in &mut classes {
            let (those, rest) = from.split_at(class.len());
            class.copy_from_slice(those);
            from = rest;
        }
        let null = whole - within(&scores, &classes)?;
        sum += null;
        as_much += usize::from(null >= found);
    }
    let p = (1 + as_much) as f64 / (1 + PERMUTATIONS) as f64;
    Ok([found, sum / PERMUTATIONS as f64, p])
}

/// The mean entropy within classes, weighted by their rows.
fn within(scores: &[f64], classes: &[Vec<usize>]) -> Found {
    let n: usize = classes.iter().map(Vec::len).sum();
    let mut sum = 0.0;
    for class in classes {
        sum += class.len() as f64 * entropy::of_rows(scores, COMPONENTS, class, K)?;
    }
    Ok(sum / n as f64)
}

/// Permutations by Fisher and Yates from the generator SplitMix64, which always starts at the same place.
struct Permuter(u64);

impl Permuter {
    fn new() -> Self {
        Self(0)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle(&mut self, rows: &mut [usize]) {
        for last in (1..rows.len()).rev() {
            let other = self.next() % (last as u64 + 1);
            rows.swap(last, other as usize);
        }
    }
}
