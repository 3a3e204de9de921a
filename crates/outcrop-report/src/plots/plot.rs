//! A plot that is written to its own file.

use std::path::{Path, PathBuf};

use crate::chart::Sheet;
use crate::{Format, Result, output};

/// A picture of one trajectory or of one checkpoint, ready to be written.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_report::fit_plot;
///
/// let trajectory = Trajectory {
///     model: "org/Tiny".into(),
///     layer: 2,
///     stage: None, steps: vec![0, 1, 10, 100],
///     ratios: vec![5.0, 5.1, 9.0, 40.0],
///     sem: vec![],
/// };
/// let plot = fit_plot(&trajectory, &[], &[]);
/// assert!(plot.stem().starts_with("org_tiny~") && plot.stem().ends_with("-layer-2"));
/// assert!(plot.svg()?.contains("org/Tiny, layer 2"));
/// # Ok::<(), outcrop_report::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plot {
    pub(crate) stem: String,
    pub(crate) sheet: Sheet,
}

impl Plot {
    /// The name of its files without an ending: lowercase ASCII letters, digits and `._-~` alone,
    /// at most 200 of them; different for every kind of plot and for every (model, step, sequence,
    /// layer, head) that it shows, for any name of a model.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// The plot as SVG, with text as text.
    ///
    /// # Errors
    /// [`Error::Draw`](crate::Error::Draw) where the drawing library refuses.
    pub fn svg(&self) -> Result<String> {
        output::svg(&self.sheet, &self.stem)
    }

    /// The plot as PNG, at twice the size of the SVG.
    ///
    /// # Errors
    /// [`Error::Draw`](crate::Error::Draw) where the drawing library refuses.
    pub fn png(&self) -> Result<Vec<u8>> {
        output::png(&self.sheet, &self.stem)
    }

    /// Writes the plot into the folder `out`, which must be there, once in each of `formats`. Each
    /// file appears completely or not at all and replaces one of an earlier run.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) with the path, as [`Plot::svg`] and [`Plot::png`].
    pub fn write(&self, out: &Path, formats: &[Format]) -> Result<Vec<PathBuf>> {
        let write = |format: &Format| {
            let content = match format {
                Format::Svg => self.svg()?.into_bytes(),
                Format::Png => self.png()?,
            };
            output::write(&content, out, &self.stem, *format)
        };
        formats.iter().map(write).collect()
    }
}
