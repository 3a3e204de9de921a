//! The prediction of one architecture: a table, a sketch, files.

use std::io::IsTerminal;

use outcrop_core::{CurvePoint, NamedArch};
use outcrop_predict::{Predicted, PredictedLayer, Predictor, Recipe, Target};
use outcrop_report::prediction_plot;

use super::super::learned::shape;
use super::super::output::{Destination, Picture, columns, print, say, significant, write_rows};
use super::architecture::Asked;
use super::{Args, shipped, sketch};
use crate::Result;

/// The columns of the table for reading, after the one of the first step.
const SHOWN: [(&str, Target); 3] = [
    ("f_max", Target::LnFMax),
    ("f_last", Target::LnFLast),
    ("t_half", Target::LnTHalf),
];
/// Steps of a curve that is written or drawn.
const STEPS: u32 = 200;
/// Last step of curves if the last step of the training runs is unknown.
const LAST_STEP: f64 = 1000.0;

pub(super) fn answer(predictor: &Predictor, asked: &Asked, args: &Args) -> Result<()> {
    let named = &asked.named;
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
    let recipe = args.recipe.recipe(predictor, asked.run.as_ref())?;
    let predicted = predict(predictor, named, recipe.as_ref(), args.level)?;
    let origin = shipped::words(predictor, &predicted, recipe.as_ref());
    let run = run(predictor, &predicted, args.last_step);
    if target.is_read_here() {
        print(&table(&predicted, named)?);
        if args.plot || std::io::stdout().is_terminal() {
            print(&sketched(&predicted, run));
        }
        print(&format!("\n{}", origin.join("\n")));
    } else {
        write_rows(&predicted.rows(), &target)?;
        if args.plot {
            say(&sketched(&predicted, run));
        }
    }
    for outside in &predicted.outside {
        say(&format!("warning: {outside}"));
    }
    if curves_to.is_none() && picture.is_none() {
        return Ok(());
    }
    let curves = predicted.curves(&steps(run, STEPS))?;
    if let Some(target) = &curves_to {
        write_rows(&curves, target)?;
    }
    if let (Some(picture), Some(path)) = (picture, &args.svg) {
        let words = described(&predicted, &origin);
        picture.write(&prediction_plot(&curves, &words), path)?;
    }
    Ok(())
}

/// First and last step of the curves.
fn run(predictor: &Predictor, predicted: &Predicted, asked: Option<u64>) -> [f64; 2] {
    let measured = predicted.measured();
    let known = measured.map(|[_, last]| last);
    let known = known.or(predictor.origin().notes.last_step.map(|step| step as f64));
    let last = asked.map(|step| step as f64).or(known).unwrap_or(LAST_STEP);
    [measured.map_or(0.0, |[first, _]| first), last]
}

/// With bands, unless they are neither requested nor available.
fn predict(
    predictor: &Predictor,
    named: &NamedArch,
    recipe: Option<&Recipe>,
    level: Option<f64>,
) -> Result<Predicted> {
    let NamedArch { model, arch } = named;
    let level = level.or(predictor.default_level());
    if level.is_none() {
        say("note: no bands, as fewer than four architectures do not show the error");
    }
    Ok(predictor.predict_run(model, arch, recipe, level)?)
}

/// One line for each layer.
fn table(predicted: &Predicted, named: &NamedArch) -> Result<String> {
    let (start, starts) = starts(predicted)?;
    let mut rows = vec![vec!["layer".to_owned(), start.clone()]];
    rows[0].extend(SHOWN.map(|(name, _)| name.to_owned()));
    for (layer, start) in predicted.layers.iter().zip(starts) {
        let mut row = vec![layer.layer.to_string(), start];
        row.extend(SHOWN.map(|(_, target)| cell(layer, target)));
        rows.push(row);
    }
    let bands = match predicted.level() {
        Some(level) => format!(
            "in brackets bands of {0}: {0} of similar architectures fall in each",
            percent(level)
        ),
        None => "without bands".into(),
    };
    let what = match predicted.measured() {
        Some(_) => format!("{start}: a measured ratio, as are the curves; the rest"),
        None => "f_first and the rest".into(),
    };
    Ok(format!(
        "{}: {}; by {}\n{bands}\n{what}: of the smooth curve that is fitted to a run\n{}",
        predicted.model,
        shape(&named.arch),
        predicted.regressor,
        columns(&rows)
    ))
}

/// The column of the first step: the measured ratio, or the value of a fitted curve.
fn starts(predicted: &Predicted) -> Result<(String, Vec<String>)> {
    let Some([first, last]) = predicted.measured() else {
        let cells = predicted.layers.iter().map(|l| cell(l, Target::LnFFirst));
        return Ok(("f_first".into(), cells.collect()));
    };
    let curves = predicted.curves(&[first, last])?;
    let starts = curves.iter().filter(|p| p.step == first);
    let cells = starts.map(|p| banded(p.value, p.value_lo.zip(p.value_hi)));
    Ok((format!("step {first}"), cells.collect()))
}

/// A level as `90 %`, with a decimal where it has one.
fn percent(level: f64) -> String {
    let text = format!("{:.1}", 100.0 * level);
    format!("{} %", text.trim_end_matches(".0"))
}

fn cell(layer: &PredictedLayer, target: Target) -> String {
    let band = layer
        .band(target)
        .map(|[low, high]| (low.exp(), high.exp()));
    let value = layer.value(target).map(f64::exp);
    value.map_or_else(|| "-".into(), |value| banded(value, band))
}

fn banded(value: f64, band: Option<(f64, f64)>) -> String {
    let value = significant(value);
    match band {
        Some((low, high)) => format!("{value} ({} to {})", significant(low), significant(high)),
        None => value,
    }
}

/// The curves in text, or why there are none.
fn sketched(predicted: &Predicted, run: [f64; 2]) -> String {
    let size = sketch::Size::of_terminal();
    let curves: Result<Vec<CurvePoint>, _> = predicted.curves(&steps(run, size.steps()));
    match curves {
        Ok(curves) => format!("\n{}", sketch::sketch(&curves, size)),
        Err(error) => format!("\nno curves: failed to {error}"),
    }
}

/// The caption of a drawing.
fn described(predicted: &Predicted, origin: &[String]) -> Vec<String> {
    let level = predicted.level().filter(|_| predicted.measured().is_some());
    let bands = level.map(|level| {
        format!(
            "at each step, {} of similar architectures fall in the band",
            percent(level)
        )
    });
    let outside = predicted.outside.iter().map(|o| format!("warning: {o}"));
    bands
        .into_iter()
        .chain(origin.iter().cloned())
        .chain(outside)
        .collect()
}

/// The first step of a run and `count` more in equal factors of 1 + step up to its last.
fn steps([first, last]: [f64; 2], count: u32) -> Vec<f64> {
    let last = last.max(first + 1.0);
    let length = last.ln_1p() - first.ln_1p();
    let step = |i| (first.ln_1p() + length * f64::from(i) / f64::from(count)).exp_m1();
    std::iter::once(first)
        .chain((1..count).map(step))
        .chain([last])
        .collect()
}
