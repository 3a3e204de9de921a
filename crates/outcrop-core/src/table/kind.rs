use std::io::Read;

use super::lines::Lines;
use super::row::Row;
use super::{architecture, header, measurement, trajectory};
use crate::{CurvePoint, Error, Fit, LossPoint, Prediction, Result, Score};

/// Which of the tables of this crate a table is, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableKind {
    /// `model,step,sequence,layer,top1,top2,top3,median`: [`crate::Measurement`].
    Measurements,
    /// `model,layer,step,ratio`: [`crate::Trajectory`].
    Trajectories,
    /// `model,layer,hypothesis,n`: [`crate::Fit`].
    Fits,
    /// `model,layer,hypothesis,step,value`: [`crate::CurvePoint`].
    Curves,
    /// `model,step,tokens,loss,...`: [`crate::LossPoint`].
    Losses,
    /// `target,regressor,protocol,...`: [`crate::Score`].
    Scores,
    /// `model,layer,target,regressor,...`: [`crate::Prediction`].
    Predictions,
    /// `model,layers,d_model,heads`: [`crate::NamedArch`].
    Architectures,
}

/// Every kind with the columns that it must have; the first whose columns are all there is it.
const KINDS: [(TableKind, &[&str]); 8] = [
    (TableKind::Measurements, &measurement::REQUIRED),
    (TableKind::Trajectories, &trajectory::REQUIRED),
    (TableKind::Curves, CurvePoint::REQUIRED),
    (TableKind::Fits, Fit::REQUIRED),
    (TableKind::Losses, LossPoint::REQUIRED),
    (TableKind::Scores, Score::REQUIRED),
    (TableKind::Predictions, Prediction::REQUIRED),
    (TableKind::Architectures, &architecture::REQUIRED),
];

impl std::fmt::Display for TableKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Measurements => "measurements",
            Self::Trajectories => "trajectories",
            Self::Fits => "fits",
            Self::Curves => "points of curves",
            Self::Losses => "losses",
            Self::Scores => "scores",
            Self::Predictions => "predictions",
            Self::Architectures => "architectures",
        })
    }
}

/// What the table with this header (its first line that is not blank; what follows is not looked
/// at) is; `context` names it in errors. Columns may be in any order, and there may be others.
///
/// ```
/// use outcrop_core::table::{TableKind, kind_of_header};
///
/// let kind = kind_of_header("model,layer,step,ratio,sem", "t.csv")?;
/// assert_eq!(kind, TableKind::Trajectories);
/// let error = kind_of_header("model,layer,stp,ratio", "t.csv").unwrap_err();
/// assert!(error.to_string().contains("did you mean `stp`"));
/// # Ok::<(), outcrop_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::MissingColumn`] where at least half of the columns of some table are there;
/// [`Error::Parse`] for the header of no table.
pub fn kind_of_header(header: &str, context: &str) -> Result<TableKind> {
    kind_of(header.as_bytes(), context)
}

/// As [`kind_of_header`], from the start of a file.
pub(crate) fn kind_of(start: impl Read, context: &str) -> Result<TableKind> {
    let found = header::read(&mut Lines::new(start), context)?;
    let present = |columns: &[&str]| {
        let there = columns.iter().filter(|c| found.iter().any(|f| f == **c));
        there.count()
    };
    if let Some((kind, _)) = KINDS.iter().find(|(_, c)| present(c) == c.len()) {
        return Ok(*kind);
    }
    let share = |columns: &[&str]| present(columns) * 1000 / columns.len();
    let (mut nearest, mut most) = (KINDS[1].1, share(KINDS[1].1));
    for (_, columns) in KINDS {
        if share(columns) > most {
            (nearest, most) = (columns, share(columns));
        }
    }
    match most {
        500.. => header::check(context, &found, nearest, &[])?,
        _ => header::separated_by_commas(context, &found)?,
    }
    let reason = format!(
        "the header `{}` is of no table known here; measurements have {}, trajectories {}",
        header::joined(&found),
        KINDS[0].1.join(","),
        KINDS[1].1.join(",")
    );
    Err(Error::parse(context, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_is_of_its_own_kind() {
        for (kind, columns) in KINDS {
            let mut reversed = columns.to_vec();
            reversed.reverse();
            let header = format!("\u{feff}extra,{}\r\n", reversed.join(" ,"));
            assert_eq!(kind_of_header(&header, "t").unwrap(), kind);
        }
        let excel = "sep=,\r\nmodel,layer,step,ratio";
        assert_eq!(kind_of_header(excel, "t").unwrap(), TableKind::Trajectories);
        let fits = Fit::HEADER.join(",");
        assert_eq!(kind_of_header(&fits, "t").unwrap(), TableKind::Fits);
    }

    #[test]
    fn a_foreign_header_is_named() {
        for (header, parts) in [
            (
                "model,layer,stp,ratio",
                &["`step`", "did you mean `stp`"][..],
            ),
            (
                "model,step,sequence,layr,top1,top2,top3,median",
                &["`layer`", "did you mean `layr`"],
            ),
            ("model;layer;step;ratio", &["separated by ';'"]),
            ("PK\u{3}\u{4}...", &["t.csv", "spreadsheet", "CSV"]),
            ("[{\"model\":\"m\"}]", &["JSON", "CSV"]),
            (
                "sep=;\nmodel;layer;step;ratio",
                &["separated by ';'", "write.csv2"],
            ),
            ("date,price", &["t.csv", "date,price", "no table"]),
            ("", &["t.csv", "empty"]),
        ] {
            let error = kind_of_header(header, "t.csv").unwrap_err().to_string();
            assert!(parts.iter().all(|p| error.contains(p)), "{error}");
        }
    }
}
