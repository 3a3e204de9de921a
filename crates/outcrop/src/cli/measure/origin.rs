//! Which checkpoints are measured: a path, or revisions on a hub.

use std::path::{Path, PathBuf};

use outcrop_checkpoint::{CheckpointSeries, Hub};
use outcrop_core::Error as CoreError;
use outcrop_schedule::Schedule;
use outcrop_train::RunDir;

use super::super::output::say;
use crate::series::{HubSource, Source};
use crate::{Error, Result};

/// The last step of the series that `pythia` stands for.
const PYTHIA_LAST: u64 = 143_000;
const HUGGING_FACE: &str = "https://huggingface.co";

#[derive(clap::Args)]
pub(super) struct Args {
    /// A checkpoint, a folder of checkpoints by step, a run directory, or a model in the hub's cache.
    #[arg(required_unless_present = "hub", conflicts_with = "hub")]
    path: Option<PathBuf>,
    /// Measure the revisions `stepN` of this model on the Hugging Face hub (HF_ENDPOINT names
    /// another one, HF_TOKEN a token).
    #[arg(long, value_name = "ORGANISATION/NAME")]
    hub: Option<String>,
    /// Only these steps: `pythia`, or an expression such as `0,1,512,every:1000` [default: all that
    /// are there; `pythia` with --hub].
    #[arg(long, value_name = "STEPS")]
    steps: Option<String>,
    /// Keep in the cache what was fetched.
    #[arg(long, requires = "hub")]
    keep: bool,
    /// The hub's cache [default: HF_HUB_CACHE, or HF_HOME/hub, or ~/.cache/huggingface/hub].
    #[arg(long, value_name = "DIR", requires = "hub")]
    hub_cache: Option<PathBuf>,
}

/// Checkpoints with what a measurement must know of them beforehand.
pub(super) struct Origin {
    pub(super) source: Source,
    /// What the model is called.
    pub(super) name: String,
    /// A checkpoint of the series, with config and tokenizer.
    pub(super) first: PathBuf,
    /// The run directory, if it is one of ours.
    pub(super) run: Option<PathBuf>,
}

impl Origin {
    pub(super) fn open(args: &Args) -> Result<Self> {
        match (&args.hub, &args.path) {
            (Some(repo), _) => on_hub(repo, args),
            (None, Some(path)) => on_disk(path, args.steps.as_deref()),
            (None, None) => Err(CoreError::parse("arguments", "neither a path nor --hub").into()),
        }
    }
}

fn on_disk(path: &Path, steps: Option<&str>) -> Result<Origin> {
    let mut series = CheckpointSeries::open(path)?;
    if let Some(text) = steps {
        choose(&mut series, text)?;
    }
    // those of a step are failures
    for problem in series
        .problems
        .iter()
        .filter(|problem| problem.step.is_none())
    {
        let path = problem.path.display();
        say(&format!("note: {path} was passed over: {}", problem.reason));
    }
    let config =
        |entry: &&outcrop_checkpoint::Checkpoint| entry.folder.join("config.json").is_file();
    let first = series
        .entries
        .iter()
        .find(config)
        .or(series.entries.first());
    let first = first.map(|entry| entry.folder.clone()).unwrap_or_default();
    let run = RunDir::new(path);
    let is_run = path.join("run.toml").is_file();
    Ok(Origin {
        name: if is_run {
            run.spec()?.model
        } else {
            name_of(path)
        },
        source: Source::Local(series),
        first,
        run: is_run.then(|| path.to_owned()),
    })
}

/// Leaves the steps that were asked for.
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
        say(&format!(
            "warning: steps that are not there: {}",
            absent.join(", ")
        ));
    }
    Ok(())
}

/// The name of a folder, `NAME` of `models--ORGANISATION--NAME`.
fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let mut found = name(&whole).unwrap_or_default();
    if found == "checkpoints" {
        found = whole.parent().and_then(name).unwrap_or(found);
    }
    match found
        .strip_prefix("models--")
        .and_then(|rest| rest.rsplit_once("--"))
    {
        Some((_, name)) => name.to_owned(),
        None => found,
    }
}

fn on_hub(repo: &str, args: &Args) -> Result<Origin> {
    let cache = args.hub_cache.clone().or_else(default_cache);
    let cache =
        cache.ok_or_else(|| Error::Environment("find the hub's cache: give --hub-cache".into()))?;
    let endpoint = std::env::var("HF_ENDPOINT").unwrap_or_else(|_| HUGGING_FACE.into());
    let mut hub = Hub::new(&endpoint, &cache);
    if let Ok(token) = std::env::var("HF_TOKEN") {
        hub = hub.with_token(&token);
    }
    let proxy = ["HTTPS_PROXY", "https_proxy"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    if let Some(proxy) = proxy.filter(|p| !p.is_empty() && endpoint.starts_with("https")) {
        hub = hub.with_proxy(&proxy)?;
    }
    let steps = args.steps.as_deref().unwrap_or("pythia");
    let steps = Schedule::parse(steps, PYTHIA_LAST)?;
    let source = HubSource::new(hub, repo, steps.steps(), args.keep)?;
    let first = source.config()?;
    let name = repo.rsplit('/').next().unwrap_or(repo).to_owned();
    Ok(Origin {
        source: Source::Hub(source),
        name,
        first: first.unwrap_or_default(),
        run: None,
    })
}

/// Where Python's `huggingface_hub` keeps what it fetches.
fn default_cache() -> Option<PathBuf> {
    let of = |name| std::env::var_os(name).map(PathBuf::from);
    of("HF_HUB_CACHE")
        .or_else(|| of("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/huggingface/hub")))
}
