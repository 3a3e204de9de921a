use crate::classes::classes;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site, View};

/// How far classes lie apart.
pub(crate) const SEPARATION: Observable = Observable {
    name: "concept_signal",
    family: "concepts",
    columns: &[
        Column {
            name: "concept_signal",
            unit: "",
            range: [0.0, f64::INFINITY],
            meaning: "mean distance of two class means over the pooled spread within classes",
        },
        Column {
            name: "concept_signal_least",
            unit: "",
            range: [0.0, f64::INFINITY],
            meaning: "the smallest such distance",
        },
    ],
    sites: &[Site::Sequences, Site::ResidualStream],
    needs: "labels",
    convention: "Euclidean; the pooled spread is sqrt(sum of squares about the class means / (rows - classes)), over all \
                 channels: with one channel and two classes Cohen's d. Classes of one row are left out",
    cost: "O(n d + classes^2 d) time, O(classes d) memory",
    source: "arXiv 2406.19370",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    match separation(sample) {
        Ok(found) => found.map(Ok).to_vec(),
        Err(missing) => vec![Err(missing); 2],
    }
}

fn separation(sample: &Sample<'_>) -> Result<[f64; 2], Missing> {
    let (tensor, classes) = (sample.tensor(), classes(sample.labels()?, 2));
    if classes.len() < 2 {
        return Err(Missing::OneClass);
    }
    let means: Vec<Vec<f64>> = classes.iter().map(|rows| mean_of(tensor, rows)).collect();
    let within: f64 = classes
        .iter()
        .zip(&means)
        .map(|(rows, mean)| about(tensor, rows, mean))
        .sum();
    let n: usize = classes.iter().map(Vec::len).sum();
    let spread = (within / (n - classes.len()) as f64).sqrt();
    if spread == 0.0 {
        return Err(Missing::Constant);
    }
    let (mut sum, mut least, mut pairs) = (0.0, f64::INFINITY, 0);
    for (i, a) in means.iter().enumerate() {
        for b in &means[..i] {
            let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
            sum += square.sqrt();
            least = square.sqrt().min(least);
            pairs += 1;
        }
    }
    Ok([sum / f64::from(pairs) / spread, least / spread])
}

fn mean_of(tensor: View<'_>, rows: &[usize]) -> Vec<f64> {
    let mut mean = vec![0.0; tensor.columns()];
    for row in rows {
        for (mean, x) in mean.iter_mut().zip(tensor.row(*row)) {
            *mean += f64::from(*x);
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= rows.len() as f64);
    mean
}

/// The sum of the squared distances of `rows` to their mean.
fn about(tensor: View<'_>, rows: &[usize], mean: &[f64]) -> f64 {
    let square = |row: &usize| {
        let from = tensor
            .row(*row)
            .iter()
            .zip(mean)
            .map(|(x, m)| f64::from(*x) - m);
        from.map(|x| x * x).sum::<f64>()
    };
    rows.iter().map(square).sum()
}
