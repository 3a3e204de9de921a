use crate::Table;
use crate::table::MIN_MODELS;

/// Logarithms of measured ratios, of rows of a table that have any, over steps that all of them span.
pub(super) struct Ratios {
    /// Ascending, two or more.
    pub(super) steps: Vec<f64>,
    /// Indices of rows of the table.
    pub(super) rows: Vec<usize>,
    /// ln ratio of each of `rows` at each of `steps`.
    pub(super) values: Vec<Vec<f64>>,
}

impl Ratios {
    /// None where fewer than three models were measured, or have no two steps in common.
    ///
    /// The steps are those of the row with the fewest between the latest first and the earliest last step
    /// of all; others are read off straight lines in ln(1 + step).
    pub(super) fn of(table: &Table) -> Option<Self> {
        let measured = |i: &usize| table.row(*i).points.len() >= 2;
        let rows: Vec<usize> = (0..table.rows()).filter(measured).collect();
        if table.count_models(&rows) < MIN_MODELS {
            return None;
        }
        let points = || rows.iter().map(|i| &*table.row(*i).points);
        let first = points().filter_map(|p| p.first()).map(|p| p[0]);
        let last = points().filter_map(|p| p.last()).map(|p| p[0]);
        let (first, last) = (
            first.fold(0.0, f64::max),
            last.fold(f64::INFINITY, f64::min),
        );
        let within = |p: &[[f64; 2]]| -> Vec<f64> {
            let steps = p.iter().map(|p| p[0]);
            steps.filter(|step| (first..=last).contains(step)).collect()
        };
        let steps = points().map(within).min_by_key(Vec::len)?;
        let at_steps = |p: &[[f64; 2]]| steps.iter().map(|step| interpolate(p, *step)).collect();
        let values = points().map(at_steps).collect();
        (steps.len() >= 2).then_some(Self {
            steps,
            rows,
            values,
        })
    }
}

/// The value at `step` on straight lines in ln(1 + step) through `points`, two or more (step, value) with
/// ascending steps; beyond them that of the nearest end.
pub(super) fn interpolate(points: &[[f64; 2]], step: f64) -> f64 {
    let after = points.partition_point(|p| p[0] < step);
    let ([t0, y0], [t1, y1]) = match after {
        0 => return points[0][1],
        after if after == points.len() => return points[after - 1][1],
        after => (points[after - 1], points[after]),
    };
    let share = (step.ln_1p() - t0.ln_1p()) / (t1.ln_1p() - t0.ln_1p());
    y0 + share * (y1 - y0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_met_and_lines_are_straight_in_the_logarithm() {
        let points = [[0.0, 1.0], [3.0, 5.0], [15.0, 3.0]];
        for (step, expected) in [
            (0.0, 1.0),
            (1.0, 3.0),
            (3.0, 5.0),
            (7.0, 4.0),
            (15.0, 3.0),
            (99.0, 3.0),
        ] {
            assert!(
                (interpolate(&points, step) - expected).abs() < 1e-12,
                "{step}"
            );
        }
    }
}
