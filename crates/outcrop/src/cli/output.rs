//! What the command says: results to standard output, everything else to standard error.

use std::io::Write;
use std::path::Path;

use clap::ValueEnum;
use outcrop_core::table::{Row, rows_to_csv};
use outcrop_core::{Error as CoreError, write_atomic};

use crate::Result;

/// The form of a table on standard output or in a file.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// Columns in line, for reading.
    #[default]
    Table,
    /// Comma-separated values.
    Csv,
    /// An array of records.
    Json,
}

/// Prints a line to standard output; a closed pipe is no failure.
pub(crate) fn print(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Says a line on standard error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes rows to a file (`-` or none: standard output).
pub(crate) fn write_rows<T: Row>(rows: &[T], format: Format, out: Option<&Path>) -> Result<()> {
    let bytes = match format {
        Format::Csv => rows_to_csv(rows)?,
        Format::Json => {
            let json = serde_json::to_vec_pretty(rows);
            json.map_err(|e| CoreError::parse("rows to write", e))?
        }
        Format::Table => aligned(&rows_to_csv(rows)?).into_bytes(),
    };
    match out {
        Some(path) if path != Path::new("-") => Ok(write_atomic(path, &bytes)?),
        _ => {
            print(String::from_utf8_lossy(&bytes).trim_end());
            Ok(())
        }
    }
}

/// CSV as columns in line, numbers with four significant digits; columns that are empty throughout
/// are left out.
pub(crate) fn aligned(csv: &[u8]) -> String {
    let text = String::from_utf8_lossy(csv);
    let rows: Vec<Vec<String>> = text
        .lines()
        .map(|line| line.split(',').map(short).collect())
        .collect();
    columns(&rows)
}

/// Rows as columns in line; the first row is the header.
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
        let text = aligned(b"model,n,empty,r2\nlong-name,7,,0.98765432\na,12,,1\n");
        assert_eq!(
            text,
            "model      n   r2\nlong-name   7  0.988\na          12      1"
        );
    }
}
