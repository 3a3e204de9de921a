//! The learning rates of the models of an input: of the specs of its runs, of `loss.csv`, or of a column `learning_rate`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::{Error as CoreError, RatePoint, published, table};
use outcrop_fit::{FitOptions, RateHistory};

use super::folders::runs_in;
use super::output::say;
use crate::Result;
use crate::events::{Rates, rates_with_events};

/// Adds the learning rates that are known of the models in an input.
pub(super) fn with_schedules(options: FitOptions, input: &Path) -> Result<FitOptions> {
    let rates = rates_of(input)?;
    let with = |options: FitOptions, (model, rates): (&String, &RateHistory)| {
        options.with_schedule(model, rates)
    };
    Ok(rates.iter().fold(options, with))
}

/// What the note says of trajectories whose forecasts go by the schedule.
pub(super) fn say_scheduled(options: &FitOptions, models: impl Iterator<Item = String>) {
    let of: Vec<bool> = models.map(|m| options.schedule(&m).is_some()).collect();
    let known = of.iter().filter(|known| **known).count();
    if known > 0 {
        let all = of.len();
        say(&format!(
            "note: the learning rates of {known} of {all} trajectories are known: they are forecast in schedule time"
        ));
    }
}

fn rates_of(input: &Path) -> Result<Rates> {
    if input.is_dir() {
        return match published::recognise(input) {
            true => Ok(Rates::new()),
            false => of_folder(input),
        };
    }
    if !input.is_file() {
        return Ok(Rates::new()); // standard input is read once
    }
    let column = of_own_table(input);
    let beside = input
        .parent()
        .filter(|folder| folder.join("run.toml").is_file());
    match beside {
        Some(folder) if column.is_empty() => of_folder(folder),
        Some(_) | None => Ok(column),
    }
}

/// Of a run directory, or of the runs of a results folder.
fn of_folder(folder: &Path) -> Result<Rates> {
    let own = of_run(folder);
    if !own.is_empty() {
        return Ok(own);
    }
    let of_tables = ["trajectories", "measurements"].map(|name| table::in_folder(folder, name));
    let of_tables = of_tables.iter().flatten();
    let runs: Vec<PathBuf> = runs_in(folder)?;
    let mut found: Rates = runs.iter().flat_map(|run| of_run(run)).collect();
    if found.is_empty() {
        found.extend(of_tables.flat_map(|path| of_own_table(path)));
    }
    Ok(found)
}

fn of_run(folder: &Path) -> Rates {
    let known = rates_with_events(folder);
    match table::in_folder(folder, "loss") {
        Some(losses) if known.is_empty() => of_table(&losses),
        Some(_) | None => known,
    }
}

/// Of the columns of a table; none where it has none. Where the file or a row cannot be read, or rows contradict each other,
/// no rate of the table is used, which is said.
fn of_table(path: &Path) -> Rates {
    points(path).map_or_else(|why| unused(path, &why), histories)
}

/// The same of a table whose other columns are read after this: if its file cannot be read, that is the error then.
fn of_own_table(path: &Path) -> Rates {
    match points(path) {
        Err(Unusable::File(_)) => Rates::new(),
        points => points.map_or_else(|why| unused(path, &why), histories),
    }
}

/// Why no rate of a table is used.
enum Unusable {
    NoColumn,
    File(CoreError),
    Rows(String),
}

/// Says why there are none.
fn unused(path: &Path, why: &Unusable) -> Rates {
    let why = match why {
        Unusable::NoColumn => return Rates::new(),
        Unusable::File(error) => error.to_string(),
        Unusable::Rows(problem) => format!("{problem}; correct the row, or remove the column"),
    };
    let file = path.display();
    say(&format!(
        "warning: the learning rates of {file} are not used: {why}"
    ));
    Rates::new()
}

/// The rows of a table, each step of a model once.
fn points(path: &Path) -> std::result::Result<Vec<RatePoint>, Unusable> {
    let table = table::read_rows::<RatePoint>(path).map_err(|error| match error {
        CoreError::MissingColumn { .. } => Unusable::NoColumn,
        file @ CoreError::Io { .. } => Unusable::File(file),
        other => Unusable::Rows(other.to_string()),
    })?;
    // layers have the rate of their step in common: that a row is repeated is the problem of no line
    match table.problems.iter().find(|problem| problem.line > 0) {
        Some(problem) => Err(Unusable::Rows(problem.to_string())),
        None => Ok(table.rows),
    }
}

fn histories(rows: Vec<RatePoint>) -> Rates {
    let mut of_models: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for row in rows {
        if let Some(rate) = row.learning_rate {
            let of_model = of_models.entry(row.model).or_default();
            of_model.push((row.step as f64, rate));
        }
    }
    let history = |(model, mut points): (String, Vec<(f64, f64)>)| {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (steps, rates): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        (model, RateHistory::new(&steps, &rates))
    };
    of_models.into_iter().map(history).collect()
}
