use crate::Table;
use crate::table::MIN_MODELS;

/// A stretch of training ends where the shortest runs do; the next one where those do that are longer by this factor.
const LONGER: f64 = 1.25;

/// Logarithms of measured ratios over one stretch of training, of the rows of a table that were measured all along it.
pub(super) struct Ratios {
    /// The last step of the stretch before, or the first of all.
    pub(super) begin: f64,
    /// Ascending, two or more.
    pub(super) steps: Vec<f64>,
    /// Indices of rows of the table.
    pub(super) rows: Vec<usize>,
    /// ln ratio of each of `rows` at each of `steps`.
    pub(super) values: Vec<Vec<f64>>,
    /// ln ratio of each of `rows` at `begin`; 0 in the first stretch, which continues none.
    starts: Vec<f64>,
}

impl Ratios {
    /// The stretches, in order: all runs go through the first, the longer ones through the others, too. None where fewer than
    /// three models were measured, or have no two steps in common.
    pub(super) fn of(table: &Table) -> Vec<Self> {
        let measured = |i: &usize| table.row(*i).points.len() >= 2;
        let rows: Vec<usize> = (0..table.rows()).filter(measured).collect();
        let points = || rows.iter().map(|i| &*table.row(*i).points);
        let first = points().filter_map(|p| p.first()).map(|p| p[0]);
        let first = first.fold(0.0, f64::max);
        let mut ends: Vec<f64> = points().filter_map(|p| p.last()).map(|p| p[0]).collect();
        ends.sort_by(f64::total_cmp);
        ends.dedup_by(|next, kept| *next < LONGER * *kept);
        let mut stretches: Vec<Self> = Vec::new();
        for end in ends {
            let before = stretches.last().and_then(|s| s.steps.last()).copied();
            let is_within = |step: f64| match before {
                Some(before) => before < step && step <= end,
                None => first <= step && step <= end,
            };
            let Some(mut stretch) = Self::over(table, &rows, is_within, end) else {
                break;
            };
            stretch.continues(table, before);
            stretches.push(stretch);
        }
        stretches
    }

    /// The steps are `end` and those of the row with the fewest in the stretch; others are read off straight lines in
    /// ln(1 + step).
    fn over(
        table: &Table,
        rows: &[usize],
        is_within: impl Fn(f64) -> bool,
        end: f64,
    ) -> Option<Self> {
        let points = |row: usize| &*table.row(row).points;
        let reaches = |row: &usize| points(*row).last().is_some_and(|p| p[0] >= end);
        let rows: Vec<usize> = rows.iter().copied().filter(reaches).collect();
        if table.count_models(&rows) < MIN_MODELS {
            return None;
        }
        let within = |row: &usize| -> Vec<f64> {
            let steps = points(*row).iter().map(|p| p[0]);
            steps.filter(|step| is_within(*step)).collect()
        };
        let mut steps = rows.iter().map(within).min_by_key(Vec::len)?;
        if steps.last().is_some_and(|last| *last < end) {
            steps.push(end); // longer runs need not have been measured there
        }
        let at = |row: &usize| {
            let values = steps.iter().map(|step| interpolate(points(*row), *step));
            values.collect()
        };
        let values = rows.iter().map(at).collect();
        (steps.len() >= 2).then(|| Self {
            begin: steps[0],
            starts: vec![0.0; rows.len()],
            steps,
            rows,
            values,
        })
    }

    /// Takes note of the stretch that ends at `before`.
    fn continues(&mut self, table: &Table, before: Option<f64>) {
        let Some(before) = before else {
            return;
        };
        self.begin = before;
        let start = |row: &usize| interpolate(&table.row(*row).points, before);
        self.starts = self.rows.iter().map(start).collect();
    }

    /// The last step.
    pub(super) fn end(&self) -> f64 {
        self.steps.last().copied().unwrap_or(self.begin)
    }

    /// ln ratios of the row at `place`, less that at the end of the stretch before.
    pub(super) fn continued(&self, place: usize) -> Vec<f64> {
        let values = self.values[place].iter();
        values.map(|value| value - self.starts[place]).collect()
    }

    /// ln ratios of a row of the table, if it was measured all along the stretch.
    pub(super) fn of_row(&self, row: usize) -> Option<&[f64]> {
        let place = self.rows.iter().position(|own| *own == row)?;
        Some(&self.values[place])
    }
}

/// The value at `step` on straight lines in ln(1 + step) through `points`, two or more (step, value) with
/// ascending steps; beyond them that of the nearest end.
pub(crate) fn interpolate(points: &[[f64; 2]], step: f64) -> f64 {
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
