use std::path::Path;

use clap::ValueEnum;
use outcrop_core::Error as CoreError;
use outcrop_report::Plot;

use super::format::suffix;
use super::write_file;
use crate::Result;

/// The format of a plot.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Picture {
    /// Scalable, with text as text.
    Svg,
    /// Pixels.
    Png,
}

/// Every format with the suffix of its files.
const PICTURES: [(Picture, &str); 2] = [(Picture::Svg, "svg"), (Picture::Png, "png")];

impl Picture {
    pub(crate) fn format(&self) -> outcrop_report::Format {
        match self {
            Self::Svg => outcrop_report::Format::Svg,
            Self::Png => outcrop_report::Format::Png,
        }
    }

    /// The format for the suffix of `path`, given by `option`.
    pub(crate) fn of(path: &Path, option: &str) -> Result<Self> {
        let found = suffix(path);
        match PICTURES.iter().find(|(_, suffix)| found == *suffix) {
            Some((picture, _)) => Ok(*picture),
            None => {
                let allowed = "a file that ends in .svg or .png";
                Err(CoreError::range(option, path.display(), allowed).into())
            }
        }
    }

    /// Draws into a file.
    pub(crate) fn write(self, plot: &Plot, path: &Path) -> Result<()> {
        match self {
            Self::Svg => write_file(path, plot.svg()?.as_bytes()),
            Self::Png => write_file(path, &plot.png()?),
        }
    }
}
