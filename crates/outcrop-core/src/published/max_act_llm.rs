//! Statistics of every layer in JSON as <https://github.com/clx1415926/Max_act_llm> publishes them:
//! `MODEL_activation_stats.json` and `MODEL_top5_stats.json`, with `model_name`, `num_hidden_layers`, `num_samples` and
//! `per_layer_stats`, whose keys name places: `embedding_output`, `layer_0_hidden`, `layer_0_attn_output`,
//! `layer_0_mlp_output`. Its numbers are over all positions of all sequences, so they are no rows of measurements, whose
//! largest magnitudes are of one sequence, and there is no median. A checkpoint of training has its step at the end of
//! `model_name`, such as `pythia-70m-step1000`.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{MAX_LAYERS, json, text};
use crate::{Error, Observation, Result};

/// Ends of the names of files.
const KINDS: [(&str, Numbers); 2] = [
    ("_activation_stats.json", moments),
    ("_top5_stats.json", top5),
];
/// Places by the ends of their keys.
const PLACES: [(&str, &str); 3] = [
    ("hidden", "residual-stream"),
    ("attn_output", "attention-write"),
    ("mlp_output", "mlp-write"),
];
/// How far rms^2 may be from mean^2 + std^2, relatively.
const NEAR: f64 = 1e-3;

/// The largest magnitude of a place, as each of the two files has it.
const LARGEST: &str = "corpus_max_abs";
const FIRST: &str = "corpus_top1";

/// The numbers of one place, by name; the error names the field.
type Numbers = fn(&Map<String, Value>) -> Result<Vec<(String, f64)>, String>;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerStatistics {
    /// Rows of `observables.csv`: `corpus_mean`, `corpus_std`, `corpus_mean_abs`, `corpus_rms` and `corpus_max_abs`, or
    /// `corpus_top1` to `corpus_top5`. `n` is the number of sequences.
    pub observations: Vec<Observation>,
    /// Keys for places that have no name here, such as `layer_0_mlp_gate`, without their numbers; each once.
    pub left_out: Vec<String>,
}

/// Whether `path` is such a file, or a folder with one. Judged by names alone.
pub fn recognise(path: &Path) -> bool {
    files(path).is_ok_and(|files| !files.is_empty())
}

/// Reads a file, or all of a folder and of its folder `json`; `step` is that of models whose name has none.
///
/// # Errors
/// [`Error::Io`]; [`Error::Parse`] with the file, the field and its value for what is not of this form, does not fit
/// together, or is there twice.
pub fn read(path: &Path, step: Option<u64>) -> Result<LayerStatistics> {
    let files = files(path)?;
    if files.is_empty() {
        let reason = "no file MODEL_activation_stats.json or MODEL_top5_stats.json in it; --format names another format";
        return Err(Error::parse(path.display().to_string(), reason));
    }
    let mut whole = LayerStatistics::default();
    let (mut rows, mut left_out) = (BTreeMap::new(), BTreeSet::new());
    let mut models: BTreeMap<(String, u64), (PathBuf, OfFile)> = BTreeMap::new();
    for (file, numbers) in files {
        let named = |reason: String| Error::parse(file.display().to_string(), reason);
        let text = text(&file).map_err(named)?;
        let found = of_file(&text, step, numbers, &mut left_out).map_err(named)?;
        let rows_of_file = found.rows.clone();
        match models.entry((found.model.clone(), found.step)) {
            Entry::Vacant(first) => drop(first.insert((file.clone(), found))),
            Entry::Occupied(other) => {
                let (other_file, other) = other.get();
                let reason = found.contradicts(other);
                let of = |reason| format!("{reason} in {}", other_file.display());
                reason.map(of).map_or(Ok(()), Err).map_err(named)?;
            }
        }
        for row in rows_of_file {
            let key = (
                row.model.clone(),
                row.step,
                row.layer,
                row.place.clone(),
                row.observable.clone(),
            );
            if rows.insert(key, row.clone()).is_some() {
                let reason = format!(
                    "model_name = {}, step {}: another file has its numbers, too; import them apart",
                    row.model, row.step
                );
                return Err(named(reason));
            }
        }
    }
    whole.observations = rows.into_values().collect();
    whole.left_out = left_out.into_iter().collect();
    Ok(whole)
}

fn files(path: &Path) -> Result<Vec<(PathBuf, Numbers)>> {
    let io = |e| Error::io("read", path, e);
    let mut found = Vec::new();
    if !std::fs::metadata(path).map_err(io)?.is_dir() {
        found.push(path.to_owned());
    } else {
        for folder in [path.to_owned(), path.join("json")] {
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            found.extend(entries.map(|entry| entry.path()));
        }
    }
    found.sort();
    let kind = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        let (_, numbers) = KINDS.iter().find(|(end, _)| name.ends_with(end))?;
        Some((path, *numbers))
    };
    Ok(found.into_iter().filter_map(kind).collect())
}

/// What one file says of a model.
struct OfFile {
    model: String,
    step: u64,
    layers: u64,
    samples: u64,
    rows: Vec<Observation>,
}

impl OfFile {
    /// In what it differs from another file of the same model: both must be of the same sequences, and the first of the five
    /// largest magnitudes of a place is the largest. All 67 pairs that are published agree to the last digit.
    fn contradicts(&self, other: &Self) -> Option<String> {
        let counts = [
            ("num_hidden_layers", self.layers, other.layers),
            ("num_samples", self.samples, other.samples),
        ];
        let differs = counts.into_iter().find(|(_, here, there)| here != there);
        if let Some((field, here, there)) = differs {
            return Some(format!("{field} = {here}, but {there}"));
        }
        let theirs: BTreeMap<(u32, &str), (&str, f64)> = other.largest().collect();
        self.largest().find_map(|(place, (field, here))| {
            let (other_field, there) = theirs.get(&place)?;
            let is_near = (here - there).abs() <= NEAR * here.abs().max(there.abs());
            let (layer, place) = place;
            (!is_near).then(|| {
                format!("{place}, layer {layer}: {field} = {here}, but {other_field} = {there}")
            })
        })
    }

    /// The largest magnitude of every place, with what it is called in the file.
    fn largest(&self) -> impl Iterator<Item = ((u32, &str), (&str, f64))> {
        self.rows.iter().filter_map(|row| {
            let field = match row.observable.as_str() {
                LARGEST => "max or min",
                FIRST => "top5_abs[0]",
                _ => return None,
            };
            Some(((row.layer, row.place.as_str()), (field, row.value?)))
        })
    }
}

fn of_file(
    text: &str,
    step: Option<u64>,
    numbers: Numbers,
    left_out: &mut BTreeSet<String>,
) -> Result<OfFile, String> {
    let whole = json::parse(text)?;
    let (model, step) = named_step(string(&whole, "model_name")?, step)?;
    let layers = count(&whole, "num_hidden_layers", MAX_LAYERS as u64)?;
    let n = count(&whole, "num_samples", u64::MAX)?;
    let stats = whole.get("per_layer_stats").and_then(Value::as_object);
    let stats = stats.ok_or("per_layer_stats is no object of places")?;
    let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
    for (key, value) in stats {
        let Some((layer, place)) = place(key, layers)? else {
            left_out.insert(unnumbered(key));
            continue;
        };
        let value = value.as_object();
        let value = value.ok_or_else(|| format!("per_layer_stats.{key} is no object"))?;
        let found = numbers(value).map_err(|reason| format!("per_layer_stats.{key}.{reason}"))?;
        if place == "residual-stream" {
            seen.insert(layer);
        }
        rows.extend(found.into_iter().map(|(observable, value)| Observation {
            model: model.clone(),
            step,
            layer,
            place: place.to_owned(),
            observable,
            value: Some(value),
            n,
            ..Observation::default()
        }));
    }
    match (1..=layers as u32).find(|layer| !seen.contains(layer)) {
        Some(layer) => Err(format!(
            "num_hidden_layers = {layers}, but per_layer_stats has no layer_{}_hidden",
            layer - 1
        )),
        None => Ok(OfFile {
            model,
            step,
            layers,
            samples: n,
            rows,
        }),
    }
}

/// The model and the step: of its name, or `asked`, but not both.
fn named_step(name: &str, asked: Option<u64>) -> Result<(String, u64), String> {
    let end = name.rsplit_once("step");
    let found = end.and_then(|(model, digits)| {
        let model = model.strip_suffix(['-', '_', '/'])?;
        Some((model.to_owned(), digits.parse::<u64>().ok()?))
    });
    match (found, asked) {
        (Some((model, step)), None) => Ok((model, step)),
        (None, asked) => Ok((name.to_owned(), asked.unwrap_or(0))),
        (Some((_, step)), Some(asked)) => Err(format!(
            "model_name = {name} says step {step}, and --step {asked} was given; leave out --step"
        )),
    }
}

fn string<'a>(whole: &'a Value, field: &str) -> Result<&'a str, String> {
    let found = whole.get(field);
    let text = found
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty());
    text.ok_or_else(|| format!("{field} = {}, not a name", shown(found)))
}

fn count(whole: &Value, field: &str, most: u64) -> Result<u64, String> {
    let found = whole.get(field);
    let number = found
        .and_then(Value::as_u64)
        .filter(|n| (1..=most).contains(n));
    number.ok_or_else(|| {
        format!(
            "{field} = {}, not a whole number from 1 to {most}",
            shown(found)
        )
    })
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

/// The layer, from 1, and the place of a key; none for a place that has no name here.
fn place(key: &str, layers: u64) -> Result<Option<(u32, &'static str)>, String> {
    if key == "embedding_output" {
        return Ok(Some((0, "embedding")));
    }
    let split = key
        .strip_prefix("layer_")
        .and_then(|rest| rest.split_once('_'));
    let Some((Ok(layer), end)) = split.map(|(layer, end)| (layer.parse::<u32>(), end)) else {
        return Ok(None);
    };
    if !key.starts_with(&format!("layer_{layer}_")) {
        return Err(format!(
            "per_layer_stats.{key}: write the layer as layer_{layer}"
        ));
    }
    if u64::from(layer) >= layers {
        return Err(format!(
            "per_layer_stats.{key}: num_hidden_layers = {layers}, and layers count from 0"
        ));
    }
    let found = PLACES.iter().find(|(name, _)| *name == end);
    Ok(found.map(|(_, place)| (layer + 1, *place)))
}

/// A key without its layer.
fn unnumbered(key: &str) -> String {
    let digits = |c: char| c.is_ascii_digit();
    key.split('_')
        .map(|word| {
            if !word.is_empty() && word.chars().all(digits) {
                "N"
            } else {
                word
            }
        })
        .collect::<Vec<_>>()
        .join("_")
}

fn number(place: &Map<String, Value>, field: &str) -> Result<f64, String> {
    let found = place.get(field);
    let number = found.and_then(Value::as_f64).filter(|x| x.is_finite());
    number.ok_or_else(|| format!("{field} = {}, not a finite number", shown(found)))
}

/// Mean, spread and the largest magnitude.
fn moments(place: &Map<String, Value>) -> Result<Vec<(String, f64)>, String> {
    let [mean, std, mean_abs, rms, max, min] =
        ["mean", "std", "abs_mean", "rms", "max", "min"].map(|field| number(place, field));
    let (mean, std, mean_abs, rms, max, min) = (mean?, std?, mean_abs?, rms?, max?, min?);
    let squares = mean * mean + std * std;
    if (rms * rms - squares).abs() > NEAR * squares.max(rms * rms) {
        return Err(format!(
            "rms = {rms} does not follow from mean = {mean} and std = {std}"
        ));
    }
    let largest = max.abs().max(min.abs());
    let most = 1.0 + NEAR;
    if std < 0.0 || mean_abs < 0.0 || rms < 0.0 {
        return Err(format!(
            "std = {std}, abs_mean = {mean_abs}, rms = {rms}: none of them is ever below 0"
        ));
    }
    if mean.abs() > mean_abs * most || mean_abs > rms * most || rms > largest * most {
        return Err(format!(
            "abs_mean = {mean_abs} must lie between |mean| = {} and rms = {rms}, and rms below the largest magnitude, {largest}",
            mean.abs()
        ));
    }
    if max < min || max < mean || min > mean {
        return Err(format!(
            "mean = {mean} is not between min = {min} and max = {max}"
        ));
    }
    let named = [
        ("corpus_mean", mean),
        ("corpus_std", std),
        ("corpus_mean_abs", mean_abs),
        ("corpus_rms", rms),
        (LARGEST, largest),
    ];
    Ok(named.map(|(name, value)| (name.to_owned(), value)).to_vec())
}

/// The five largest magnitudes.
fn top5(place: &Map<String, Value>) -> Result<Vec<(String, f64)>, String> {
    let found = place.get("top5_abs");
    let refused = || {
        format!(
            "top5_abs = {}, not five magnitudes, the largest first",
            shown(found)
        )
    };
    let values = found.and_then(Value::as_array).ok_or_else(refused)?;
    let values: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
    let values = values
        .filter(|values| values.len() == 5)
        .ok_or_else(refused)?;
    let is_ordered = values.is_sorted_by(|a, b| a >= b) && values.iter().all(|x| *x >= 0.0);
    if !is_ordered || values.iter().any(|x| !x.is_finite()) {
        return Err(refused());
    }
    let named = values.into_iter().enumerate();
    Ok(named
        .map(|(i, value)| (format!("corpus_top{}", i + 1), value))
        .collect())
}

#[cfg(test)]
mod tests;
