mod flat;
mod write;

pub(super) use self::flat::REQUIRED;
pub use self::write::{Columns, MeasurementWriter, append_measurements, write_measurements};

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use self::flat::{Flat, OPTIONAL};
use super::problem::{Loaded, Problem, Streamed};
use super::row_stream::{RowStream, unnumbered};
use crate::{Error, Measurement, Result, Trajectory, TrajectoryBuilder, TrajectoryOptions};

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
    options: impl Into<TrajectoryOptions>,
) -> Result<Loaded<Trajectory>> {
    let (mut builder, mut problems) = (TrajectoryBuilder::new(options), Vec::new());
    for item in measurement_stream(reader, context)? {
        match item? {
            Streamed::Row(measurement) => builder.add(&measurement),
            Streamed::Problem(problem) => problems.push(problem),
        }
    }
    problems.extend(left_out(&builder));
    Ok(Loaded {
        rows: builder.finish(),
        problems,
    })
}

/// The suspect steps that were left out, one problem for each model and reason.
pub(crate) fn left_out(builder: &TrajectoryBuilder) -> Vec<Problem> {
    let mut steps: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for ((model, step), reason) in builder.suspects() {
        let of_reason = steps.entry((model, reason)).or_default();
        of_reason.push(step.to_string());
    }
    let problem = |((model, reason), steps): ((&str, &str), Vec<String>)| Problem {
        reason: format!(
            "{} suspect steps of {model} were left out ({reason}): {}",
            steps.len(),
            steps.join(", ")
        ),
        ..Problem::default()
    };
    steps.into_iter().map(problem).collect()
}

/// Reads a measurements table: `model,step,sequence,layer,top1,top2,top3,median`, and where they
/// are there the places, the count, the non-finite count, the columns of [`Detail`](crate::Detail) and
/// `suspect`. Other columns are passed over. Whole
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

    /// A table with every column prints back; one without detail keeps its columns.
    #[test]
    fn detail_has_columns_where_there_is_any() {
        let text = format!(
            "{HEADER},top1_position,top1_channel,top1_token,massive,rms,kurtosis,channel_kurtosis,\
             later_top1,later_median,later_top1_position,later_top1_channel,suspect\n\
             m,0,0,1,300,2,1,0.1,4,9,17,1,2.5,800,31.5,3,0.25,7,2,jump\n"
        );
        let rows = measurements_from(text.as_bytes(), "t").unwrap().rows;
        let detail = rows[0].detail;
        assert_eq!((detail.tokens[0], detail.massive), (Some(17), Some(1)));
        assert_eq!(detail.spread.and_then(|s| s.kurtosis), Some(800.0));
        assert_eq!(detail.later.and_then(|l| l.median), Some(0.25));
        assert_eq!(rows[0].suspect.as_deref(), Some("jump"));

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("detailed.csv");
        append_measurements(&path, &rows).unwrap();
        append_measurements(&path, &rows).unwrap();
        assert_eq!(
            measurements(&path).unwrap().rows,
            [rows[0].clone(), rows[0].clone()]
        );
        let mut plain = rows.clone();
        (plain[0].detail, plain[0].suspect) = (crate::Detail::default(), None);
        append_measurements(&path, &plain).unwrap();
        assert_eq!(measurements(&path).unwrap().rows[2], plain[0]);

        let path = dir.path().join("plain.csv");
        append_measurements(&path, &plain).unwrap();
        let error = append_measurements(&path, &rows).unwrap_err().to_string();
        assert!(
            error.contains("plain.csv") && error.contains("columns"),
            "{error}"
        );
        assert_eq!(measurements(&path).unwrap().rows, plain);
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
