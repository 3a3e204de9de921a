use crate::gram::{self, OfColumns, Symmetric};
use crate::observable::{Column, Observable, Reads};
use crate::{Found, Missing, Sample, Site, View};

use super::entropy;

const fn nats(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "nats",
        range: [0.0, f64::INFINITY],
        meaning,
    }
}

const fn rank(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "directions",
        range: [1.0, f64::INFINITY],
        meaning,
    }
}

const fn share(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [0.0, 1.0],
        meaning,
    }
}

/// How many numbers a spectrum gives.
const NUMBERS: usize = 6;

/// Entropy, effective rank, stable rank and top share.
pub(crate) const VALUES: Observable = Observable {
    name: "singular_values",
    family: "spectrum",
    columns: &[
        nats("entropy_sigma", "entropy of p = sigma / sum sigma"),
        rank(
            "effective_rank_sigma",
            "exp of `entropy_sigma`: the effective rank of Roy and Vetterli",
        ),
        nats("entropy_sigma2", "entropy of p = sigma^2 / sum sigma^2"),
        rank("effective_rank_sigma2", "exp of `entropy_sigma2`"),
        rank("stable_rank", "sum sigma^2 / sigma_1^2"),
        share("top_share", "sigma_1^2 / sum sigma^2"),
        nats("entropy_sigma_later", "`entropy_sigma` without position 0"),
        rank(
            "effective_rank_sigma_later",
            "`effective_rank_sigma` without position 0",
        ),
        nats(
            "entropy_sigma2_later",
            "`entropy_sigma2` without position 0",
        ),
        rank(
            "effective_rank_sigma2_later",
            "`effective_rank_sigma2` without position 0",
        ),
        rank("stable_rank_later", "`stable_rank` without position 0"),
        share("top_share_later", "`top_share` without position 0"),
    ],
    sites: &[
        Site::ResidualStream,
        Site::Embedding,
        Site::AttentionInput,
        Site::MlpInput,
        Site::Queries,
        Site::Keys,
        Site::Values,
        Site::AttentionWrite,
        Site::MlpWrite,
    ],
    needs: "",
    reads: Reads::All,
    convention: "singular values of the tensor as it is, not centred. Names say whether p is of sigma or of sigma^2: \
                 sigma = (3, 1) has the effective ranks 1.7548 and 1.3841. From the Gram matrix of the smaller side in \
                 f64; a sigma below sqrt(min(n, d) 2.2e-16) times the largest counts as 0",
    cost: "O(n d m + m^3) time and O(m^2) memory with m = min(n, d)",
    source: "Roy and Vetterli 2007 (sigma); arXiv 2510.06477 (sigma^2)",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let (all, later) = grams(sample.tensor());
    let mut found = numbers(Ok(all));
    found.extend(numbers(later.ok_or(Missing::OnePosition)));
    found
}

/// The Gram matrices of all rows and of those from 1 on.
fn grams(tensor: View<'_>) -> (Symmetric, Option<Symmetric>) {
    let Some(later) = tensor.later() else {
        return (gram::of_rows(tensor), None);
    };
    if tensor.rows() <= tensor.columns() {
        let all = gram::of_rows(tensor);
        let later = all.part(1..all.n());
        return (all, Some(later));
    }
    let zero = vec![0.0; tensor.columns()];
    let mut gram = OfColumns::new(tensor.columns());
    later.iter().for_each(|row| gram.add(row, &zero));
    let of_later = gram.matrix();
    gram.add(tensor.row(0), &zero);
    (gram.matrix(), Some(of_later))
}

fn numbers(gram: Result<Symmetric, Missing>) -> Vec<Found> {
    let squares = match gram.and_then(|gram| gram.spectrum()) {
        Err(missing) => return vec![Err(missing); NUMBERS],
        Ok(squares) => squares,
    };
    let of_sigma = entropy(squares.iter().map(|square| square.sqrt()));
    let of_squares = entropy(squares.iter().copied());
    let top = squares[0] / squares.iter().sum::<f64>();
    vec![
        Ok(of_sigma),
        Ok(of_sigma.exp()),
        Ok(of_squares),
        Ok(of_squares.exp()),
        Ok(1.0 / top),
        Ok(top),
    ]
}
