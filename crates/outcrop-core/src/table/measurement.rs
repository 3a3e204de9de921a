use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::problem::{Loaded, Streamed};
use super::row_stream::{RowStream, unnumbered};
use super::rows::append;
use super::{csv_io, fields};
use crate::{
    Error, LayerStats, Measurement, Place, Ratio, Result, Top, Trajectory, TrajectoryBuilder,
    write_atomic,
};

pub(super) const REQUIRED: [&str; 8] = [
    "model", "step", "sequence", "layer", "top1", "top2", "top3", "median",
];
const OPTIONAL: [&str; 10] = [
    "top1_position",
    "top1_channel",
    "top2_position",
    "top2_channel",
    "top3_position",
    "top3_channel",
    "count",
    "non_finite",
    "non_finite_position",
    "non_finite_channel",
];

/// A row as it stands in the file.
#[derive(Serialize, Deserialize)]
struct Flat {
    model: String,
    #[serde(deserialize_with = "fields::step")]
    step: u64,
    #[serde(deserialize_with = "fields::sequence")]
    sequence: u32,
    #[serde(deserialize_with = "fields::layer")]
    layer: u32,
    top1: Option<f32>,
    top2: Option<f32>,
    top3: Option<f32>,
    median: Option<f32>,
    #[serde(default, deserialize_with = "fields::place")]
    top1_position: Option<u32>,
    #[serde(default, deserialize_with = "fields::place")]
    top1_channel: Option<u32>,
    #[serde(default, deserialize_with = "fields::place")]
    top2_position: Option<u32>,
    #[serde(default, deserialize_with = "fields::place")]
    top2_channel: Option<u32>,
    #[serde(default, deserialize_with = "fields::place")]
    top3_position: Option<u32>,
    #[serde(default, deserialize_with = "fields::place")]
    top3_channel: Option<u32>,
    #[serde(default, deserialize_with = "fields::count")]
    count: Option<u64>,
    #[serde(default, deserialize_with = "fields::count")]
    non_finite: Option<u64>,
    #[serde(default, deserialize_with = "fields::place")]
    non_finite_position: Option<u32>,
    #[serde(default, deserialize_with = "fields::place")]
    non_finite_channel: Option<u32>,
}

impl From<&Measurement> for Flat {
    fn from(m: &Measurement) -> Self {
        let top = |k: usize| m.stats.top[k];
        let magnitude = |k| top(k).map(|t| t.magnitude);
        let position = |k| top(k).map(|t| t.place.position);
        let channel = |k| top(k).map(|t| t.place.channel);
        let first = m.stats.first_non_finite;
        Self {
            model: m.model.clone(),
            step: m.step,
            sequence: m.sequence,
            layer: m.layer,
            top1: magnitude(0),
            top2: magnitude(1),
            top3: magnitude(2),
            median: m.stats.median,
            top1_position: position(0),
            top1_channel: channel(0),
            top2_position: position(1),
            top2_channel: channel(1),
            top3_position: position(2),
            top3_channel: channel(2),
            count: Some(m.stats.count),
            non_finite: Some(m.stats.non_finite),
            non_finite_position: first.map(|p| p.position),
            non_finite_channel: first.map(|p| p.channel),
        }
    }
}

impl Flat {
    /// The magnitudes alone.
    fn magnitudes(m: &Measurement) -> Self {
        Self {
            top1_position: None,
            top1_channel: None,
            top2_position: None,
            top2_channel: None,
            top3_position: None,
            top3_channel: None,
            count: None,
            non_finite: None,
            non_finite_position: None,
            non_finite_channel: None,
            ..Self::from(m)
        }
    }

    /// Refuses magnitudes that no measurement can have.
    fn check(self) -> Result<Measurement, String> {
        for (name, value) in [
            ("top1", self.top1),
            ("top2", self.top2),
            ("top3", self.top3),
            ("median", self.median),
        ] {
            if let Some(v) = value
                && !(v >= 0.0 && v.is_finite())
            {
                return Err(format!(
                    "{name} = {v}, allowed is a finite number of at least 0"
                ));
            }
        }
        let place = |p: Option<u32>, c: Option<u32>| {
            Some(Place {
                position: p?,
                channel: c?,
            })
        };
        let unknown = Place {
            position: 0,
            channel: 0,
        };
        let top = |m: Option<f32>, p, c| {
            Some(Top {
                magnitude: m?,
                place: place(p, c).unwrap_or(unknown),
            })
        };
        Ok(Measurement {
            stats: LayerStats {
                top: [
                    top(self.top1, self.top1_position, self.top1_channel),
                    top(self.top2, self.top2_position, self.top2_channel),
                    top(self.top3, self.top3_position, self.top3_channel),
                ],
                median: self.median,
                count: self.count.unwrap_or(0),
                non_finite: self.non_finite.unwrap_or(0),
                first_non_finite: place(self.non_finite_position, self.non_finite_channel),
            },
            model: self.model,
            step: self.step,
            sequence: self.sequence,
            layer: self.layer,
        })
    }
}

/// The rows of a measurements table one by one, for tables of any size; made by
/// [`measurement_stream`].
pub struct MeasurementStream<R>(RowStream<R, Flat, Measurement>);

impl<R: Read> Iterator for MeasurementStream<R> {
    type Item = Result<Streamed<Measurement>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(unnumbered)
    }
}

/// Reads a measurements table row by row, holding one at a time; see [`measurements`]. After an
/// error of the reader nothing more comes.
///
/// # Errors
/// [`Error::Io`], [`Error::MissingColumn`], [`Error::Parse`] of the header; [`Error::Io`] while
/// reading on.
pub fn measurement_stream<R: Read>(reader: R, context: &str) -> Result<MeasurementStream<R>> {
    let columns = [REQUIRED.as_slice(), &OPTIONAL];
    RowStream::new(reader, context, columns, Flat::check).map(MeasurementStream)
}

/// Reads a measurements table of any size and folds it into trajectories, as
/// [`TrajectoryBuilder`] does: no more than one row is held.
///
/// # Errors
/// As [`measurements`].
pub fn fold_measurements(
    reader: impl Read,
    context: &str,
    ratio: Ratio,
) -> Result<Loaded<Trajectory>> {
    let (mut builder, mut problems) = (TrajectoryBuilder::new(ratio), Vec::new());
    for item in measurement_stream(reader, context)? {
        match item? {
            Streamed::Row(measurement) => builder.add(&measurement),
            Streamed::Problem(problem) => problems.push(problem),
        }
    }
    Ok(Loaded {
        rows: builder.finish(),
        problems,
    })
}

/// Reads a measurements table: `model,step,sequence,layer,top1,top2,top3,median`, and where they
/// are there the places, the count and the non-finite count. Other columns are passed over. Whole
/// numbers may be written as `1000.0` or `1e3`; a step is at most 2^53, layers count from 1, and
/// magnitudes are finite numbers of at least 0, or empty where no scalar was finite.
///
/// # Errors
/// [`Error::Io`], [`Error::MissingColumn`], [`Error::Parse`]; a bad row is no error but a problem
/// of the result.
pub fn measurements(path: &Path) -> Result<Loaded<Measurement>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    measurements_from(file, &path.display().to_string())
}

/// As [`measurements`], from a reader; `context` names it in errors.
///
/// # Errors
/// As [`measurements`].
pub fn measurements_from(reader: impl Read, context: &str) -> Result<Loaded<Measurement>> {
    Loaded::gather(measurement_stream(reader, context)?)
}

fn to_csv(rows: &[Measurement], header: bool) -> Result<Vec<u8>> {
    csv_io::to_csv(&rows.iter().map(Flat::from).collect::<Vec<_>>(), header)
}

/// Writes a measurements table, whole or not at all.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn write_measurements(path: &Path, rows: &[Measurement]) -> Result<()> {
    write_atomic(path, &to_csv(rows, true)?)
}

/// Appends measurements in one write (give it whole steps), with the header if the file is new.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn append_measurements(path: &Path, rows: &[Measurement]) -> Result<()> {
    append(path, |header| to_csv(rows, header))
}

/// Writes a measurements table row by row, of magnitudes whose places and counts are not known:
/// those columns are empty.
pub(crate) struct MagnitudeWriter<W: Write> {
    csv: csv::Writer<W>,
    empty: bool,
}

impl<W: Write> MagnitudeWriter<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self {
            csv: csv::Writer::from_writer(writer),
            empty: true,
        }
    }

    pub(crate) fn write(&mut self, measurement: &Measurement) -> Result<()> {
        self.empty = false;
        let written = self.csv.serialize(Flat::magnitudes(measurement));
        written.map_err(|e| Error::parse("table to write", e))
    }

    /// Writes what is left, the header even without rows, and gives the writer back.
    pub(crate) fn finish(mut self) -> Result<W> {
        if self.empty {
            let written = self.csv.write_record(REQUIRED.iter().chain(&OPTIONAL));
            written.map_err(|e| Error::parse("table to write", e))?;
        }
        let inner = self.csv.into_inner();
        inner.map_err(|e| Error::parse("table to write", e.error()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "model,step,sequence,layer,top1,top2,top3,median";

    #[test]
    fn a_table_prints_back_and_appends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("measurements.csv");
        let text = format!("{HEADER}\nm,0,0,1,3.25,2,1,0.1\nm,1,0,1,,,,\n");
        let rows = measurements_from(text.as_bytes(), "t").unwrap().rows;
        write_measurements(&path, &rows[..1]).unwrap();
        append_measurements(&path, &rows[1..]).unwrap();
        assert_eq!(measurements(&path).unwrap().rows.len(), 2);
        let again = measurements(&path).unwrap();
        assert_eq!(again.rows[0].stats.median, Some(0.1));
        assert_eq!(again.rows[1].stats.top, [None; 3]);
        assert!(again.problems.is_empty());
    }

    #[test]
    fn bad_rows_are_named_and_the_good_ones_kept() {
        let text = format!(
            "{HEADER}\nm,0,0,1,3,2,1,0.5\nm,0,0,2,NaN,2,1,0.5\nm,0,0,0,3,2,1,0.5\nm,x,0,1,3,2,1,0.5\nm,4,0,1,3,2,1,0.5\nm,8,0,1,3.2"
        );
        let loaded = measurements_from(text.as_bytes(), "t").unwrap();
        assert_eq!(
            loaded.rows.iter().map(|r| r.step).collect::<Vec<_>>(),
            [0, 4]
        );
        assert_eq!(
            loaded.problems.iter().map(|p| p.line).collect::<Vec<_>>(),
            [3, 4, 5, 7]
        );
    }

    #[test]
    fn a_foreign_header_is_refused_with_the_nearest_column() {
        let error = measurements_from(
            "model,step,sequence,layr,top1,top2,top3,median\n".as_bytes(),
            "t.csv",
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("`layer`") && error.contains("`layr`"),
            "{error}"
        );
    }
}
