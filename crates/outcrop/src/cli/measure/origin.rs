//! Which checkpoints are measured: a path, or revisions on a hub.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outcrop_checkpoint::{Checkpoint, CheckpointSeries, KnownFault, run_of_folder};
use outcrop_core::Stage;
use outcrop_schedule::Schedule;
use outcrop_train::RunDir;

use super::super::output::{print, say};
use super::args::{Args, PYTHIA_LAST};
use super::revisions::{Wanted, wanted};
use super::share::Share;
use super::{hub, plan};
use crate::{Error, Result};
use outcrop_series::{CheckpointSource, Error as SeriesError, HubRevision, HubSource};

/// Checkpoints with what a measurement needs to know before it starts.
pub(super) struct Origin {
    pub(super) source: CheckpointSource,
    /// The name of the model.
    pub(super) name: String,
    /// The stage of all checkpoints, if their names have one.
    pub(super) stage: Option<Stage>,
    /// Faults that were reported of them.
    pub(super) known: Vec<KnownFault>,
    /// The config of a checkpoint of the series.
    pub(super) config: PathBuf,
    /// The folder in which a tokenizer may be.
    pub(super) tokenizer: PathBuf,
    /// The run directory, if it is one of ours.
    pub(super) run: Option<PathBuf>,
}

impl Origin {
    /// Finds the checkpoints; a hub is asked until `stop` is set. None where what there is was only to be said.
    pub(super) fn open(args: &Args, share: &Share, stop: &Arc<AtomicBool>) -> Result<Option<Self>> {
        match &args.path {
            Some(path) => on_disk(path, args, share),
            None => on_hub(args, share, stop),
        }
    }
}

/// What is known of a series before anything of it is fetched or read.
pub(super) struct Listed {
    /// The name of the model.
    pub(super) name: String,
    pub(super) stage: Option<Stage>,
    /// Ascending.
    pub(super) steps: Vec<u64>,
}

/// Lists the checkpoints.
pub(super) fn listed(args: &Args, stop: &Arc<AtomicBool>) -> Result<Listed> {
    let Some(path) = &args.path else {
        let found = wanted(&hub::open(&args.on_hub, stop)?, args)?;
        return Ok(Listed {
            name: found.name,
            stage: found.stage,
            steps: found.revisions.iter().map(|found| found.step).collect(),
        });
    };
    let series = chosen(path, args)?;
    let steps = series.entries.iter().map(|entry| entry.step);
    Ok(Listed {
        name: named(path, &series)?,
        stage: stage(&series, args),
        steps: steps.map(|step| step.unwrap_or(args.step())).collect(),
    })
}

/// The series at `path`, without steps that were not asked for.
fn chosen(path: &Path, args: &Args) -> Result<CheckpointSeries> {
    let mut series = CheckpointSeries::open_with(path, &args.select.select())?;
    if let Some(text) = &args.steps {
        choose(&mut series, text)?;
    }
    let has_step = series.entries.iter().all(|entry| entry.step.is_some());
    args.check(has_step, series.stage.is_some())?;
    Ok(series)
}

/// The name of the model, of its run or its folder, with its seed.
fn named(path: &Path, series: &CheckpointSeries) -> Result<String> {
    let name = match path.join("run.toml").is_file() {
        true => RunDir::new(path).spec()?.model,
        false => name_of(path),
    };
    Ok(match &series.seed {
        Some(seed) => format!("{name}-seed-{seed}"),
        None => name,
    })
}

fn stage(series: &CheckpointSeries, args: &Args) -> Option<Stage> {
    series.stage.clone().map(|name| Stage {
        name,
        begins: args.stage_begins,
    })
}

fn on_disk(path: &Path, args: &Args, share: &Share) -> Result<Option<Origin>> {
    let mut series = chosen(path, args)?;
    let has = |step: Option<u64>| share.has(step.unwrap_or(args.step()));
    series.entries.retain(|entry| has(entry.step));
    series.problems.retain(|problem| has(problem.step));
    say_what_was_found(&series, args.config.is_some());
    if args.dry_run {
        print(&plan::of_series(&series, args.step()));
        return Ok(None);
    }
    let config = args.config.clone();
    let config = config.or_else(|| series.entries.iter().find_map(|entry| entry.config.clone()));
    let Some(config) = config else {
        return Err(SeriesError::NoConfig { path: path.into() }.into());
    };
    let is_run = path.join("run.toml").is_file();
    let known = run_of_folder(path).map(|(run, id)| run.faults_of(&id));
    Ok(Some(Origin {
        name: named(path, &series)?,
        stage: stage(&series, args),
        known: known.unwrap_or_default(),
        tokenizer: tokenizer_folder(&series, &config),
        config,
        source: CheckpointSource::Local(series),
        run: is_run.then(|| path.to_owned()),
    }))
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
        config.is_some_and(|config| !own.contains(&config.parent()) && !config.starts_with(&folder))
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

/// Each stage of a model has a folder of its own.
pub(super) fn with_stage(name: &str, stage: Option<&Stage>) -> String {
    match stage {
        Some(stage) if !name.contains(&stage.name) => format!("{name}-{}", stage.name),
        _ => name.to_owned(),
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

fn on_hub(args: &Args, share: &Share, stop: &Arc<AtomicBool>) -> Result<Option<Origin>> {
    let hub = hub::open(&args.on_hub, stop)?;
    let mut wanted = wanted(&hub, args)?;
    wanted.revisions.retain(|found| share.has(found.step));
    if args.dry_run {
        print(&plan::of_hub(&hub, &wanted, true));
        return Ok(None);
    }
    if wanted.revisions.len() > 1 {
        say(&plan::of_hub(&hub, &wanted, false));
    }
    let Wanted {
        name,
        stage,
        revisions,
        run,
    } = wanted;
    let of = |first: &HubRevision| run.map(|run| run.faults_of(&first.repo));
    let known = revisions.first().and_then(of).unwrap_or_default();
    let source = HubSource::new(hub, revisions, args.on_hub.keep)?;
    let first = source.config()?.unwrap_or_default();
    Ok(Some(Origin {
        source: CheckpointSource::Hub(source),
        name,
        stage,
        known,
        config: args
            .config
            .clone()
            .unwrap_or_else(|| first.join("config.json")),
        tokenizer: first,
        run: None,
    }))
}
