//! Every table of a folder, written again in another format.

use std::path::Path;

use outcrop_core::table::{self, MeasurementRow, Row, StagedMeasurementRow, StagedObservation};
use outcrop_core::{
    Attribution, Comparison, CurvePoint, Dependence, ExpertShare, Forecast, HeadSink, Importance,
    Intervention, LossPoint, ModelScore, Observation, PersistentPlace, Prediction, RecipeEffect,
    Score, TrainingEvent,
};
use serde::{Deserialize, Serialize};

use crate::cli::input::good_rows;
use crate::cli::output::{Destination, Format, print, write_rows};
use crate::{Error, Result};

/// Writes the table at the first path to the second place.
type Copy = fn(&Path, &Destination) -> Result<()>;

/// Every table by the name of its file.
const TABLES: [(&str, Copy); 22] = [
    ("measurements", measurements),
    ("trajectories", trajectories),
    ("fits", fits),
    ("curves", rows::<CurvePoint>),
    ("loss", rows::<LossPoint>),
    ("events", rows::<TrainingEvent>),
    ("effects", rows::<RecipeEffect>),
    ("architectures", architectures),
    ("places", rows::<PersistentPlace>),
    ("heads", rows::<HeadSink>),
    ("routers", rows::<ExpertShare>),
    ("observables", observables),
    ("interventions", rows::<Intervention>),
    ("scores", rows::<Score>),
    ("model_scores", rows::<ModelScore>),
    ("predictions", rows::<Prediction>),
    ("predicted", rows::<CurvePoint>),
    ("comparison", rows::<Comparison>),
    ("forecasts", rows::<Forecast>),
    ("shapley", rows::<Attribution>),
    ("dependence", rows::<Dependence>),
    ("importance", rows::<Importance>),
];

/// Writes each table that `folder` has into `out`.
pub(super) fn write(folder: &Path, out: &Path, format: Format) -> Result<()> {
    let mut none = true;
    for (name, copy) in TABLES {
        let Some(from) = table::in_folder(folder, name) else {
            continue;
        };
        let to = out.join(format!("{name}.{}", format.suffix()));
        copy(&from, &Destination::file(&to, format))?;
        print(&format!("wrote {}", to.display()));
        none = false;
    }
    match none {
        false => Ok(()),
        true => Err(Error::Nothing(format!(
            "export {}: it has none of the tables {}",
            folder.display(),
            TABLES.map(|(name, _)| format!("{name}.csv")).join(", ")
        ))),
    }
}

fn rows<T: Row>(from: &Path, to: &Destination) -> Result<()> {
    write_rows(&good_rows(from, table::read_rows::<T>(from)?)?, to)
}

fn fits(from: &Path, to: &Destination) -> Result<()> {
    write_rows(&good_rows(from, crate::fits::read(from)?)?, to)
}

fn measurements(from: &Path, to: &Destination) -> Result<()> {
    let all = good_rows(from, table::measurements(from)?)?;
    match all.iter().any(|row| row.stage.is_some()) {
        true => write_rows(
            &all.iter()
                .map(StagedMeasurementRow::from)
                .collect::<Vec<_>>(),
            to,
        ),
        false => write_rows(
            &all.iter().map(MeasurementRow::from).collect::<Vec<_>>(),
            to,
        ),
    }
}

fn observables(from: &Path, to: &Destination) -> Result<()> {
    let all = good_rows(from, table::observations(from)?)?;
    match all.iter().any(|row| row.stage.is_some()) {
        true => rows::<StagedObservation>(from, to),
        false => write_rows::<Observation>(&all, to),
    }
}

/// A point of a trajectory.
#[derive(Serialize, Deserialize)]
struct Point {
    model: String,
    layer: u32,
    step: u64,
    ratio: f64,
    sem: Option<f64>,
    stage: Option<String>,
    position: Option<u64>,
}

impl Row for Point {
    const REQUIRED: &'static [&'static str] = &["model", "layer", "step", "ratio"];
    const HEADER: &'static [&'static str] = &[
        "model", "layer", "step", "ratio", "sem", "stage", "position",
    ];
    const NAMED: &'static [&'static str] = &["model"];

    fn key(&self) -> String {
        format!(
            "model {:?}, layer {}, step {}",
            self.model, self.layer, self.step
        )
    }
}

fn trajectories(from: &Path, to: &Destination) -> Result<()> {
    let mut points = Vec::new();
    for all in good_rows(from, table::trajectories(from)?)? {
        let begins = all.stage.as_ref().and_then(|stage| stage.begins);
        points.extend(
            all.steps
                .iter()
                .zip(&all.ratios)
                .enumerate()
                .map(|(i, (step, ratio))| Point {
                    model: all.model.clone(),
                    layer: all.layer,
                    step: *step,
                    ratio: *ratio,
                    sem: all.sem.get(i).copied(),
                    stage: all.stage.as_ref().map(|stage| stage.name.clone()),
                    position: begins.map(|begins| begins + step),
                }),
        );
    }
    write_rows(&points, to)
}

/// An architecture: what every table of them has, and all of it as JSON.
#[derive(Serialize, Deserialize)]
struct Shape {
    model: String,
    layers: u64,
    d_model: u64,
    heads: u64,
    arch_json: String,
}

impl Row for Shape {
    const REQUIRED: &'static [&'static str] = &["model", "layers", "d_model", "heads"];
    const HEADER: &'static [&'static str] = &["model", "layers", "d_model", "heads", "arch_json"];
    const NAMED: &'static [&'static str] = &["model"];

    fn key(&self) -> String {
        format!("model {:?}", self.model)
    }
}

fn architectures(from: &Path, to: &Destination) -> Result<()> {
    let shape = |named: outcrop_core::NamedArch| {
        let json = serde_json::to_string(&named.arch);
        Ok(Shape {
            layers: named.arch.layers as u64,
            d_model: named.arch.d_model as u64,
            heads: named.arch.heads as u64,
            arch_json: json.map_err(|e| outcrop_core::Error::parse("an architecture", e))?,
            model: named.model,
        })
    };
    let all = good_rows(from, table::architectures(from)?)?;
    write_rows(&all.into_iter().map(shape).collect::<Result<Vec<_>>>()?, to)
}
