//! One file for each figure. Each returns what to draw, or which data are missing.

mod effects;
mod emergence;
mod fits;
mod goodness;
mod heatmaps;
mod layers;
mod loss;
mod observables;
mod overview;
mod predicted;
mod prediction;
mod ratio;
mod shared;
mod size;
mod surface;

pub(crate) use shared::{magnitude_axis, magnitude_keys, magnitude_panel};

use crate::chart::Sheet;
use crate::data::Data;

/// A figure with its caption.
pub(crate) struct Figure {
    /// What it shows, for which models.
    pub(crate) caption: String,
    /// How to read it.
    pub(crate) reading: &'static str,
    pub(crate) sheet: Sheet,
}

/// The place of a figure on the page.
pub(crate) struct Section {
    /// Name of its files.
    pub(crate) name: String,
    pub(crate) title: String,
    /// The figure of the paper that it follows.
    pub(crate) paper: Option<u8>,
    /// The figure, or the missing data.
    pub(crate) figure: Result<Figure, &'static str>,
}

/// So many of the first figures are those of the paper and the one before them.
pub(crate) const OF_PAPER: usize = 9;

/// Every figure in the order of the page.
pub(crate) fn all(data: &Data) -> Vec<Section> {
    let section = |name: &str, title: &str, paper, figure| Section {
        name: name.into(),
        title: title.into(),
        paper,
        figure,
    };
    let mut sections = vec![
        section(
            "emergence",
            "Emergence over training",
            None,
            emergence::figure(data),
        ),
        section(
            "overview",
            "Overview of one model",
            Some(1),
            overview::figure(data),
        ),
        section("size", "Size and final ratio", Some(2), size::figure(data)),
        section(
            "layers",
            "Magnitudes across layers, first and last step",
            Some(3),
            layers::figure(data),
        ),
        section(
            "ratio",
            "Every layer of one model",
            Some(4),
            ratio::figure(data),
        ),
        section(
            "heatmaps",
            "Peaks over depth and models",
            Some(5),
            heatmaps::figure(data),
        ),
        section("fits", "Fitted curves", Some(6), fits::figure(data)),
        section(
            "goodness",
            "Goodness of fit",
            Some(7),
            goodness::figure(data),
        ),
        section(
            "peak-surface",
            "When the curve has its peak",
            Some(8),
            surface::figure(data),
        ),
        section("loss", "Loss", None, loss::figure(data)),
        section(
            "prediction",
            "Predicted against fitted",
            None,
            prediction::figure(data),
        ),
    ];
    if !data.inputs.predicted.is_empty() {
        let title = "Predicted before training";
        sections.push(section("predicted", title, None, predicted::figure(data)));
    }
    if !data.inputs.effects.is_empty() {
        let figure = effects::figure(data);
        sections.push(section("effects", "Effects of variants", None, figure));
    }
    sections.append(&mut observables::sections(data));
    sections
}
