use std::ops::Range;

use super::{Mark, RGBColor};

/// The cells of a heatmap whose row i from above covers `rows[i]` and whose columns cover `columns`,
/// in units of axes that count ([`Axis::index`](super::Axis::index), the vertical one reversed).
/// Neighbours of one colour are one mark; where there is no colour there is no cell, and there must be
/// none above it either.
pub(crate) fn cells(
    rows: &[Range<usize>],
    columns: &[Range<usize>],
    color: impl Fn(usize, usize) -> Option<RGBColor>,
) -> Vec<Mark> {
    let height = rows.last().map_or(0, |r| r.end) as f64;
    let mut marks = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        // Each cell reaches into the next ones, which cover it: no seams.
        let bottom = rows.get(i + 1).map_or(row.end, |next| next.end);
        let colors: Vec<_> = (0..columns.len()).map(|j| color(i, j)).collect();
        let mut from = 0;
        for run in colors.chunk_by(|a, b| a == b) {
            let to = from + run.len();
            let next = colors.get(to).is_some_and(Option::is_some);
            let right = columns[to - 1 + usize::from(next)].end;
            if let Some(color) = run[0] {
                let low = (columns[from].start as f64, height - bottom as f64);
                let high = (right as f64, height - row.start as f64);
                marks.push(Mark::Cell(low, high, color));
            }
            from = to;
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_colour_are_one_cell_and_holes_stay_open() {
        let (a, b) = (RGBColor(1, 1, 1), RGBColor(2, 2, 2));
        let colors = [[Some(a), Some(a), None], [Some(b), Some(a), Some(b)]];
        let columns = [0..2, 2..4, 4..5];
        let marks = cells(&[0..1, 1..2], &columns, |i, j| colors[i][j]);
        let seen: Vec<_> = marks
            .iter()
            .filter_map(|m| match m {
                Mark::Cell(low, high, color) => Some((*low, *high, *color == a)),
                _ => None,
            })
            .collect();
        assert_eq!(seen[0], ((0.0, 0.0), (4.0, 2.0), true)); // reaches under those below
        assert_eq!(seen[1], ((0.0, 0.0), (4.0, 1.0), false)); // and under the next
        assert_eq!(seen[2], ((2.0, 0.0), (5.0, 1.0), true));
        assert_eq!(seen[3], ((4.0, 0.0), (5.0, 1.0), false));
        assert!(cells(&[], &[], |_, _| None).is_empty());
    }
}
