use crate::observable::{Column, Observable, Reads};
use crate::{Found, Missing, Sample, Site, View, sums};

use super::norms::norm;

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
        Site::Keys,
        Site::Values,
        Site::AttentionWrite,
        Site::MlpWrite,
    ],
    needs: "for `cosine_sinks` the positions that are sinks",
    reads: Reads::All,
    convention: "not centred; every pair counts once. A row of zeros has no direction, then the number is missing. \
                 Which positions are sinks is given: by attention (`sinks_gu`), not by their norm",
    cost: "O(n d) time (the sum of unit vectors, not the pairs), O(d) memory",
    source: "arXiv 2603.17771, 1909.00512",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let [all, later] = mean_cosines(sample.tensor());
    vec![all, later, sinks(sample)]
}

/// (norm(sum of unit vectors)^2 - n) / (n (n - 1)), of all rows and of those from 1 on.
fn mean_cosines(rows: View<'_>) -> [Found; 2] {
    let Some(later) = rows.later() else {
        return [Err(Missing::TooShort), Err(Missing::OnePosition)];
    };
    let mut sum = vec![0.0; rows.columns()];
    let of_later = later.iter().try_for_each(|row| add_unit(row, &mut sum));
    let of_later = of_later.and_then(|()| mean_cosine(&sum, later.rows()));
    let all = match of_later {
        Err(Missing::Zero) => Err(Missing::Zero),
        Ok(_) | Err(_) => add_unit(rows.row(0), &mut sum),
    };
    [all.and_then(|()| mean_cosine(&sum, rows.rows())), of_later]
}

fn add_unit(row: &[f32], sum: &mut [f64]) -> Result<(), Missing> {
    let norm = norm(row);
    if norm == 0.0 {
        return Err(Missing::Zero);
    }
    let share = 1.0 / norm;
    for (sum, x) in sum.iter_mut().zip(row) {
        *sum += f64::from(*x) * share;
    }
    Ok(())
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
    let tensor = sample.tensor();
    let first = tensor.row(0);
    let (mut sum, mut count) = (0.0, 0);
    for sink in sample.sinks()?.iter().filter(|sink| **sink > 0) {
        let row = tensor.row(*sink);
        let norms = norm(first) * norm(row);
        if norms == 0.0 {
            return Err(Missing::Zero);
        }
        sum += sums::dot(first, row) / norms;
        count += 1;
    }
    match count {
        0 => Err(Missing::NoSink),
        _ => Ok((sum / f64::from(count)).clamp(-1.0, 1.0)),
    }
}
