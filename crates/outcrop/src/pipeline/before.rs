//! Predictions of runs before they are trained, and the hash that shows that they were not changed since.

use std::collections::BTreeSet;

use outcrop_core::{CurvePoint, sha256_file, sha256_hex, table, write_atomic};
use outcrop_predict::Predictor;
use outcrop_train::RunSpec;

use super::Results;
use crate::Result;

/// Points of the predicted curves, with bands, a row for each (model, layer, step).
const PREDICTED: &str = "predicted.csv";
/// Its SHA-256, as `sha256sum` writes it.
const HASH: &str = "predicted.csv.sha256";

/// What was predicted of the runs of a results folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Before {
    /// Points of the curves.
    pub points: Vec<CurvePoint>,
    /// The SHA-256 of `predicted.csv`; none where there is none.
    pub sha256: Option<String>,
    /// Notes for the user, such as why predictions are not shown.
    pub warnings: Vec<String>,
}

impl Before {
    /// Reads what was written before; predictions that were changed since are left out, with a warning.
    ///
    /// # Errors
    /// [`crate::Error::Core`] for a table that cannot be read.
    pub fn read(results: &Results) -> Result<Self> {
        let path = results.file(PREDICTED);
        if !path.exists() {
            return Ok(Self::default());
        }
        let written = std::fs::read_to_string(results.file(HASH)).unwrap_or_default();
        let sha256 = sha256_file(&path)?;
        if written.split_whitespace().next() != Some(&sha256) {
            let warning = format!(
                "{PREDICTED} is not the file whose hash is in {HASH}; its predictions are left out"
            );
            return Ok(Self {
                warnings: vec![warning],
                ..Self::default()
            });
        }
        Ok(Self {
            points: table::read_rows::<CurvePoint>(&path)?.rows,
            sha256: Some(sha256),
            warnings: Vec::new(),
        })
    }

    /// Predicts those of `runs` that have neither begun nor been predicted, by the bundled predictor, and writes all
    /// predictions with their hash.
    ///
    /// # Errors
    /// [`crate::Error::Core`] for a table that cannot be read or written.
    pub fn predict(runs: &[RunSpec], results: &Results) -> Result<Self> {
        let mut before = Self::read(results)?;
        if !before.warnings.is_empty() {
            return Ok(before);
        }
        let known: BTreeSet<&str> = before.points.iter().map(|p| p.model.as_str()).collect();
        let is_new = |run: &&RunSpec| {
            !known.contains(run.model.as_str()) && !results.run(&run.model).path().exists()
        };
        let fresh: Vec<&RunSpec> = runs.iter().filter(is_new).collect();
        if fresh.is_empty() {
            return Ok(before);
        }
        let predictor = crate::bundled::predictor()?;
        let points: Vec<CurvePoint> = fresh
            .into_iter()
            .flat_map(|run| curves(&predictor, run).unwrap_or_default())
            .collect();
        if points.is_empty() {
            return Ok(before);
        }
        before.points.extend(points);
        let path = results.file(PREDICTED);
        table::write_rows(&path, &before.points)?;
        let text = std::fs::read(&path).map_err(|e| outcrop_core::Error::io("read", &path, e))?;
        let sha256 = sha256_hex(&text);
        write_atomic(
            &results.file(HASH),
            format!("{sha256}  {PREDICTED}\n").as_bytes(),
        )?;
        before.sha256 = Some(sha256);
        Ok(before)
    }
}

/// The curves of a run at the steps at which it is measured, as far as the predictor knows them; none where it knows nothing of
/// the architecture.
fn curves(predictor: &Predictor, run: &RunSpec) -> Option<Vec<CurvePoint>> {
    let predicted = match predictor.default_level() {
        Some(level) => predictor.predict_with_bands(&run.model, &run.arch, level),
        None => predictor.predict(&run.model, &run.arch),
    };
    let predicted = predicted.ok()?;
    let [first, last] = predicted.measured()?;
    let schedule = run.measured_at().ok()?;
    let steps = schedule.steps().iter().map(|step| *step as f64);
    let steps: Vec<f64> = steps.filter(|step| (first..=last).contains(step)).collect();
    predicted.curves(&steps).ok()
}
