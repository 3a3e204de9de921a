//! Shapley values by enumeration.

use crate::{Error, Result};

/// More groups than this are refused: each doubles the number of predictions.
pub const MOST_GROUPS: usize = 10;

/// One prediction, divided among groups of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Shapley {
    /// Mean prediction over the background.
    pub base: f64,
    /// The prediction that is explained.
    pub predicted: f64,
    /// The share of each group; together `predicted - base`.
    pub shares: Vec<f64>,
}

/// Exact Shapley values (Shapley 1953) of `predict` at `row` for `groups` of its columns.
///
/// The value of a coalition S of groups is *interventional* (Janzing et al. 2020): the mean over the
/// rows b of `background` of the prediction for `row` in the columns of S and b in the columns of
/// the other groups. The share of group i among n is the sum over all S without i of
/// abs S! (n - abs S - 1)! / n! (v(S with i) - v(S)). Columns of no group keep the values of `row`.
///
/// Works for any model, at up to 2^groups predictions for each background row; groups in which `row`
/// and b agree cost nothing. Over ten groups are refused.
///
/// ```
/// use outcrop_predict::shapley;
///
/// let product = |x: &[f64]| Ok(x[0] * x[1] + x[2]);
/// let groups = [vec![0], vec![1], vec![2]];
/// let found = shapley(&product, &[2.0, 3.0, 1.0], &[vec![0.0, 0.0, 0.0]], &groups)?;
/// assert_eq!((found.base, found.predicted), (0.0, 7.0));
/// assert_eq!(found.shares, [3.0, 3.0, 1.0]); // the product is shared by both its factors
/// # Ok::<(), outcrop_predict::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooManyGroups`]; [`Error::Columns`] where a row is of another length, a group names a
/// column that is not there, or there is no background; what `predict` fails with.
pub fn shapley(
    predict: &dyn Fn(&[f64]) -> Result<f64>,
    row: &[f64],
    background: &[Vec<f64>],
    groups: &[Vec<usize>],
) -> Result<Shapley> {
    check(row, background, groups)?;
    let mut sum = Shapley {
        base: 0.0,
        predicted: predict(row)?,
        shares: vec![0.0; groups.len()],
    };
    for other in background {
        let differs = |g: &usize| groups[*g].iter().any(|c| row[*c] != other[*c]);
        let players: Vec<usize> = (0..groups.len()).filter(differs).collect();
        let values = coalitions(predict, row, other, groups, &players)?;
        sum.base += values[0];
        for (player, share) in players.iter().zip(shares(&values, players.len())) {
            sum.shares[*player] += share;
        }
    }
    let n = background.len() as f64;
    sum.base /= n;
    sum.shares.iter_mut().for_each(|s| *s /= n);
    Ok(sum)
}

fn check(row: &[f64], background: &[Vec<f64>], groups: &[Vec<usize>]) -> Result<()> {
    if groups.len() > MOST_GROUPS {
        return Err(Error::TooManyGroups {
            found: groups.len(),
            most: MOST_GROUPS,
            groups: format!("columns {groups:?}"),
        });
    }
    let length = background.iter().find(|b| b.len() != row.len());
    let column = groups.iter().flatten().find(|c| **c >= row.len());
    let reason = match (background.is_empty(), length, column) {
        (true, _, _) => "the background has no row".into(),
        (_, Some(b), _) => format!(
            "a background row has {} columns, the row to explain {}",
            b.len(),
            row.len()
        ),
        (_, _, Some(c)) => format!("a group names column {c} of {}, counted from 0", row.len()),
        _ => return Ok(()),
    };
    Err(Error::Columns { reason })
}

/// The prediction for every coalition: bit p of an index says that player p has the values of `row`.
fn coalitions(
    predict: &dyn Fn(&[f64]) -> Result<f64>,
    row: &[f64],
    other: &[f64],
    groups: &[Vec<usize>],
    players: &[usize],
) -> Result<Vec<f64>> {
    let mut absent = row.to_vec();
    for column in players.iter().flat_map(|p| &groups[*p]) {
        absent[*column] = other[*column];
    }
    let value = |coalition: usize| {
        let mut mixed = absent.clone();
        for (bit, player) in players.iter().enumerate() {
            if coalition >> bit & 1 == 1 {
                groups[*player].iter().for_each(|c| mixed[*c] = row[*c]);
            }
        }
        predict(&mixed)
    };
    (0..1 << players.len()).map(value).collect()
}

/// The share of each of `n` players in a game with these values of its coalitions.
fn shares(values: &[f64], n: usize) -> Vec<f64> {
    // weights[s] = s! (n - s - 1)! / n!
    let mut weights = vec![1.0 / n.max(1) as f64; n];
    for s in 1..n {
        weights[s] = weights[s - 1] * s as f64 / (n - s) as f64;
    }
    let share = |player: usize| {
        let without = (0..values.len()).filter(|s| s >> player & 1 == 0);
        let gain = |s: usize| {
            let weight = weights[s.count_ones() as usize];
            weight * (values[s | 1 << player] - values[s])
        };
        without.map(gain).sum()
    };
    (0..n).map(share).collect()
}
