//! Printed tables.

/// Cells as columns in line, numbers with four significant digits.
pub(super) fn aligned(cells: &[Vec<String>]) -> String {
    let shortened = |row: &Vec<String>| row.iter().map(|cell| short(cell)).collect();
    columns(&cells.iter().map(shortened).collect::<Vec<_>>())
}

/// Rows as columns in line; the first row is the header, and columns that are empty below it are left
/// out.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<String>, c: usize| row.get(c).cloned().unwrap_or_default();
    let filled = |c: &usize| rows.len() < 2 || rows[1..].iter().any(|r| !cell(r, *c).is_empty());
    let kept: Vec<usize> = (0..count).filter(filled).collect();
    let width = |c: usize| {
        rows.iter()
            .map(|r| cell(r, c).chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = kept.iter().map(|&c| width(c)).collect();
    let line = |row: &Vec<String>| {
        let cells = kept.iter().zip(&widths).map(|(&c, &w)| {
            let cell = cell(row, c);
            match cell.parse::<f64>() {
                Ok(_) => format!("{cell:>w$}"),
                Err(_) => format!("{cell:<w$}"),
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A number with four significant digits; other text as it is.
fn short(cell: &str) -> String {
    match cell.parse::<f64>() {
        Ok(v) if cell.len() > 6 && v.is_finite() => significant(v),
        _ => cell.to_owned(),
    }
}

/// Four significant digits, exponents only where they are shorter.
pub(crate) fn significant(v: f64) -> String {
    let magnitude = v.abs();
    if magnitude != 0.0 && !(1e-3..1e6).contains(&magnitude) {
        return format!("{v:.3e}");
    }
    let whole = if magnitude < 1.0 {
        1
    } else {
        magnitude.log10() as usize + 1
    };
    format!("{v:.*}", 4usize.saturating_sub(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_significant_digits() {
        for (v, text) in [
            (0.123456, "0.123"),
            (12.3456, "12.35"),
            (1234.56, "1235"),
            (123456.7, "123457"),
            (1.0e-7, "1.000e-7"),
            (-3.5e9, "-3.500e9"),
        ] {
            assert_eq!(significant(v), text);
        }
    }

    #[test]
    fn columns_stand_in_line_and_empty_ones_are_left_out() {
        let rows = [
            ["model", "n", "empty", "r2"],
            ["long, name", "7", "", "0.98765432"],
            ["a", "12", "", "1"],
        ];
        let text = aligned(&rows.map(|row| row.map(str::to_owned).to_vec()));
        assert_eq!(
            text,
            "model       n   r2\nlong, name   7  0.988\na           12      1"
        );
    }
}
