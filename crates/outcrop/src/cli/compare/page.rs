//! `outcrop compare --report`: several runs on one page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_report::{Inputs, write_report};

use super::ModelOfRun;
use crate::cli::output::{folder, print, write_file};
use crate::cli::report;
use crate::effects::Settings;
use crate::{Error, Result};

/// Writes the report of all runs into `out`: first the settings that differ, then the figures and tables of all models.
pub(super) fn write(
    runs: &[PathBuf],
    settings: &[(ModelOfRun, Settings)],
    include_suspect: bool,
    out: &Path,
) -> Result<()> {
    let out = folder(out, "--report")?;
    let each = runs.iter().map(|run| report::inputs(run, include_suspect));
    let each = each.collect::<Result<Vec<_>>>()?;
    let known = names(runs, &each);
    let mut all = Inputs {
        title: format!("Massive activations: {} runs", runs.len()),
        ..Inputs::default()
    };
    for (run, mut inputs) in runs.iter().zip(each) {
        rename(&mut inputs, |model| {
            known[&(run.clone(), model.to_owned())].clone()
        });
        append(&mut all, inputs);
    }
    if all.is_empty() {
        return Err(Error::Nothing(
            "report on these runs: no table has a row".into(),
        ));
    }
    let page = write_report(&all, out)?.html;
    let io = |e| outcrop_core::Error::io("read", &page, e);
    let html = std::fs::read_to_string(&page).map_err(io)?;
    let shown = |run: &str, model: &str| {
        let key = (PathBuf::from(run), model.to_owned());
        known.get(&key).map_or(model, String::as_str).to_owned()
    };
    write_file(
        &page,
        with_settings(&html, &table(settings, shown)).as_bytes(),
    )?;
    print(&format!("report: {}", page.display()));
    Ok(())
}

/// What each model of each run is called: its name, with its run where several runs have that name.
fn names(runs: &[PathBuf], each: &[Inputs]) -> BTreeMap<(PathBuf, String), String> {
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for (run, inputs) in runs.iter().zip(each) {
        let mut models = Vec::new();
        rename(&mut inputs.clone(), |model| {
            models.push(model.to_owned());
            model.to_owned()
        });
        found.extend(models.into_iter().map(|model| (run.clone(), model)));
    }
    found.sort();
    found.dedup();
    let name = |(run, model): &(PathBuf, String)| {
        let shared = found.iter().filter(|(_, other)| other == model).count() > 1;
        match shared {
            true => format!("{model} ({})", run.display()),
            false => model.clone(),
        }
    };
    found.iter().map(|key| (key.clone(), name(key))).collect()
}

fn rename(inputs: &mut Inputs, mut name: impl FnMut(&str) -> String) {
    let archs = inputs.archs.iter_mut().map(|row| &mut row.model);
    let measurements = inputs.measurements.iter_mut().map(|row| &mut row.model);
    let trajectories = inputs.trajectories.iter_mut().map(|row| &mut row.model);
    let fits = inputs.fits.iter_mut().map(|row| &mut row.model);
    let curves = inputs.curves.iter_mut().map(|row| &mut row.model);
    let losses = inputs.losses.iter_mut().map(|row| &mut row.model);
    let observations = inputs.observations.iter_mut().map(|row| &mut row.model);
    let events = inputs.events.iter_mut().map(|row| &mut row.model);
    let models = archs.chain(measurements).chain(trajectories).chain(fits);
    let models = models
        .chain(curves)
        .chain(losses)
        .chain(observations)
        .chain(events);
    models.for_each(|model| *model = name(model));
}

/// Tables of single runs; scores, predictions and effects are of results folders, and have reports of their own.
fn append(all: &mut Inputs, one: Inputs) {
    all.archs.extend(one.archs);
    all.measurements.extend(one.measurements);
    all.trajectories.extend(one.trajectories);
    all.fits.extend(one.fits);
    all.curves.extend(one.curves);
    all.losses.extend(one.losses);
    all.observations.extend(one.observations);
    all.events.extend(one.events);
}

/// The settings that differ, a row for each model, as HTML.
fn table(models: &[(ModelOfRun, Settings)], shown: impl Fn(&str, &str) -> String) -> String {
    let keys = super::differing(models);
    if keys.is_empty() {
        return "<p>All settings that are known are the same.</p>".into();
    }
    let row = |tag: &str, cells: Vec<String>| {
        let cells = cells
            .iter()
            .map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let named = keys.iter().map(|key| (*key).clone());
    let mut html = row(
        "th",
        std::iter::once("model".to_owned()).chain(named).collect(),
    );
    for ((run, model), settings) in models {
        let value = |key: &&String| settings.get(*key).cloned().unwrap_or_else(|| "-".into());
        let values = keys.iter().map(value);
        html += &row(
            "td",
            std::iter::once(shown(run, model)).chain(values).collect(),
        );
    }
    format!("<div style=\"overflow-x: auto\"><table>\n{html}</table></div>")
}

/// The page with the settings below its title.
fn with_settings(html: &str, table: &str) -> String {
    const TITLE_ENDS: &str = "</h1>";
    let part = format!("\n<h2 id=\"settings\">Settings that differ</h2>\n{table}\n");
    match html.split_once(TITLE_ENDS) {
        Some((before, behind)) => format!("{before}{TITLE_ENDS}{part}{behind}"),
        None => html.to_owned() + &part,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
