//! Which checkpoints are measured: a path, or revisions on a hub.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outcrop_checkpoint::{Checkpoint, CheckpointSeries};
use outcrop_core::Error as CoreError;
use outcrop_schedule::Schedule;
use outcrop_train::RunDir;

use super::super::output::say;
use super::args::{Args, PYTHIA_LAST};
use super::hub;
use super::revisions::wanted;
use crate::{Error, Result};
use outcrop_series::{CheckpointSource, Error as SeriesError, HubSource};

/// Checkpoints with what a measurement needs to know before it starts.
pub(super) struct Origin {
    pub(super) source: CheckpointSource,
    /// The name of the model.
    pub(super) name: String,
    /// The stage of all checkpoints, if their names have one.
    pub(super) stage: Option<String>,
    /// The config of a checkpoint of the series.
    pub(super) config: PathBuf,
    /// The folder in which a tokenizer may be.
    pub(super) tokenizer: PathBuf,
    /// The run directory, if it is one of ours.
    pub(super) run: Option<PathBuf>,
}

impl Origin {
    /// Finds the checkpoints; a hub is asked until `stop` is set.
    pub(super) fn open(args: &Args, stop: &Arc<AtomicBool>) -> Result<Self> {
        match (&args.hub, &args.path) {
            (Some(repo), _) => on_hub(repo, args, stop),
            (None, Some(path)) => on_disk(path, args),
            (None, None) => Err(CoreError::parse("arguments", "neither a path nor --hub").into()),
        }
    }
}

fn on_disk(path: &Path, args: &Args) -> Result<Origin> {
    let mut series = CheckpointSeries::open_with(path, &args.select.select())?;
    if let Some(text) = &args.steps {
        choose(&mut series, text)?;
    }
    say_what_was_found(&series, args.config.is_some());
    let config = args.config.clone();
    let config = config.or_else(|| series.entries.iter().find_map(|entry| entry.config.clone()));
    let Some(config) = config else {
        return Err(SeriesError::NoConfig { path: path.into() }.into());
    };
    let run = RunDir::new(path);
    let is_run = path.join("run.toml").is_file();
    let name = match is_run {
        true => run.spec()?.model,
        false => name_of(path),
    };
    Ok(Origin {
        name: with_stage(name, series.stage.as_deref()),
        stage: series.stage.clone(),
        tokenizer: tokenizer_folder(&series, &config),
        config,
        source: CheckpointSource::Local(series),
        run: is_run.then(|| path.to_owned()),
    })
}

/// Says which checkpoints were skipped, except steps, which are failures, and which choices were made.
fn say_what_was_found(series: &CheckpointSeries, config_given: bool) {
    for note in &series.notes {
        say(&format!("note: {note}"));
    }
    let problems = series.problems.iter();
    for problem in problems.filter(|problem| problem.step.is_none()) {
        let path = problem.path.display();
        say(&format!("note: {path} was skipped: {}", problem.reason));
    }
    let is_elsewhere = |entry: &&Checkpoint| {
        let folder = std::path::absolute(&entry.folder).unwrap_or_default();
        let config = entry.config.as_deref();
        let own = [
            Some(folder.as_path()),
            folder.parent().filter(|_| folder.is_file()),
        ];
        config.is_some_and(|config| !own.contains(&config.parent()))
    };
    let without: Vec<_> = series.entries.iter().filter(is_elsewhere).collect();
    if let Some(Checkpoint {
        config: Some(config),
        ..
    }) = without.first().filter(|_| !config_given)
    {
        let (n, config) = (without.len(), config.display());
        say(&format!(
            "note: {config} is used for {n} checkpoints that have no config.json of their own"
        ));
    }
}

/// The first folder with a tokenizer: those of the checkpoints, then that of their config.
fn tokenizer_folder(series: &CheckpointSeries, config: &Path) -> PathBuf {
    let beside = |path: &Path| match path.is_file() {
        true => path.parent().map_or_else(PathBuf::new, Path::to_owned),
        false => path.to_owned(),
    };
    let folders = series.entries.iter().map(|entry| beside(&entry.folder));
    let mut folders = folders.chain([beside(config)]);
    let found = folders.find(|folder| folder.join("tokenizer.json").is_file());
    found.unwrap_or_else(|| beside(config))
}

/// Each stage of a model is a model of its own in the tables.
fn with_stage(name: String, stage: Option<&str>) -> String {
    match stage {
        Some(stage) if !name.contains(stage) => format!("{name}-{stage}"),
        _ => name,
    }
}

/// Keeps only the requested steps.
fn choose(series: &mut CheckpointSeries, text: &str) -> Result<()> {
    let last = series.entries.iter().filter_map(|entry| entry.step).max();
    let wanted = Schedule::parse(text, last.unwrap_or(PYTHIA_LAST))?;
    series
        .entries
        .retain(|entry| entry.step.is_none_or(|step| wanted.contains(step)));
    series
        .problems
        .retain(|problem| problem.step.is_none_or(|step| wanted.contains(step)));
    let absent = |step: &&u64| series.get(**step).is_none();
    let absent: Vec<String> = wanted
        .steps()
        .iter()
        .filter(absent)
        .map(u64::to_string)
        .collect();
    if series.entries.is_empty() {
        return Err(Error::NoSteps {
            path: series.path.clone(),
            wanted: text.into(),
            last: last.unwrap_or_default(),
        });
    }
    if !absent.is_empty() && text.trim() != "pythia" {
        say(&format!("warning: missing steps: {}", absent.join(", ")));
    }
    Ok(())
}

/// The name of a model: of its folder, `NAME` of `models--ORGANISATION--NAME`, or of its weight file where
/// that has one of its own.
fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let above = |path: &Path| path.parent().and_then(name);
    let mut found = name(&whole).unwrap_or_default();
    if path.is_file() {
        found = match found.starts_with("model") || found.starts_with("pytorch_model") {
            true => above(&whole).unwrap_or(found),
            false => whole
                .file_stem()
                .map_or(found, |n| n.to_string_lossy().into_owned()),
        };
    }
    if found == "checkpoints" {
        found = above(&whole).unwrap_or(found);
    }
    match found
        .strip_prefix("models--")
        .and_then(|rest| rest.rsplit_once("--"))
    {
        Some((_, name)) => name.to_owned(),
        None => found,
    }
}

fn on_hub(repo: &str, args: &Args, stop: &Arc<AtomicBool>) -> Result<Origin> {
    let hub = hub::open(&args.on_hub, stop)?;
    let (stage, wanted) = wanted(&hub, repo, args)?;
    let source = HubSource::new(hub, repo, wanted, args.on_hub.keep)?;
    let first = source.config()?.unwrap_or_default();
    let name = repo.rsplit('/').next().unwrap_or(repo).to_owned();
    Ok(Origin {
        source: CheckpointSource::Hub(source),
        name: with_stage(name, stage.as_deref()),
        stage,
        config: args
            .config
            .clone()
            .unwrap_or_else(|| first.join("config.json")),
        tokenizer: first,
        run: None,
    })
}
