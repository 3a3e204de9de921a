//! What the command says: results to standard output, everything else to standard error.

use std::io::Write;
use std::path::Path;

use clap::ValueEnum;
use outcrop_core::table::{Row, RowWriter, rows_to_csv};
use outcrop_core::{AtomicFile, Error as CoreError, write_atomic};

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

/// The form of a plot.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Picture {
    /// Scalable, with text as text.
    Svg,
    /// Pixels.
    Png,
}

impl Picture {
    pub(crate) fn format(&self) -> outcrop_report::Format {
        match self {
            Self::Svg => outcrop_report::Format::Svg,
            Self::Png => outcrop_report::Format::Png,
        }
    }
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

/// Rows that go out as they come: CSV and JSON are never held, a table is, for its columns.
pub(crate) struct RowSink<T: Row> {
    format: Format,
    target: Target<T>,
    /// The rows of a table.
    held: Vec<T>,
    /// How a table is shown.
    show: fn(&[T]) -> String,
    first: bool,
}

enum Target<T> {
    Csv(Box<RowWriter<Out, T>>),
    Text(Out),
}

/// A file that is not there before it is whole, or standard output, closed once nobody reads it.
enum Out {
    File(AtomicFile),
    Standard { closed: bool },
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Standard { closed } => {
                *closed = *closed || std::io::stdout().lock().write_all(bytes).is_err();
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Standard { .. } => Ok(()), // a line that fails to go out is noticed at the next
        }
    }
}

impl<T: Row> RowSink<T> {
    /// Rows go to a file (`-` or none: standard output); `show` makes the table for reading, all
    /// columns in line by default.
    pub(crate) fn new(
        format: Format,
        out: Option<&Path>,
        show: Option<fn(&[T]) -> String>,
    ) -> Result<Self> {
        let out = match out {
            Some(path) if path != Path::new("-") => Out::File(AtomicFile::create(path)?),
            _ => Out::Standard { closed: false },
        };
        Ok(Self {
            format,
            target: match format {
                Format::Csv => Target::Csv(Box::new(RowWriter::new(out))),
                _ => Target::Text(out),
            },
            held: Vec::new(),
            show: show.unwrap_or(|rows| aligned(&rows_to_csv(rows).unwrap_or_default())),
            first: true,
        })
    }

    pub(crate) fn push(&mut self, row: &T) -> Result<()>
    where
        T: Clone,
    {
        match &mut self.target {
            Target::Csv(writer) => writer.write(row)?,
            Target::Text(_) if matches!(self.format, Format::Table) => self.held.push(row.clone()),
            Target::Text(out) => {
                let json = serde_json::to_string(row);
                let json = json.map_err(|e| CoreError::parse("rows to write", e))?;
                let before = if self.first { "[\n" } else { ",\n" };
                send(out, &format!("{before}  {json}"))?;
            }
        }
        self.first = false;
        Ok(())
    }

    /// Whether nobody reads the standard output any more, as behind `| head`.
    pub(crate) fn closed(&self) -> bool {
        let out = match &self.target {
            Target::Csv(writer) => writer.get_ref(),
            Target::Text(out) => out,
        };
        matches!(out, Out::Standard { closed: true })
    }

    pub(crate) fn finish(self) -> Result<()> {
        let out = match self.target {
            Target::Csv(writer) => writer.finish()?,
            Target::Text(mut out) => {
                let end = match self.format {
                    Format::Table => (self.show)(&self.held) + "\n",
                    _ if self.first => "[]\n".to_owned(),
                    _ => "\n]\n".to_owned(),
                };
                send(&mut out, &end)?;
                out
            }
        };
        match out {
            Out::File(file) => Ok(file.finish()?),
            Out::Standard { .. } => Ok(()),
        }
    }
}

fn send(out: &mut Out, text: &str) -> Result<()> {
    let sent = out.write_all(text.as_bytes());
    Ok(sent.map_err(|e| CoreError::io("write", "the output", e))?)
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
