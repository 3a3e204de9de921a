use crate::eigen::{Tridiagonal, eigenvalues_of_two};
use crate::gram::{self, OfColumns, Symmetric};
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site, View};

use super::entropy;

/// By how many rows prefixes grow.
const STRIDE: usize = 20;

const fn column(
    name: &'static str,
    unit: &'static str,
    least: f64,
    meaning: &'static str,
) -> Column {
    Column {
        name,
        unit,
        range: [least, f64::INFINITY],
        meaning,
    }
}

/// The effective rank of growing prefixes.
pub(crate) const PREFIXES: Observable = Observable {
    name: "prefix_ranks",
    family: "spectrum",
    columns: &[
        column(
            "prefix_rank",
            "directions",
            1.0,
            "effective rank of the longest prefix",
        ),
        column(
            "prefix_velocity",
            "directions",
            f64::NEG_INFINITY,
            "mean over the prefixes from the second on of d_t = rank - mean rank of all shorter ones",
        ),
        column(
            "prefix_acceleration",
            "directions",
            f64::NEG_INFINITY,
            "mean over the prefixes from the third on of d_t - d_(t-1)",
        ),
    ],
    sites: &[Site::ResidualStream],
    needs: "",
    convention: "prefixes of 20, 40, 60, ... rows, each centred by its own mean; p = sigma / sum sigma. A prefix of equal \
                 rows has rank 1. What is left behind the last whole 20 rows is not read",
    cost: "O(n d m + n m^3 / 20) time with m = min(n, d). A forward pass takes at most a quarter longer for up to d / 4 \
           positions, 1.5 times as long for d / 2, 3 times for d",
    source: "VERL, arXiv 2509.23808",
    compute: Compute::Tensor(compute),
};

/// One prefix of a hidden state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrefixRank {
    /// Its rows.
    pub rows: usize,
    /// The effective rank of its centred rows, p = sigma / sum sigma, at least 1.
    pub rank: f64,
    /// The rank minus the mean rank of all shorter prefixes; none for the first.
    pub velocity: Option<f64>,
    /// The velocity minus that of the prefix before; none for the first two.
    pub acceleration: Option<f64>,
}

/// The effective rank of the first `stride`, 2 `stride`, ... rows.
///
/// # Errors
/// [`Missing::TooShort`] for less than `stride` rows (or a stride of 0), [`Missing::NotFinite`],
/// [`Missing::NotConverged`].
///
/// ```
/// let same = [2.0, 1.0].repeat(40);
/// let view = outcrop_observe::View::new(&same, 2)?;
/// let ranks = outcrop_observe::prefix_ranks(view, 20).expect("finite");
/// assert_eq!((ranks.len(), ranks[1].rank, ranks[1].velocity), (2, 1.0, Some(0.0)));
/// # Ok::<(), outcrop_observe::Error>(())
/// ```
pub fn prefix_ranks(view: View<'_>, stride: usize) -> Result<Vec<PrefixRank>, Missing> {
    if stride == 0 || view.rows() < stride {
        return Err(Missing::TooShort);
    }
    if !view.is_finite() {
        return Err(Missing::NotFinite);
    }
    let mut found: Vec<PrefixRank> = Vec::new();
    let mut sum = 0.0;
    for (rows, rank) in ranks(view, stride)? {
        let velocity = (!found.is_empty()).then(|| rank - sum / found.len() as f64);
        let before = found.last().and_then(|last| last.velocity);
        found.push(PrefixRank {
            rows,
            rank,
            velocity,
            acceleration: velocity.zip(before).map(|(now, before)| now - before),
        });
        sum += rank;
    }
    Ok(found)
}

/// Rows and rank of each prefix. The products of rows are those of the whole; each prefix is centred in them.
fn ranks(view: View<'_>, stride: usize) -> Result<Vec<(usize, f64)>, Missing> {
    let (n, d) = (view.rows(), view.columns());
    let mean = gram::column_means(view);
    let short = n.min(d);
    let of_rows = gram::of_centred_rows(view.prefix(short), &mean);
    let nothing = of_rows.trace() / short as f64 * 1e-14;
    let mut of_columns = Columns::new(d);
    let prefixes = (stride..=n).step_by(stride);
    let mut grams = prefixes.clone().map(|rows| match rows <= short {
        true => of_rows.part(0..rows).centred(),
        false => of_columns.centred_to(view, rows, &mean),
    });
    let mut found = Vec::new();
    while let Some(one) = grams.next() {
        let two = grams.next();
        let two = two.map_or_else(Tridiagonal::one, |gram| tridiagonal(gram, nothing));
        found.extend(eigenvalues_of_two(tridiagonal(one, nothing), two)?.map(rank));
    }
    Ok(prefixes.zip(found).collect())
}

/// Of one direction where nothing but rounding is left of the rows.
fn tridiagonal(gram: Symmetric, nothing: f64) -> Tridiagonal {
    let trace = gram.trace();
    match trace > nothing {
        true => gram.tridiagonal(trace),
        false => Tridiagonal::one(),
    }
}

/// The effective rank by the squares of singular values.
fn rank(squares: Vec<f64>) -> f64 {
    let squares = gram::descending(squares);
    entropy(squares.iter().map(|square| square.sqrt())).exp()
}

/// Products of columns over rows that were read so far.
struct Columns {
    gram: OfColumns,
    sums: Vec<f64>,
    read: usize,
}

impl Columns {
    fn new(columns: usize) -> Self {
        Self {
            gram: OfColumns::new(columns),
            sums: vec![0.0; columns],
            read: 0,
        }
    }

    /// X'X of the first `rows` rows, centred by their own mean.
    fn centred_to(&mut self, view: View<'_>, rows: usize, mean: &[f64]) -> Symmetric {
        let more = view.part(self.read..rows);
        self.gram.add(more, mean);
        for row in &more {
            for ((sum, x), mean) in self.sums.iter_mut().zip(row).zip(mean) {
                *sum += f64::from(*x) - mean;
            }
        }
        self.read = rows;
        self.gram.matrix().minus_outer(&self.sums, rows as f64)
    }
}

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let prefixes = match prefix_ranks(sample.tensor(), STRIDE) {
        Err(missing) => return vec![Err(missing); 3],
        Ok(prefixes) => prefixes,
    };
    let mean = |of: fn(&PrefixRank) -> Option<f64>| {
        let values: Vec<f64> = prefixes.iter().filter_map(of).collect();
        match values.len() {
            0 => Err(Missing::TooShort),
            n => Ok(values.iter().sum::<f64>() / n as f64),
        }
    };
    let longest = prefixes.last().map(|prefix| prefix.rank);
    vec![
        longest.ok_or(Missing::TooShort),
        mean(|prefix| prefix.velocity),
        mean(|prefix| prefix.acceleration),
    ]
}
