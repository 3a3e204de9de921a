//! What `predict`, `explain` and `design` learn from, and with what.

use std::path::Path;

use outcrop_core::{Fit, table};
use outcrop_predict::{Feature, Options, Source};

use super::input::good_rows;
use crate::Result;

/// The architectures and fits of a results folder. Rows that cannot be read are named and left out.
pub(super) fn source(folder: &Path) -> Result<Source> {
    let [archs, fits] = ["architectures.csv", "fits.csv"].map(|name| folder.join(name));
    Ok(Source {
        name: folder.display().to_string(),
        archs: good_rows(&archs, table::architectures(&archs)?)?,
        fits: good_rows(&fits, table::read_rows::<Fit>(&fits)?)?,
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
