use std::io::{Read, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::csv_io;
use super::problem::Loaded;
use super::row_stream::{RowStream, unnumbered};
use crate::{
    Comparison, CurvePoint, Error, Fit, Forecast, HeadSink, Intervention, Loss, ModelScore,
    PersistentPlace, Prediction, Result, Score, write_atomic,
};

/// A noun that is one row of its table as it stands.
pub trait Row: Serialize + DeserializeOwned {
    /// The columns that a table must have; others may be absent.
    const REQUIRED: &'static [&'static str];
    /// The whole header.
    const HEADER: &'static [&'static str];
}

macro_rules! row {
    ($type:ty, [$($required:literal),*], [$($optional:literal),*]) => {
        impl Row for $type {
            const REQUIRED: &'static [&'static str] = &[$($required),*];
            const HEADER: &'static [&'static str] = &[$($required,)* $($optional),*];
        }
    };
}

row!(
    Loss,
    [
        "model",
        "step",
        "tokens",
        "loss",
        "held_out_loss",
        "learning_rate",
        "gradient_norm"
    ],
    []
);
row!(
    Score,
    [
        "target",
        "regressor",
        "protocol",
        "models",
        "rows",
        "r2",
        "mae",
        "rmse"
    ],
    [
        "architectures",
        "mae_original",
        "rmse_original",
        "gain",
        "p"
    ]
);
row!(
    ModelScore,
    [
        "model",
        "target",
        "regressor",
        "protocol",
        "rows",
        "mae",
        "rmse",
        "bias"
    ],
    []
);
row!(
    Prediction,
    [
        "model",
        "layer",
        "target",
        "regressor",
        "observed",
        "predicted"
    ],
    ["predicted_lo", "predicted_hi"]
);
row!(
    CurvePoint,
    ["model", "layer", "hypothesis", "step", "value"],
    ["value_lo", "value_hi"]
);
row!(
    Fit,
    ["model", "layer", "hypothesis", "n"],
    [
        "best",
        "status",
        "sse",
        "r2",
        "r2_adjusted",
        "aic",
        "aicc",
        "weight",
        "durbin_watson",
        "runs_p",
        "condition",
        "A",
        "A_lo",
        "A_hi",
        "lambda",
        "lambda_lo",
        "lambda_hi",
        "gamma",
        "gamma_lo",
        "gamma_hi",
        "t0",
        "t0_lo",
        "t0_hi",
        "K",
        "K_lo",
        "K_hi",
        "beta",
        "beta_lo",
        "beta_hi",
        "tau0",
        "tau0_lo",
        "tau0_hi",
        "A1",
        "A1_lo",
        "A1_hi",
        "A2",
        "f_first",
        "f_first_lo",
        "f_first_hi",
        "f_last",
        "f_last_lo",
        "f_last_hi",
        "f_max",
        "f_max_lo",
        "f_max_hi",
        "t_half",
        "t_half_lo",
        "t_half_hi",
        "p_peak",
        "t_peak",
        "t_peak_lo",
        "t_peak_hi",
        "tau",
        "omega",
        "zeta",
        "t_mid"
    ]
);

row!(
    Comparison,
    ["model", "layer", "published", "ours", "verdict"],
    [
        "reason",
        "n",
        "published_n",
        "published_r2",
        "published_r2_here",
        "r2",
        "published_sse",
        "published_sse_here",
        "sse",
        "sse_ratio",
        "max_difference",
        "max_difference_step",
        "rms_difference",
        "published_t_peak",
        "t_peak",
        "published_A",
        "A",
        "published_lambda",
        "lambda",
        "published_gamma",
        "gamma",
        "published_t0",
        "t0",
        "published_K",
        "K",
        "published_beta",
        "beta",
        "published_tau0",
        "tau0",
        "published_A1",
        "A1",
        "published_A2",
        "A2"
    ]
);

row!(
    Forecast,
    ["model", "layer", "step"],
    [
        "n",
        "fitted_until",
        "status",
        "average",
        "lo",
        "hi",
        "emergence",
        "log_only",
        "last_value",
        "observed"
    ]
);

row!(
    PersistentPlace,
    ["model", "position", "channel"],
    [
        "token",
        "cells",
        "share",
        "share_of_last_step",
        "sequences",
        "layers",
        "first_layer",
        "last_layer",
        "steps",
        "first_step",
        "last_step",
        "largest"
    ]
);

row!(
    HeadSink,
    [
        "model",
        "step",
        "layer",
        "head",
        "sequences",
        "alpha",
        "sink_rate"
    ],
    []
);

row!(
    Intervention,
    [
        "model",
        "step",
        "set",
        "layer",
        "rule",
        "channels",
        "scalars",
        "sequences",
        "tokens",
        "loss",
        "perplexity",
        "loss_change"
    ],
    []
);

/// Reads a table from a file.
///
/// # Errors
/// [`Error::Io`], [`Error::MissingColumn`], [`Error::Parse`]; a bad row is no error but a problem
/// of the result.
pub fn read_rows<T: Row>(path: &Path) -> Result<Loaded<T>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    read_rows_from(file, &path.display().to_string())
}

/// As [`read_rows`], from a reader; `context` names it in errors.
///
/// # Errors
/// As [`read_rows`].
pub fn read_rows_from<T: Row>(reader: impl Read, context: &str) -> Result<Loaded<T>> {
    let columns = [T::REQUIRED, T::HEADER];
    Loaded::gather(RowStream::<_, T, T>::new(reader, context, columns, Ok)?.map(unnumbered))
}

/// The table as CSV text; a table without rows still has its header.
///
/// # Errors
/// [`Error::Parse`] for a row that is no flat record.
pub fn rows_to_csv<T: Row>(rows: &[T]) -> Result<Vec<u8>> {
    if rows.is_empty() {
        return Ok(format!("{}\n", T::HEADER.join(",")).into_bytes());
    }
    csv_io::to_csv(rows, true)
}

/// Writes the rows of a table one by one, for tables that are never held.
///
/// ```
/// use outcrop_core::CurvePoint;
/// use outcrop_core::table::RowWriter;
///
/// let mut writer = RowWriter::new(Vec::new());
/// writer.write(&CurvePoint { step: 8.0, value: 2.5, ..CurvePoint::default() })?;
/// let csv = writer.finish()?;
/// assert!(csv.starts_with(b"model,layer,hypothesis,step,value"));
/// # Ok::<(), outcrop_core::Error>(())
/// ```
#[derive(Debug)]
pub struct RowWriter<W: Write, T> {
    csv: csv::Writer<W>,
    empty: bool,
    row: std::marker::PhantomData<T>,
}

impl<W: Write, T: Row> RowWriter<W, T> {
    /// Rows go to `writer` as CSV, the header first.
    pub fn new(writer: W) -> Self {
        Self {
            csv: csv::Writer::from_writer(writer),
            empty: true,
            row: std::marker::PhantomData,
        }
    }

    /// Writes one row.
    ///
    /// # Errors
    /// [`Error::Parse`] with what the writer or the row said.
    pub fn write(&mut self, row: &T) -> Result<()> {
        self.empty = false;
        let written = self.csv.serialize(row);
        written.map_err(|e| Error::parse("table to write", e))
    }

    /// The writer to which the rows go; some may still be held back.
    pub fn get_ref(&self) -> &W {
        self.csv.get_ref()
    }

    /// Writes what is left, the header even without rows, and gives the writer back.
    ///
    /// # Errors
    /// [`Error::Parse`] with what the writer said.
    pub fn finish(mut self) -> Result<W> {
        if self.empty {
            let written = self.csv.write_record(T::HEADER);
            written.map_err(|e| Error::parse("table to write", e))?;
        }
        let inner = self.csv.into_inner();
        inner.map_err(|e| Error::parse("table to write", e.error()))
    }
}

/// Writes a table, whole or not at all.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn write_rows<T: Row>(path: &Path, rows: &[T]) -> Result<()> {
    write_atomic(path, &rows_to_csv(rows)?)
}

/// Appends rows in one write, with the header if the file is new.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn append_rows<T: Row>(path: &Path, rows: &[T]) -> Result<()> {
    append(path, |header| csv_io::to_csv(rows, header))
}

pub(super) fn append(path: &Path, text: impl FnOnce(bool) -> Result<Vec<u8>>) -> Result<()> {
    let io = |e| Error::io("append to", path, e);
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(io)?;
    let new = file.metadata().map_err(io)?.len() == 0;
    file.write_all(&text(new)?).map_err(io)
}
