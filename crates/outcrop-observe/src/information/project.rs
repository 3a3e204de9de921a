use crate::gram;
use crate::{Missing, View};

/// The scores of each row on the `k` principal components with the largest variance, [rows, k].
///
/// # Errors
/// [`Missing::TooShort`] where rows less 1, or columns, are fewer than `k`; [`Missing::Constant`] where there are not `k`
/// directions in which the rows vary; [`Missing::NotConverged`].
pub(super) fn principal_scores(view: View<'_>, k: usize) -> Result<Vec<f64>, Missing> {
    let (n, d) = (view.rows(), view.columns());
    if n <= k || d < k {
        return Err(Missing::TooShort);
    }
    let mean = gram::column_means(view);
    let of_rows = n <= d;
    let gram = gram::smaller(view, &mean);
    let components = gram.largest(k).map_err(|reason| match reason {
        Missing::Zero => Missing::Constant,
        other => other,
    })?;
    let largest = components[0].0;
    if components
        .iter()
        .any(|(value, _)| *value <= 1e-12 * largest)
    {
        return Err(Missing::Constant);
    }
    Ok(match of_rows {
        true => scores_of_rows(&components, n),
        false => scores_of_columns(&components, view, &mean),
    })
}

/// Row i of the component with eigenvalue l and vector u of X X' has the score sqrt(l) u_i.
fn scores_of_rows(components: &[(f64, Vec<f64>)], n: usize) -> Vec<f64> {
    let row = |i: usize| {
        components
            .iter()
            .map(move |(value, vector)| value.sqrt() * vector[i])
    };
    (0..n).flat_map(row).collect()
}

fn scores_of_columns(components: &[(f64, Vec<f64>)], view: View<'_>, mean: &[f64]) -> Vec<f64> {
    let mut scores = Vec::with_capacity(view.rows() * components.len());
    for row in &view {
        let score = |(_, vector): &(f64, Vec<f64>)| {
            let centred = row.iter().zip(mean).map(|(x, m)| f64::from(*x) - m);
            centred.zip(vector).map(|(x, v)| x * v).sum::<f64>()
        };
        scores.extend(components.iter().map(score));
    }
    scores
}
