//! The prediction of one architecture: a table, a sketch, files.

use std::io::IsTerminal;

use outcrop_core::{CurvePoint, NamedArch};
use outcrop_predict::{Predicted, PredictedLayer, Predictor, Target};
use outcrop_report::prediction_plot;

use super::super::output::{Destination, Picture, columns, print, say, significant, write_rows};
use super::{Args, shipped, sketch};
use crate::Result;

/// The columns of the table for reading.
const SHOWN: [(&str, Target); 4] = [
    ("f_first", Target::LnFFirst),
    ("f_max", Target::LnFMax),
    ("f_last", Target::LnFLast),
    ("t_half", Target::LnTHalf),
];
/// Steps of a curve that is written or drawn.
const STEPS: u32 = 200;
/// Last step of curves where nothing is known of the runs of training.
const LAST_STEP: u64 = 1000;

pub(super) fn answer(predictor: &Predictor, named: &NamedArch, args: &Args) -> Result<()> {
    let target = args.to.target()?;
    let curves_to = args
        .curves
        .as_deref()
        .map(|path| Destination::by_suffix(path, "--curves"))
        .transpose()?;
    let picture = args
        .svg
        .as_deref()
        .map(|path| Picture::of(path, "--svg"))
        .transpose()?;
    let predicted = predict(predictor, named, args.level)?;
    let origin = shipped::words(predictor, &predicted);
    let last = args.last_step.or(predictor.origin().notes.last_step);
    let last = last.unwrap_or(LAST_STEP);
    if target.is_read_here() {
        print(&table(&predicted, named));
        if args.plot || std::io::stdout().is_terminal() {
            print(&sketched(&predicted, last));
        }
        print(&format!("\n{}", origin.join("\n")));
    } else {
        write_rows(&predicted.rows(), &target)?;
        if args.plot {
            say(&sketched(&predicted, last));
        }
    }
    for outside in &predicted.outside {
        say(&format!("warning: {outside}"));
    }
    if curves_to.is_none() && picture.is_none() {
        return Ok(());
    }
    let curves = predicted.curves(&steps(last, STEPS))?;
    if let Some(target) = &curves_to {
        write_rows(&curves, target)?;
    }
    if let (Some(picture), Some(path)) = (picture, &args.svg) {
        let words = described(&predicted, &origin);
        picture.write(&prediction_plot(&curves, &words), path)?;
    }
    Ok(())
}

/// With bands, unless nobody asked for them and there are none.
fn predict(predictor: &Predictor, named: &NamedArch, level: Option<f64>) -> Result<Predicted> {
    let NamedArch { model, arch } = named;
    match level.or(predictor.default_level()) {
        Some(level) => Ok(predictor.predict_with_bands(model, arch, level)?),
        None => {
            say("note: no bands, as fewer than four architectures say nothing of the error");
            Ok(predictor.predict(model, arch)?)
        }
    }
}

/// One line for each layer.
fn table(predicted: &Predicted, named: &NamedArch) -> String {
    let arch = &named.arch;
    let mut rows = vec![vec!["layer".to_owned()]];
    rows[0].extend(SHOWN.map(|(name, _)| name.to_owned()));
    for layer in &predicted.layers {
        let mut row = vec![layer.layer.to_string()];
        row.extend(SHOWN.map(|(_, target)| cell(layer, target)));
        rows.push(row);
    }
    let bands = match predicted.level() {
        Some(level) => format!("in brackets bands of {}", percent(level)),
        None => "without bands".into(),
    };
    format!(
        "{}: {} layers, d_model {}, heads {}, d_ff {}; by {}, {bands}\n{}",
        predicted.model,
        arch.layers,
        arch.d_model,
        arch.heads,
        arch.d_ff,
        predicted.regressor,
        columns(&rows)
    )
}

/// A level as `90 %`, with a decimal where it has one.
fn percent(level: f64) -> String {
    let text = format!("{:.1}", 100.0 * level);
    format!("{} %", text.trim_end_matches(".0"))
}

fn cell(layer: &PredictedLayer, target: Target) -> String {
    let short = |ln: f64| significant(ln.exp());
    let value = layer.value(target).map_or_else(|| "-".into(), short);
    match layer.band(target) {
        Some([low, high]) => format!("{value} ({} to {})", short(low), short(high)),
        None => value,
    }
}

/// The curves in text, or why there are none.
fn sketched(predicted: &Predicted, last: u64) -> String {
    let size = sketch::Size::of_terminal();
    let curves: Result<Vec<CurvePoint>, _> = predicted.curves(&steps(last, size.steps()));
    match curves {
        Ok(curves) => format!("\n{}", sketch::sketch(&curves, size)),
        Err(error) => format!("\nno curves: failed to {error}"),
    }
}

/// What stands under a drawing.
fn described(predicted: &Predicted, origin: &[String]) -> Vec<String> {
    let bands = predicted.level().map(|level| {
        let level = percent(level);
        format!("the band holds, at each step, {level} of architectures like those of training")
    });
    let outside = predicted.outside.iter().map(|o| format!("warning: {o}"));
    bands
        .into_iter()
        .chain(origin.iter().cloned())
        .chain(outside)
        .collect()
}

/// Step 0 and `count` steps in equal factors of 1 + step up to `last`.
fn steps(last: u64, count: u32) -> Vec<f64> {
    let last = last.max(1) as f64;
    let step = |i| (last.ln_1p() * f64::from(i) / f64::from(count)).exp_m1();
    (0..count).map(step).chain([last]).collect()
}
