//! Predictions of runs before they are trained, and the hash that shows that they were not changed since.

use outcrop_core::{CurvePoint, sha256_file, table, write_atomic};
use outcrop_predict::{Predictor, Recipe};
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

    /// Predicts those of `runs` that have not begun, by the bundled predictor, and writes all predictions with their hash.
    /// Predictions of runs that have begun stay as they are; where they were changed, nothing is written, with a warning.
    ///
    /// # Errors
    /// [`crate::Error::Core`] for a table that cannot be read or written.
    pub fn predict(runs: &[RunSpec], results: &Results) -> Result<Self> {
        let mut before = Self::read(results)?;
        let (begun, fresh): (Vec<&RunSpec>, Vec<&RunSpec>) = runs
            .iter()
            .partition(|run| results.run(&run.model).path().exists());
        // a file without its hash, as a killed process leaves it, matters to runs that have begun alone
        let is_damaged = !before.warnings.is_empty() && !begun.is_empty();
        if fresh.is_empty() || is_damaged {
            return Ok(before);
        }
        before.warnings.clear();
        before
            .points
            .retain(|point| fresh.iter().all(|run| run.model != point.model));
        let predictor = crate::bundled_predictor()?;
        let curves = fresh.iter().filter_map(|run| curves(&predictor, run));
        before.points.extend(curves.flatten());
        if before.points.is_empty() && before.sha256.is_none() {
            return Ok(before);
        }
        let path = results.file(PREDICTED);
        table::write_rows(&path, &before.points)?;
        let sha256 = sha256_file(&path)?;
        let line = format!("{sha256}  {PREDICTED}\n");
        write_atomic(&results.file(HASH), line.as_bytes())?;
        before.sha256 = Some(sha256);
        Ok(before)
    }
}

/// The curves of a run at the steps at which it is measured, as far as the predictor knows them; none where it knows nothing of
/// the architecture.
fn curves(predictor: &Predictor, run: &RunSpec) -> Option<Vec<CurvePoint>> {
    let (recipe, level) = (recipe_of(predictor, run), predictor.default_level());
    let predicted = predictor.predict_run(&run.model, &run.arch, Some(&recipe), level);
    let predicted = predicted.ok()?;
    let [first, last] = predicted.measured()?;
    let schedule = run.measured_at().ok()?;
    let steps = schedule.steps().iter().map(|step| *step as f64);
    let steps: Vec<f64> = steps.filter(|step| (first..=last).contains(step)).collect();
    predicted.curves(&steps).ok()
}

/// How a run is trained, with what the predictor knows of its corpus.
pub(crate) fn recipe_of(predictor: &Predictor, run: &RunSpec) -> Recipe {
    let corpus = format!("{} {}", run.data.corpus, run.data.tokenizer);
    let mut known = predictor.origin().recipes.iter().map(|(recipe, _)| recipe);
    let known = known.find(|recipe| recipe.corpus == corpus);
    Recipe {
        corpus,
        vocab: Some(run.arch.vocab as u64),
        unigram_entropy: known.and_then(|recipe| recipe.unigram_entropy),
        bigram_entropy: known.and_then(|recipe| recipe.bigram_entropy),
        steps: run.train.steps,
        batch: run.train.batch as u64,
        context: run.arch.context as u64,
        learning_rate: run.train.learning_rate,
        warmup: run.train.warmup,
    }
}
