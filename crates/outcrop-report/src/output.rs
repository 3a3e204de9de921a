use std::path::{Path, PathBuf};

use outcrop_core::write_atomic;

use crate::chart::{self, Sheet};
use crate::{Error, Result};

/// The format of a plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Vectors, with text as text.
    Svg,
    /// Pixels, twice as many as the SVG declares, in a font that is part of the crate.
    Png,
}

impl Format {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Svg, Self::Png];

    /// The ending of a file's name, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

pub(crate) fn svg(sheet: &Sheet, name: &str) -> Result<String> {
    chart::svg(sheet).map_err(failed(name))
}

/// Every panel of a sheet as an SVG of its own, without the legend of the sheet.
pub(crate) fn panels(sheet: &Sheet, name: &str) -> Result<Vec<String>> {
    let panels = chart::panels(sheet).into_iter();
    panels.map(|panel| svg(&panel, name)).collect()
}

pub(crate) fn png(sheet: &Sheet, name: &str) -> Result<Vec<u8>> {
    chart::png(sheet).map_err(failed(name))
}

/// A sheet for print, as SVG and as PNG.
pub(crate) fn print(sheet: &Sheet, name: &str) -> Result<(String, Vec<u8>)> {
    let svg = chart::print::svg(sheet).map_err(failed(name))?;
    Ok((svg, chart::print::png(sheet).map_err(failed(name))?))
}

fn failed(name: &str) -> impl Fn(String) -> Error {
    move |reason| Error::Draw {
        figure: name.to_owned(),
        reason,
    }
}

/// Writes `content` as `folder/name.extension`, completely or not at all.
pub(crate) fn write(content: &[u8], folder: &Path, name: &str, format: Format) -> Result<PathBuf> {
    let path = folder.join(format!("{name}.{}", format.extension()));
    write_atomic(&path, content)?;
    Ok(path)
}
