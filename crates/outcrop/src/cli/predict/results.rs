//! Results folders as one table, and warnings about it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use outcrop_predict::{Error as PredictError, Feature, NotIdentified, Table, TableSource, Target};

use super::super::learned::measured_source;
use super::super::output::{say, significant};
use crate::Result;

/// With fewer architectures there is no verdict, and with one less there are no bands.
const ENOUGH: usize = 5;
/// Targets identified in fewer models are not learned at all.
const FEWEST: usize = 3;
/// Names that a warning shows as examples.
const SHOWN: usize = 3;

/// One table of all folders. Rows that cannot be read are named and left out.
pub(super) fn table(folders: &[PathBuf], qualify: bool) -> Result<Table> {
    let mut sources = Vec::new();
    for folder in folders {
        let source = measured_source(folder)?;
        sources.push(if qualify { source.qualified() } else { source });
    }
    let table = Table::from_sources(&sources);
    if let Err(PredictError::TooFewModels { .. }) = table {
        say("too few models to predict from; the fits are:");
        fitted(&sources).iter().for_each(|line| say(line));
    }
    Ok(table?)
}

/// The largest f_max of each model with its layer.
fn fitted(sources: &[TableSource]) -> Vec<String> {
    let mut largest: BTreeMap<&str, (f64, u32)> = BTreeMap::new();
    let fits = sources.iter().flat_map(|s| &s.fits);
    for fit in fits.filter(|f| f.hypothesis == "emergence") {
        let Some(f_max) = fit.value("f_max").filter(|f| f.is_finite()) else {
            continue;
        };
        let known = largest.entry(&fit.model).or_insert((f_max, fit.layer));
        if f_max > known.0 {
            *known = (f_max, fit.layer);
        }
    }
    let line = |(model, (f_max, layer)): (&str, (f64, u32))| {
        let f_max = significant(f_max);
        format!("  {model}: a ratio of {f_max} at most, in layer {layer}")
    };
    largest.into_iter().map(line).collect()
}

/// Warnings about predictions that are learned from the table.
pub(super) fn notes(table: &Table) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(few(table));
    notes.extend(twice(table));
    notes.extend(missing(table));
    notes.extend(dominating(table));
    notes.extend(constant(table));
    notes
}

/// Number of models, architectures and layers.
pub(super) fn counts(table: &Table) -> String {
    let layers = table.rows();
    format!(
        "{} models of {} architectures, {layers} layers",
        table.models().len(),
        architectures(table)
    )
}

fn architectures(table: &Table) -> usize {
    table
        .architectures()
        .iter()
        .max()
        .map_or(0, |last| last + 1)
}

fn few(table: &Table) -> Option<String> {
    let found = architectures(table);
    (found < ENOUGH).then(|| {
        format!(
            "warning: {found} architectures: scores and predictions are possible, but no verdict, which \
             needs {ENOUGH}; below {} there are no bands",
            ENOUGH - 1
        )
    })
}

fn twice(table: &Table) -> Option<String> {
    let count = table.duplicates();
    (count > 0).then(|| format!("note: {count} fits stand in several folders and count once"))
}

fn missing(table: &Table) -> Option<String> {
    let missing = table.missing_layers();
    let shown = missing.iter().take(SHOWN);
    let shown: Vec<String> = shown
        .map(|m| format!("`{}` has {} of {}", m.model, m.fitted, m.layers))
        .collect();
    let (count, shown) = (missing.len(), shown.join(", "));
    (count > 0).then(|| format!("warning: layers are missing in {count} models, such as: {shown}"))
}

/// A model with more than half of the rows or of the weight.
fn dominating(table: &Table) -> Vec<String> {
    let mut targets: BTreeMap<String, Vec<Target>> = BTreeMap::new();
    let learned = |t: &Target| table.identified(*t).1 >= FEWEST;
    for target in Target::ALL.into_iter().filter(learned) {
        let share = table.largest_share(target);
        if let Some(share) = share.filter(|s| s.rows.max(s.weight) > 0.5) {
            targets.entry(share.model).or_default().push(target);
        }
    }
    let warning = |(model, targets): (String, Vec<Target>)| {
        format!(
            "warning: `{model}` makes up more than half of the data on {}: that says more about \
             it than about architectures",
            names(targets.into_iter().map(Target::name))
        )
    };
    targets.into_iter().map(warning).collect()
}

fn constant(table: &Table) -> Option<String> {
    let shape = [
        Feature::Layers,
        Feature::Width,
        Feature::HeadWidth,
        Feature::MlpExpansion,
    ];
    let constant = table.constant(&shape);
    let names = names(constant.iter().map(|f| f.words().0));
    (!constant.is_empty())
        .then(|| format!("warning: {names} never varies: its influence cannot be learned"))
}

/// For each target that some fits do not identify, how many.
pub(super) fn left_out(table: &Table) -> Option<String> {
    let count = |target: Target| {
        let of_target = table.left_out().iter().filter(|n| n.target == target);
        let found: Vec<&NotIdentified> = of_target.collect();
        let fits: usize = found.iter().map(|n| n.fits).sum();
        (fits > 0).then(|| format!("{target} {fits}"))
    };
    let counts = names(Target::ALL.into_iter().filter_map(count));
    (!counts.is_empty()).then(|| format!("left out, as layers do not identify them: {counts}"))
}

fn names(names: impl Iterator<Item = impl Into<String>>) -> String {
    let names: Vec<String> = names.map(Into::into).collect();
    names.join(", ")
}
