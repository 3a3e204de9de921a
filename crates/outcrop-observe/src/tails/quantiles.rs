use crate::observable::{Column, Compute, Observable};
use crate::{Found, Sample, Site};

const SHARES: [f64; 6] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/// The share of the magnitudes below the number of a column, where it is one of theirs.
pub(crate) fn share_below(column: &str) -> Option<f64> {
    let mut quantiles = QUANTILES.columns.iter().zip(SHARES);
    let quantile = quantiles.find(|(quantile, _)| quantile.name == column);
    quantile
        .map(|(_, share)| share)
        .or_else(|| (column == "median").then_some(0.5))
}

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "activation",
        range: [0.0, f64::INFINITY],
        meaning,
    }
}

/// Quantiles of |h|.
pub(crate) const QUANTILES: Observable = Observable {
    name: "quantiles",
    family: "tails",
    columns: &[
        column("q50", "the median of |h|"),
        column("q75", "the 0.75 quantile of |h|"),
        column("q90", "the 0.9 quantile of |h|"),
        column("q95", "the 0.95 quantile of |h|"),
        column("q99", "the 0.99 quantile of |h|"),
        column("q999", "the 0.999 quantile of |h|"),
    ],
    sites: Site::STATES,
    needs: "",
    convention: "over all scalars; between two ranks in proportion (`numpy.quantile`, type 7), so that `q50` is the \
                 mean of the two in the middle and `median` the lower of them",
    cost: "O(n d) time in two passes, memory for about half of the scalars, exact",
    source: "arXiv 2306.12929",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let last = sample.tensor().values().len() - 1;
    let at = |q: f64| q * last as f64;
    let ranks = SHARES.iter().flat_map(|q| {
        let below = at(*q).floor() as usize;
        [below, (below + 1).min(last)]
    });
    let found = sample.magnitudes_at(&ranks.collect::<Vec<_>>());
    let between = |(q, pair): (&f64, &[f32])| {
        let (below, above) = (f64::from(pair[0]), f64::from(pair[1]));
        Ok(below + (above - below) * at(*q).fract())
    };
    let pairs = SHARES.iter().zip(found.chunks_exact(2));
    pairs.map(between).collect()
}
