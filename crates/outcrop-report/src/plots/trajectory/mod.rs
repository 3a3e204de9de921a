//! Plots of single trajectories: a fit with its rivals and residuals, a forecast with later measurements; and
//! the predicted curves of an architecture.

mod data_points;
mod fit;
mod forecast;
mod prediction;
mod words;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use outcrop_core::{CurvePoint, Fit, Trajectory, check_writable};

use crate::data::{Data, by_step};
use crate::plots::name;
use crate::{Format, Inputs, Plot, Result};

/// Draws one trajectory with its fits. Rows of `fits` and `curves` that belong to another model or
/// layer are skipped, so that whole tables may be given.
///
/// Above: the measured ratios, with two standard errors to each side where they are known, rings
/// for the steps that the status of a fit names as `outlier at step S`; the emergence curve with
/// its band (the best hypothesis where there is no such curve); its rivals as thin lines with their
/// Akaike weights, or their distances in AICc; the peak with its interval. Below: the residuals
/// y / f - 1 in per cent on the same step axis, with f linear in ln(1 + step) between the points of
/// the curve. Underneath in words: R2, the hypothesis with the lowest AICc, the probability and the
/// step of a peak, the status.
///
/// It takes any values. Points that are not finite are counted underneath; outliers, bands and
/// rivals widen the ratio axis as far as the other points reach, to each side; a point beyond an
/// axis is a triangle at its end.
pub fn fit_plot(trajectory: &Trajectory, fits: &[Fit], curves: &[CurvePoint]) -> Plot {
    let of = |model: &str, layer: u32| model == trajectory.model && layer == trajectory.layer;
    let fits: Vec<_> = fits.iter().filter(|f| of(&f.model, f.layer)).collect();
    let curves: Vec<_> = curves.iter().filter(|c| of(&c.model, c.layer)).collect();
    plot(trajectory, &fits, &curves)
}

fn plot(trajectory: &Trajectory, fits: &[&Fit], curves: &[&CurvePoint]) -> Plot {
    Plot {
        stem: name::of_layer(&trajectory.model, trajectory.layer),
        sheet: fit::sheet(&by_step(trajectory), fits, curves),
    }
}

/// Draws one trajectory with a forecast that was made from its steps up to `last_fitted`.
///
/// `curve` holds the points of one curve that runs beyond that step; those of another model or
/// layer are skipped. It is solid up to `last_fitted` and dashed, with its band, from there;
/// later measurements are rings; the dotted line is what a forecast must beat, the last fitted value.
/// The step axis is logarithmic where the forecast has at least a quarter of its width, and linear
/// otherwise. Underneath stand the mean relative errors of both over the later points.
pub fn forecast_plot(trajectory: &Trajectory, last_fitted: u64, curve: &[CurvePoint]) -> Plot {
    let of = |c: &&CurvePoint| c.model == trajectory.model && c.layer == trajectory.layer;
    let curve: Vec<_> = curve.iter().filter(of).collect();
    Plot {
        stem: name::of_layer(&trajectory.model, trajectory.layer) + "-forecast",
        sheet: forecast::sheet(&by_step(trajectory), last_fitted, &curve),
    }
}

/// Draws the predicted curves of an architecture, one colour for each layer, with the band of the layer
/// whose curve is highest, where both ends of it are known; `words` are the paragraphs underneath, such
/// as the training data of the prediction.
///
/// `curve` holds the points of each (model, layer) one after another, as a prediction gives them. It
/// takes any values; points that are not finite are left out.
pub fn prediction_plot(curve: &[CurvePoint], words: &[String]) -> Plot {
    let model = curve.first().map_or("none", |p| p.model.as_str());
    Plot {
        stem: name::of_model(model) + "-prediction",
        sheet: prediction::sheet(curve, words),
    }
}

/// The rows of one layer of one model in all tables.
type Rows<'a> = (Vec<&'a Fit>, Vec<&'a CurvePoint>);

/// Writes a [`fit_plot`] of every trajectory of `inputs` into the folder `out`, which is created if
/// need be, and returns the files in the order of the trajectories.
///
/// # Errors
/// [`Error::Write`](crate::Error::Write) with the path, [`Error::Draw`](crate::Error::Draw) with
/// the plot.
pub fn write_fit_plots(inputs: &Inputs, out: &Path, formats: &[Format]) -> Result<Vec<PathBuf>> {
    write_fit_plots_with(inputs, out, formats, &mut |_, _, _| {})
}

/// As [`write_fit_plots`]; `progress` is called with how many plots are done, of how many, and the name of
/// the one that comes next.
///
/// # Errors
/// As [`write_fit_plots`].
pub fn write_fit_plots_with(
    inputs: &Inputs,
    out: &Path,
    formats: &[Format],
    progress: &mut dyn FnMut(usize, usize, &str),
) -> Result<Vec<PathBuf>> {
    check_writable(out)?;
    let data = Data::new(inputs);
    let mut rows: HashMap<(&str, u32), Rows> = HashMap::new();
    for fit in &inputs.fits {
        rows.entry((&fit.model, fit.layer)).or_default().0.push(fit);
    }
    for point in &inputs.curves {
        let of_layer = rows.entry((&point.model, point.layer)).or_default();
        of_layer.1.push(point);
    }
    let (mut files, mut taken) = (Vec::new(), HashSet::new());
    for (done, t) in data.trajectories.iter().enumerate() {
        let (fits, curves) = match rows.get(&(t.model.as_str(), t.layer)) {
            Some((fits, curves)) => (fits.as_slice(), curves.as_slice()),
            None => (&[][..], &[][..]),
        };
        let mut plot = plot(t, fits, curves);
        if !taken.insert(plot.stem.clone()) {
            plot.stem += &format!("~{done}"); // the same layer twice
            taken.insert(plot.stem.clone());
        }
        progress(done, data.trajectories.len(), &plot.stem);
        files.extend(plot.write(out, formats)?);
    }
    Ok(files)
}
