//! Where the tables of a series go.

use std::path::{Path, PathBuf};

use outcrop_core::Error as CoreError;
use outcrop_core::table::{MeasurementRow, Streamed, TableLayout, measurement_stream};

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

    /// Writes the file from the table at `path`, and says where both are.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let Some(target) = self.file.as_ref().filter(|_| path.is_file()) else {
            return Ok(());
        };
        let file = std::fs::File::open(path).map_err(|e| CoreError::io("read", path, e))?;
        let mut sink = RowSink::new(target, TableLayout::default(), None)?;
        for item in measurement_stream(file, &path.display().to_string())? {
            if let Streamed::Row(measurement) = item? {
                sink.push(&MeasurementRow::from(&measurement))?;
            }
        }
        sink.finish()?;
        let file = target.file.as_deref().unwrap_or(path).display();
        print(&format!(
            "measurements are in {file}; all tables, and the state from which the same command \
             resumes, are in the folder {}",
            self.folder.display()
        ));
        Ok(())
    }
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
