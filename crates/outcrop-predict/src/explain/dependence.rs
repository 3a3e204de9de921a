//! Partial dependence with individual curves.

use crate::Result;

/// The predictions for each of `rows` with `columns` set to each point of `grid`: a curve for each
/// row (individual conditional expectation, Goldstein et al. 2015). Their mean at each point is the
/// partial dependence (Friedman 2001). A point of `grid` has one value for each of `columns`.
///
/// ```
/// use outcrop_predict::individual_curves;
///
/// let predict = |x: &[f64]| Ok(x[0] * x[1]);
/// let rows = [vec![0.0, 1.0], vec![0.0, -1.0]];
/// let curves = individual_curves(&predict, &rows, &[0], &[vec![1.0], vec![2.0]])?;
/// assert_eq!(curves, [[1.0, 2.0], [-1.0, -2.0]]); // the mean, 0, would hide both
/// # Ok::<(), outcrop_predict::Error>(())
/// ```
///
/// # Errors
/// [`Error::Columns`](crate::Error::Columns) where a column is not there or a point of the grid has
/// another number of values; what `predict` fails with.
pub fn individual_curves(
    predict: &dyn Fn(&[f64]) -> Result<f64>,
    rows: &[Vec<f64>],
    columns: &[usize],
    grid: &[Vec<f64>],
) -> Result<Vec<Vec<f64>>> {
    let lacks = |row: &Vec<f64>| columns.iter().any(|c| *c >= row.len());
    if rows.iter().any(lacks) || grid.iter().any(|p| p.len() != columns.len()) {
        let reason = format!("columns {columns:?} do not match the rows or the grid");
        return Err(crate::Error::Columns { reason });
    }
    let at = |row: &Vec<f64>, point: &Vec<f64>| {
        let mut set = row.clone();
        for (column, value) in columns.iter().zip(point) {
            set[*column] = *value;
        }
        predict(&set)
    };
    let curve = |row| grid.iter().map(|point| at(row, point)).collect();
    rows.iter().map(curve).collect()
}

/// The different points that `rows` take in `columns`, by the first of them; of more than `most`,
/// so many at equal distances in rank, the first and the last among them.
pub(super) fn observed_grid(rows: &[Vec<f64>], columns: &[usize], most: usize) -> Vec<Vec<f64>> {
    let point = |row: &Vec<f64>| columns.iter().map(|c| row[*c]).collect::<Vec<f64>>();
    let mut grid: Vec<Vec<f64>> = rows.iter().map(point).collect();
    grid.sort_by(|a, b| {
        let order = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
        order.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    grid.dedup();
    let n = grid.len();
    match n > most && most > 1 {
        true => (0..most)
            .map(|i| grid[i * (n - 1) / (most - 1)].clone())
            .collect(),
        false => grid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_what_was_observed_and_keeps_its_ends() {
        let rows: Vec<Vec<f64>> = (0..50).map(|i| vec![f64::from(i % 25), 7.0]).collect();
        assert_eq!(observed_grid(&rows, &[0], 100).len(), 25);
        let thinned = observed_grid(&rows, &[0, 1], 4);
        assert_eq!(thinned, [[0.0, 7.0], [8.0, 7.0], [16.0, 7.0], [24.0, 7.0]]);
    }
}
