mod flat;
mod fold;
mod row;
mod write;

pub(super) use self::flat::REQUIRED;
pub(crate) use self::fold::{Table, fold_tables};
pub use self::fold::{fold_measurements, left_out};
pub use self::row::{MeasurementRow, StagedMeasurementRow};
pub use self::write::{Columns, MeasurementWriter, append_measurements, write_measurements};

use std::io::Read;
use std::path::Path;

use self::flat::{OPTIONAL_OR_STAGE, Staged};
use super::once::{Identity, gather};
use super::problem::{Loaded, Streamed};
use super::row_stream::{RowStream, unnumbered};
use crate::{Measurement, Result};

/// The rows of a measurements table one by one, for tables of any size; made by
/// [`measurement_stream`].
pub struct MeasurementStream<R>(RowStream<R, Staged, Measurement>);

impl<R: Read> Iterator for MeasurementStream<R> {
    type Item = Result<Streamed<Measurement>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(unnumbered)
    }
}

/// Reads a measurements table row by row, holding one at a time, so that rows which are given twice
/// come twice; see [`measurements`]. After an error of the reader nothing more comes.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), [`Error::MissingColumn`](crate::Error::MissingColumn),
/// [`Error::Parse`](crate::Error::Parse) of the header; [`Error::Io`](crate::Error::Io) while reading on.
pub fn measurement_stream<R: Read>(reader: R, context: &str) -> Result<MeasurementStream<R>> {
    numbered(reader, context).map(MeasurementStream)
}

/// The rows with their lines.
fn numbered<R: Read>(reader: R, context: &str) -> Result<RowStream<R, Staged, Measurement>> {
    let columns = super::header::Columns {
        required: &REQUIRED,
        optional: &OPTIONAL_OR_STAGE,
        named: &["model"],
    };
    RowStream::new(reader, context, columns, Staged::check)
}

/// What a measurement is of.
fn key(m: &Measurement) -> String {
    let stage = m.stage.as_ref().map(|stage| stage.name.as_str());
    flat::about(&m.model, stage, m.step, m.sequence, m.layer)
}

/// Reads a measurements table: `model,step,sequence,layer,top1,top2,top3,median`, and where they
/// are there the places, the count, the non-finite count, the columns of [`Detail`](crate::Detail),
/// `suspect`, and `stage` with `position`. Other columns are skipped. Whole
/// numbers may be written as `1000.0` or `1e3`; a step is at most 2^53, layers count from 1, and
/// magnitudes are finite numbers of at least 0, or empty where no scalar was finite. A row that repeats
/// another counts once, which is a problem of the result, too.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), [`Error::MissingColumn`](crate::Error::MissingColumn),
/// [`Error::Parse`](crate::Error::Parse); [`Error::Twice`](crate::Error::Twice) for rows of one (model,
/// stage, step, sequence, layer) that differ; a bad row is no error but a problem of the result.
pub fn measurements(path: &Path) -> Result<Loaded<Measurement>> {
    measurements_from(super::open(path)?, &path.display().to_string())
}

/// As [`measurements`], from a reader; `context` names it in errors.
///
/// # Errors
/// As [`measurements`].
pub fn measurements_from(reader: impl Read, context: &str) -> Result<Loaded<Measurement>> {
    let identity = Identity {
        key,
        same: |a, b| a == b,
    };
    gather(context, numbered(reader, context)?, &identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Extent, GrowingTable};

    const HEADER: &str = "model,step,sequence,layer,top1,top2,top3,median";

    #[test]
    fn a_table_prints_back_and_appends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("measurements.csv");
        let text = format!("{HEADER}\nm,0,0,1,3.25,2,1,0.1\nm,1,0,1,,,,\n");
        let rows = measurements_from(text.as_bytes(), "t").unwrap().rows;
        write_measurements(&path, &rows[..1]).unwrap();
        let mut table = GrowingTable::open(&path, &Extent::of(&path, 1).unwrap()).unwrap();
        append_measurements(&mut table, &rows[1..]).unwrap();
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
        let mut next = rows.clone();
        next[0].step = 1;
        let mut table = GrowingTable::open(&path, &Extent::default()).unwrap();
        append_measurements(&mut table, &rows).unwrap();
        append_measurements(&mut table, &next).unwrap();
        let both = [rows[0].clone(), next[0].clone()];
        assert_eq!(measurements(&path).unwrap().rows, both);
        let mut plain = rows.clone();
        (plain[0].detail, plain[0].suspect) = (crate::Detail::default(), None);
        plain[0].step = 2;
        append_measurements(&mut table, &plain).unwrap();
        assert_eq!(measurements(&path).unwrap().rows[2], plain[0]);

        let path = dir.path().join("plain.csv");
        let mut table = GrowingTable::open(&path, &Extent::default()).unwrap();
        append_measurements(&mut table, &plain).unwrap();
        let error = append_measurements(&mut table, &rows).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("plain.csv") && error.contains("columns"),
            "{error}"
        );
        assert_eq!(measurements(&path).unwrap().rows, plain);
    }

    #[test]
    fn bad_rows_are_named_and_the_good_ones_kept() {
        let text = format!(
            "{HEADER}\nm,0,0,1,3,2,1,0.5\nm,0,0,2,inf,2,1,0.5\nm,0,0,0,3,2,1,0.5\nm,x,0,1,3,2,1,0.5\nm,4,0,1,3,2,1,0.5\nm,8,0,1,3.2"
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
    #[test]
    fn rows_given_twice_count_once_and_others_are_refused_with_both_lines() {
        let same = format!("{HEADER}\nm,8,0,1,3,2,1,0.5\nm,0,0,1,5,4,3,1\nm,8.0,0,1,3.0,2,1,.5\n");
        let loaded = measurements_from(same.as_bytes(), "t").unwrap();
        assert_eq!((loaded.rows.len(), loaded.problems.len()), (2, 1));
        assert!(loaded.problems[0].reason.ends_with("count once: line 4"));
        let other = same.replace("3.0,2,1", "3.5,2,1");
        let error = measurements_from(other.as_bytes(), "t.csv").unwrap_err();
        let said = error.to_string();
        for part in ["t.csv", "step 8, sequence 0, layer 1", "lines 2 and 4"] {
            assert!(said.contains(part), "{said}");
        }
    }
}
