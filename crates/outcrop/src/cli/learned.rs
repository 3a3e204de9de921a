//! What `predict`, `explain` and `design` learn from, and with what.

use std::path::Path;

use outcrop_core::{Fit, table};
use outcrop_predict::{Feature, Options, Source};

use super::output::say;
use crate::Result;

/// The architectures and fits of a results folder. Rows that cannot be read are named and left out.
pub(super) fn source(folder: &Path) -> Result<Source> {
    let archs = table::architectures(&folder.join("architectures.csv"))?;
    let fits = table::read_rows::<Fit>(&folder.join("fits.csv"))?;
    for problem in archs.problems.iter().chain(&fits.problems) {
        say(&format!("warning: {problem}; the row was left out"));
    }
    Ok(Source {
        name: folder.display().to_string(),
        archs: archs.rows,
        fits: fits.rows,
    })
}

/// The options with the features of these names, or the default ones where none is named.
pub(super) fn options(features: &[String], seed: u64) -> Result<Options> {
    let named = features
        .iter()
        .map(|name| Feature::from_name(name.trim()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut options = Options {
        seed,
        ..Options::default()
    };
    if !named.is_empty() {
        options.features = named;
    }
    Ok(options)
}
