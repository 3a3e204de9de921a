use std::io::Write;

use outcrop_core::table::{ParquetWriter, Row, RowWriter, TableLayout, cells};
use outcrop_core::{AtomicFile, Error as CoreError};

use super::columns::aligned;
use super::format::{Destination, Format};
use super::{create_file, standard};
use crate::Result;

/// Writes the rows of a table.
pub(crate) fn write_rows<T: Row>(rows: &[T], target: &Destination) -> Result<()> {
    let mut sink = RowSink::new(target, TableLayout::of(rows)?, None)?;
    match &mut sink.writer {
        Writer::Shown { out, .. } => {
            let text = (sink.show)(rows) + "\n";
            send(out, &text)?;
        }
        _ => rows.iter().try_for_each(|row| sink.write(row))?,
    }
    sink.end()
}

/// Rows are written as they come; a printed table is held until the end, to align its columns.
pub(crate) struct RowSink<T: Row> {
    writer: Writer<T>,
    /// How a printed table is made.
    show: fn(&[T]) -> String,
}

/// One writer for each [`Format`].
enum Writer<T> {
    Csv(Box<RowWriter<Out, T>>),
    Parquet(Box<ParquetWriter<Out, T>>),
    Json {
        out: Out,
        layout: TableLayout<T>,
        around: Around,
        first: bool,
    },
    Shown {
        out: Out,
        held: Vec<T>,
    },
}

/// What stands before, between and behind records of JSON.
#[derive(Clone, Copy)]
struct Around {
    first: &'static str,
    next: &'static str,
    last: &'static str,
    /// All of it where there is no record.
    none: &'static str,
}

const ARRAY: Around = Around {
    first: "[\n  ",
    next: ",\n  ",
    last: "\n]\n",
    none: "[]\n",
};
const LINES: Around = Around {
    first: "",
    next: "\n",
    last: "\n",
    none: "",
};

/// A file that appears once it is complete, or standard output.
enum Out {
    File(AtomicFile),
    Standard,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Standard => {
                standard::send(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Standard => Ok(()), // at the end of the command
        }
    }
}

impl<T: Row> RowSink<T> {
    /// `show` makes the printed table; by default all columns, aligned.
    pub(crate) fn new(
        target: &Destination,
        layout: TableLayout<T>,
        show: Option<fn(&[T]) -> String>,
    ) -> Result<Self> {
        let out = match &target.file {
            Some(path) => Out::File(create_file(path)?),
            None => Out::Standard,
        };
        let json = |out, layout, around| Writer::Json {
            out,
            layout,
            around,
            first: true,
        };
        let writer = match target.format {
            Format::Csv => Writer::Csv(Box::new(RowWriter::with_layout(out, layout))),
            Format::Parquet => Writer::Parquet(Box::new(ParquetWriter::with_layout(out, layout)?)),
            Format::Json => json(out, layout, ARRAY),
            Format::Jsonl => json(out, layout, LINES),
            Format::Table => Writer::Shown {
                out,
                held: Vec::new(),
            },
        };
        Ok(Self {
            writer,
            show: show.unwrap_or(|rows| aligned(&cells(rows).unwrap_or_default())),
        })
    }

    pub(crate) fn push(&mut self, row: &T) -> Result<()>
    where
        T: Clone,
    {
        match &mut self.writer {
            Writer::Shown { held, .. } => {
                held.push(row.clone());
                Ok(())
            }
            _ => self.write(row),
        }
    }

    /// Writes a row that need not be held.
    fn write(&mut self, row: &T) -> Result<()> {
        match &mut self.writer {
            Writer::Csv(writer) => Ok(writer.write(row)?),
            Writer::Parquet(writer) => Ok(writer.write(row)?),
            Writer::Json {
                out,
                layout,
                around,
                first,
            } => {
                let json = serde_json::to_string(&layout.record(row)?);
                let json = json.map_err(|e| CoreError::parse("rows to write", e))?;
                let before = match std::mem::take(first) {
                    true => around.first,
                    false => around.next,
                };
                send(out, &format!("{before}{json}"))
            }
            Writer::Shown { .. } => Ok(()),
        }
    }

    /// Whether the reader of standard output has closed it, as `| head` does.
    pub(crate) fn closed(&self) -> bool {
        let out = match &self.writer {
            Writer::Csv(writer) => writer.get_ref(),
            Writer::Json { out, .. } | Writer::Shown { out, .. } => out,
            Writer::Parquet(_) => return false,
        };
        matches!(out, Out::Standard) && standard::is_lost()
    }

    pub(crate) fn finish(mut self) -> Result<()> {
        if let Writer::Shown { out, held } = &mut self.writer {
            let text = (self.show)(held) + "\n";
            send(out, &text)?;
        }
        self.end()
    }

    fn end(self) -> Result<()> {
        let out = match self.writer {
            Writer::Csv(writer) => writer.finish()?,
            Writer::Parquet(writer) => writer.finish()?,
            Writer::Json {
                mut out,
                first,
                around,
                ..
            } => {
                send(&mut out, if first { around.none } else { around.last })?;
                out
            }
            Writer::Shown { out, .. } => out,
        };
        match out {
            Out::File(file) => Ok(file.finish()?),
            Out::Standard => Ok(()),
        }
    }
}

fn send(out: &mut Out, text: &str) -> Result<()> {
    let sent = out.write_all(text.as_bytes());
    Ok(sent.map_err(|e| CoreError::io("write", "the table", e))?)
}
