//! The bundled predictor, and the training data of a predictor.

use outcrop_core::{Error as CoreError, Provenance};
use outcrop_predict::{Coverage, Notes, Predicted, Predictor, Recipe};
use std::path::{Path, PathBuf};

use crate::Result;

/// The predictor of a file, or the bundled one.
pub(super) fn load(path: Option<&Path>) -> Result<Predictor> {
    let Some(path) = path else {
        return crate::bundled_predictor();
    };
    let text = std::fs::read_to_string(path).map_err(|e| CoreError::io("read", path, e))?;
    outcrop_core::refuse_lfs_pointer(path, text.as_bytes())?;
    let named = |error| CoreError::parse(path.display().to_string(), error);
    Ok(Predictor::from_text(&text).map_err(named)?)
}

/// The training data, date and recipe, and where the predicted architecture lies in the training range.
pub(super) fn words(
    predictor: &Predictor,
    predicted: &Predicted,
    recipe: Option<&Recipe>,
) -> Vec<String> {
    let origin = predictor.origin();
    let date = origin.date.as_ref().map(|date| format!(" on {date}"));
    let mut lines = vec![format!(
        "learned{} from {} models of {} architectures, {} layers, data {}",
        date.unwrap_or_default(),
        origin.models.len(),
        origin.architectures,
        origin.rows,
        origin.data_sha256.get(..16).unwrap_or(&origin.data_sha256)
    )];
    let verdict = origin.notes.verdict.as_ref();
    lines.extend(verdict.map(|verdict| format!("found in them: {verdict}")));
    let learned = origin.notes.recipe.as_ref();
    lines.extend(match recipe {
        Some(recipe) => Some(asked(recipe, learned)),
        None => learned.map(|learned| format!("recipe: {learned}; another may give other curves")),
    });
    lines.extend(coverage(predictor, predicted.level()));
    let ranges: Vec<String> = origin.ranges.iter().map(ToString::to_string).collect();
    let place = match predicted.outside.is_empty() {
        true => "within it",
        false => "outside it, where bands have no stated coverage",
    };
    lines.push(format!(
        "range of training: {}; {} lies {place}",
        ranges.join(", "),
        predicted.model
    ));
    lines
}

/// The recipe of the prediction, and where those of training come from.
fn asked(recipe: &Recipe, learned: Option<&String>) -> String {
    let Recipe {
        corpus,
        steps,
        batch,
        context,
        learning_rate,
        ..
    } = recipe;
    let of = learned.map(|learned| format!("; learned from {learned}"));
    format!(
        "for training on {corpus}, {steps} updates of {batch} sequences of {context} tokens, learning rate {learning_rate}{}",
        of.unwrap_or_default()
    )
}

/// The share of measured ratios that the band around the curves covers.
fn coverage(predictor: &Predictor, level: Option<f64>) -> Option<String> {
    let coverage = predictor.coverage(level?)?;
    let parts: Vec<String> = coverage.iter().map(range_of_steps).collect();
    Some(format!(
        "measured ratios of architectures left out of training that lie in the band around their curve: {}",
        parts.join(", ")
    ))
}

fn range_of_steps(part: &Coverage) -> String {
    let share = 100.0 * part.share;
    match part.first < part.last {
        true => format!("{share:.0} % at steps {} to {}", part.first, part.last),
        false => format!("{share:.0} % at step {}", part.first),
    }
}

/// How the models of some folders were trained, up to the step `last`: from their provenance.json, if there is one.
pub(super) fn notes(folders: &[PathBuf], last: Option<u64>) -> Result<Notes> {
    let mut parts = Vec::new();
    for folder in folders {
        let path = folder.join("provenance.json");
        if path.exists() {
            parts.extend(of_run(&Provenance::read(&path)?));
        }
    }
    parts.extend(last.map(|last| format!("{last} steps")));
    parts.dedup();
    Ok(Notes {
        recipe: (!parts.is_empty()).then(|| parts.join(", ")),
        last_step: last,
        verdict: None,
    })
}

/// The command and the corpora.
fn of_run(provenance: &Provenance) -> impl Iterator<Item = String> {
    let inputs = provenance.inputs_sha256.keys();
    let corpora = inputs.filter(|name| name.starts_with("corpus ")).cloned();
    let command = provenance.command.iter().map(|c| format!("`{c}`"));
    command.chain(corpora).collect::<Vec<_>>().into_iter()
}
