use crate::observable::{Column, Compute, Observable};
use crate::wide::vectorised;
use crate::{Found, Missing, Sample, Site, View, sums};

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
    let norms: Vec<f64> = sample.summary().norms().collect();
    let [all, later] = mean_cosines(sample.tensor(), &norms);
    vec![all, later, sinks(sample, &norms)]
}

/// (norm(sum of unit vectors)^2 - n) / (n (n - 1)), of all rows and of those from 1 on.
fn mean_cosines(rows: View<'_>, norms: &[f64]) -> [Found; 2] {
    let Some(later) = rows.later() else {
        return [Err(Missing::TooShort), Err(Missing::OnePosition)];
    };
    if norms[1..].contains(&0.0) {
        return [Err(Missing::Zero); 2];
    }
    let mut sum = vec![0.0; rows.columns()];
    add_units(later, &norms[1..], &mut sum);
    let of_later = mean_cosine(&sum, later.rows());
    if norms[0] == 0.0 {
        return [Err(Missing::Zero), of_later];
    }
    add_units(rows.prefix(1), &norms[..1], &mut sum);
    [mean_cosine(&sum, rows.rows()), of_later]
}

/// Rows whose unit vectors are added up before they are added to the sum.
const TOGETHER: usize = 4;

vectorised! {
    /// Adds the unit vectors of rows to `sum`.
    fn add_units<'a>(rows: View<'a>, norms: &'a [f64], sum: &'a mut [f64]) -> () {
        let columns = rows.columns();
        let (groups, rest) = norms.as_chunks::<TOGETHER>();
        let values = rows.values().chunks_exact(TOGETHER * columns);
        let values_of_rest = values.remainder().chunks_exact(columns);
        for (rows, norms) in values.zip(groups) {
            let [a, b, c, d] = [0, 1, 2, 3].map(|row| &rows[row * columns..][..columns]);
            let [of_a, of_b, of_c, of_d] = norms.map(|norm| 1.0 / norm);
            for ((((sum, a), b), c), d) in sum.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                let [a, b, c, d] = [*a, *b, *c, *d].map(f64::from);
                let first = a.mul_add(of_a, b * of_b);
                *sum += c.mul_add(of_c, d.mul_add(of_d, first));
            }
        }
        for (row, norm) in values_of_rest.zip(rest) {
            let share = 1.0 / norm;
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x) * share);
        }
    }
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

fn sinks(sample: &Sample<'_>, norms: &[f64]) -> Found {
    let tensor = sample.tensor();
    let first = tensor.row(0);
    let (mut sum, mut count) = (0.0, 0);
    for sink in sample.sinks()?.iter().filter(|sink| **sink > 0) {
        let norms = norms[0] * norms[*sink];
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
