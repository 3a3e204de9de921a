//! Where the tables of a series go.

use std::path::{Path, PathBuf};

use outcrop_core::Error as CoreError;
use outcrop_core::Measurement;
use outcrop_core::table::{
    MeasurementRow, Row, StagedMeasurementRow, Streamed, TableLayout, measurement_stream,
};

use super::super::output::{Destination, Format, RowSink, print};
use crate::Result;

/// The folder of a series and, if requested, the file for its measurements.
pub(super) struct OutFolder {
    pub(super) folder: PathBuf,
    file: Option<Destination>,
}

impl OutFolder {
    /// What `--out` means: a file by its suffix, whose folder is beside it, or a folder.
    pub(super) fn new(out: Option<&Path>, model: &str) -> Self {
        let out = match out {
            Some(out) => out.to_owned(),
            None => Path::new("measured").join(file_name(model)),
        };
        match Format::of(&out) {
            Some(format) if !out.is_dir() => Self {
                folder: out.with_extension(""),
                file: Some(Destination::file(&out, format)),
            },
            _ => Self {
                folder: out,
                file: None,
            },
        }
    }

    /// The folder of an element's checkpoint.
    pub(super) fn of_element(folder: PathBuf) -> Self {
        Self { folder, file: None }
    }

    /// Writes the file from the table at `path`, and says where both are.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let Some(target) = self.file.as_ref().filter(|_| path.is_file()) else {
            return Ok(());
        };
        let staged = rows(path)?
            .next()
            .transpose()?
            .is_some_and(|row| row.stage.is_some());
        match staged {
            true => write::<StagedMeasurementRow>(path, target)?,
            false => write::<MeasurementRow>(path, target)?,
        }
        let file = target.file.as_deref().unwrap_or(path).display();
        print(&format!(
            "measurements are in {file}; all tables, and the state from which the same command \
             resumes, are in the folder {}",
            self.folder.display()
        ));
        Ok(())
    }
}

/// The good rows of a measurements table.
fn rows(path: &Path) -> Result<impl Iterator<Item = Result<Measurement>>> {
    let file = std::fs::File::open(path).map_err(|e| CoreError::io("read", path, e))?;
    let rows = measurement_stream(file, &path.display().to_string())?;
    Ok(rows.filter_map(|item| match item {
        Ok(Streamed::Row(row)) => Some(Ok(row)),
        Ok(Streamed::Problem(_)) => None,
        Err(error) => Some(Err(error.into())),
    }))
}

fn write<R: Row + Clone + for<'a> From<&'a Measurement>>(
    path: &Path,
    target: &Destination,
) -> Result<()> {
    let mut sink = RowSink::<R>::new(target, TableLayout::default(), None)?;
    for row in rows(path)? {
        sink.push(&R::from(&row?))?;
    }
    sink.finish()
}

/// A name of a single folder, for any name of a model.
fn file_name(model: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = model.chars().map(plain).collect();
    match name.trim_start_matches('.') {
        "" => "model".into(),
        name => name.to_owned(),
    }
}
