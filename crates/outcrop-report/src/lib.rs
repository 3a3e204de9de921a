//! Figures (SVG and PNG) and one self-contained HTML page of massive-activation dynamics.
//!
//! [`write_report`] draws [`Inputs`]: the figures of the paper (arXiv 2508.03616), tables of the growth of ratios, of
//! the fits and of the scores compared with the published ones, and the provenance. Figures whose data are missing are
//! left out, and the page says so. [`summary`] gives the main results as numbers: how far ratios grew, and how many
//! models have massive activations by the rule of Sun et al. and by the fallback rule.
//!
//! | file | what it holds |
//! |---|---|
//! | `report.html` | the whole report, figures included: no other file, no network; alive with a script of its own, complete without |
//! | `figures/NAME.svg` | one figure, text as text |
//! | `figures/NAME.png` | the same at twice the size, in a font that is part of the crate |
//!
//! [`write_fit_plots`] draws every trajectory by itself, with its fits and residuals ([`fit_plot`]); [`forecast_plot`]
//! draws a forecast and later measurements, [`prediction_plot`] the predicted curves of an architecture.
//! [`layers_plot`], [`channels_plot`], [`magnitudes_plot`] and [`attention_plot`] draw measurements of one checkpoint.
//! [`effects_plot`] draws what variants of a recipe do.
//! [`shapley_plot`], [`waterfall_plot`], [`dependence_plot`] and [`importance_plot`] explain predictions.
//!
//! The same inputs give the same bytes.
//!
//! ```
//! use outcrop_core::Trajectory;
//! use outcrop_report::{Inputs, write_report};
//!
//! let trajectory = Trajectory {
//!     model: "tiny".into(),
//!     layer: 1,
//!     stage: None, steps: vec![0, 1, 10, 100],
//!     ratios: vec![5.0, 5.1, 9.0, 40.0],
//!     sem: vec![],
//! };
//! let inputs = Inputs { title: "A tiny run".into(), trajectories: vec![trajectory], ..Inputs::default() };
//! let out = std::env::temp_dir().join(format!("outcrop-report-{}", std::process::id()));
//! let written = write_report(&inputs, &out)?;
//! assert!(std::fs::read_to_string(&written.html).is_ok_and(|page| page.contains("A tiny run")));
//! assert!(out.join("figures/emergence.png").exists());
//! # std::fs::remove_dir_all(&out).ok();
//! # Ok::<(), outcrop_report::Error>(())
//! ```

mod chart;
mod curve;
mod data;
mod error;
mod explained;
mod figures;
mod forest;
mod inputs;
mod massive;
mod means;
mod output;
mod page;
mod plots;
mod predicted;
mod report;
mod summary;

pub use error::{Error, Result};
pub use inputs::Inputs;
pub use massive::{Massive, MassiveModels};
pub use output::Format;
pub use plots::{
    AttentionMap, ChannelMagnitudes, Magnitudes, Plot, SINK_THRESHOLD, attention_plot,
    channels_plot, dependence_plot, effects_plot, fit_plot, forecast_plot, importance_plot,
    layers_plot, magnitudes_plot, prediction_plot, shapley_plot, waterfall_plot, write_fit_plots,
    write_fit_plots_with,
};
pub use predicted::{PredictedBefore, PredictedRatio};
pub use report::{FIGURE_FOLDERS, Written, write_report, write_report_with};
pub use summary::{GROWTH_FACTOR, Growth, ModelFits, Summary, summary};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
