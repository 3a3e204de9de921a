use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site, sums};

/// Directions of the rows.
pub(crate) const SIMILARITY: Observable = Observable {
    name: "token_similarity",
    family: "tokens",
    columns: &[
        Column {
            name: "cosine_mean",
            unit: "",
            range: [-1.0, 1.0],
            meaning: "mean cosine of two different positions",
        },
        Column {
            name: "cosine_mean_later",
            unit: "",
            range: [-1.0, 1.0],
            meaning: "the same without position 0",
        },
        Column {
            name: "cosine_sinks",
            unit: "",
            range: [-1.0, 1.0],
            meaning: "mean cosine of the secondary sinks (those other than position 0) to position 0",
        },
    ],
    sites: &[
        Site::ResidualStream,
        Site::AttentionInput,
        Site::MlpInput,
        Site::FinalNorm,
        Site::Keys,
        Site::Values,
        Site::AttentionWrite,
        Site::MlpWrite,
    ],
    needs: "for `cosine_sinks` the positions that are sinks",
    convention: "not centred; every pair counts once. A row of zeros has no direction, then the number is missing. \
                 Which positions are sinks is given: by attention (`sinks_gu`), not by their norm",
    cost: "O(n d) time (the sum of unit vectors, not the pairs), O(d) memory",
    source: "arXiv 2603.17771, 1909.00512",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let [all, later] = mean_cosines(sample);
    vec![all, later, sinks(sample)]
}

/// (norm(sum of unit vectors)^2 - n) / (n (n - 1)), of all rows and of those from 1 on.
fn mean_cosines(sample: &Sample<'_>) -> [Found; 2] {
    let (of_later, squares) = (&sample.summary().columns.units, &sample.summary().squares);
    let (n, norm) = (squares.len(), squares[0].sqrt());
    if n < 2 {
        return [Err(Missing::TooShort), Err(Missing::OnePosition)];
    }
    if squares[1..].contains(&0.0) {
        return [Err(Missing::Zero); 2];
    }
    let later = mean_cosine(of_later, n - 1);
    if norm == 0.0 {
        return [Err(Missing::Zero), later];
    }
    let first = sample.tensor().row(0).iter().zip(of_later);
    let all = first.map(|(x, sum)| sum + f64::from(*x) / norm);
    [mean_cosine(&all.collect::<Vec<_>>(), n), later]
}

/// Of the sum of `n` unit vectors.
fn mean_cosine(sum: &[f64], n: usize) -> Found {
    if n < 2 {
        return Err(Missing::TooShort);
    }
    let n = n as f64;
    let square = sums::dot_f64(sum, sum);
    Ok(((square - n) / (n * (n - 1.0))).clamp(-1.0, 1.0))
}

fn sinks(sample: &Sample<'_>) -> Found {
    let (tensor, squares) = (sample.tensor(), &sample.summary().squares);
    let first = tensor.row(0);
    let (mut sum, mut count) = (0.0, 0);
    for sink in sample.sinks()?.iter().filter(|sink| **sink > 0) {
        let norms = squares[0].sqrt() * squares[*sink].sqrt();
        if norms == 0.0 {
            return Err(Missing::Zero);
        }
        sum += sums::dot(first, tensor.row(*sink)) / norms;
        count += 1;
    }
    match count {
        0 => Err(Missing::NoSink),
        _ => Ok((sum / f64::from(count)).clamp(-1.0, 1.0)),
    }
}
