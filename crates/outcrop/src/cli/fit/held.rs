//! The fits that a folder had before.

use std::path::{Path, PathBuf};

use outcrop_core::{sha256_file, table};

use crate::cli::clock;
use crate::cli::output::say;

/// A table of fits as it was.
pub(super) struct Held {
    path: PathBuf,
    /// Its hash and description; none if there was no table.
    was: Option<(String, String)>,
}

impl Held {
    pub(super) fn of(path: &Path) -> Self {
        let hash = sha256_file(path).ok();
        Self {
            path: path.to_owned(),
            was: hash.map(|hash| (hash, words(path))),
        }
    }

    /// Says that the table was replaced, unless it is the same.
    pub(super) fn say_if_replaced(&self) {
        let Some((hash, words)) = &self.was else {
            return;
        };
        if sha256_file(&self.path).is_ok_and(|now| now != *hash) {
            say(&format!(
                "note: {} replaces the one of {words}",
                self.path.display()
            ));
        }
    }
}

/// The day on which it was written, and what was fitted.
fn words(path: &Path) -> String {
    let written = std::fs::metadata(path).and_then(|file| file.modified());
    let day = written.map_or_else(|_| "an unknown day".into(), clock::day);
    let Ok(fits) = table::read_rows::<outcrop_core::Fit>(path) else {
        return format!("{day}, which could not be read");
    };
    let of = |name: fn(&outcrop_core::Fit) -> &str| {
        let mut names: Vec<&str> = fits.rows.iter().map(name).collect();
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    };
    format!(
        "{day} ({} rows; hypotheses: {})",
        fits.rows.len(),
        of(|fit| &fit.hypothesis)
    )
}
