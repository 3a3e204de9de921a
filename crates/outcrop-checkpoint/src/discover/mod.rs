//! Checkpoints of other trainers: which folders are checkpoints, and their steps.

mod config;
mod folders;
mod named;
mod revisions;
mod seen;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

pub use self::config::config_text;
use crate::names::CheckpointName;
use crate::weights::layout;
use crate::{Error, Result, Weights};

/// One checkpoint of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its training step; none for a model alone whose name gives no step.
    pub step: Option<u64>,
    /// Its folder, or the weight file if one was opened.
    pub folder: PathBuf,
    /// Its weight files; an index of shards is not among them.
    pub files: Vec<PathBuf>,
    /// The `config.json` in its folder or, where it has none, in that of its series; the weights themselves
    /// where they say their architecture, as GGUF does. [`config_text`] reads either.
    pub config: Option<PathBuf>,
}

impl Checkpoint {
    /// The checkpoint in a folder, or a weight file by itself.
    ///
    /// # Errors
    /// [`Error::NoWeights`], [`Error::Index`], [`Error::Core`] with the path.
    pub fn open(path: &Path, step: Option<u64>) -> Result<Self> {
        let layout = layout(path)?;
        Ok(Self {
            step,
            folder: path.into(),
            config: config::of(path, &layout),
            files: layout.files,
        })
    }
}

/// A folder or file of a series that is not a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedFolder {
    /// The step that its name gives, if it gives one.
    pub step: Option<u64>,
    /// The folder that was skipped.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// Whether it is there under the name of a step, and has no weights at all.
    pub lacks_weights: bool,
}

/// Which of the checkpoints that lie somewhere are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    /// The stage in which steps count, as in `stage1-step1000`; `none` for names without one.
    pub stage: Option<String>,
    /// Revisions of a model in the hub's cache, by name or by the begin of their commit; all whose
    /// names give a step if empty.
    pub revisions: Vec<String>,
    /// Steps that one count of a name is that counts saves or epochs, as in `ckpt_012`; without it
    /// such names give no step.
    pub steps_per_count: Option<u64>,
}

/// The checkpoints of a run, by step.
///
/// ```
/// use outcrop_checkpoint::{CheckpointSeries, Tensor, write_tensors};
///
/// let dir = tempfile::tempdir()?;
/// for name in ["step1000", "step0", "logs"] {
///     std::fs::create_dir(dir.path().join(name))?;
/// }
/// let weight = [Tensor { name: "w".into(), shape: vec![1], data: vec![1.0] }];
/// for name in ["step1000", "step0"] {
///     write_tensors(&dir.path().join(name).join("model.safetensors"), &weight, &Default::default())?;
/// }
/// let series = CheckpointSeries::open(dir.path())?;
/// let steps: Vec<_> = series.entries.iter().map(|entry| entry.step).collect();
/// assert_eq!(steps, [Some(0), Some(1000)]);
/// assert!(series.problems[0].path.ends_with("logs"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointSeries {
    /// The opened path.
    pub path: PathBuf,
    /// In ascending order of step, each step once; one without a step is alone.
    pub entries: Vec<Checkpoint>,
    /// Folders and files beside the checkpoints that are not checkpoints, by path.
    pub problems: Vec<SkippedFolder>,
    /// Decisions made while opening, each a sentence.
    pub notes: Vec<String>,
    /// The stage of all, if their names have one.
    pub stage: Option<String>,
    /// The seed of all, if their names have one.
    pub seed: Option<String>,
}

impl CheckpointSeries {
    /// Finds the checkpoints below `path`, which is one of
    ///
    /// - a folder of folders or weight files whose names give steps, as `UNDERSTOOD` lists them;
    /// - a run directory, whose `checkpoints` is such a folder;
    /// - a model in the cache of the Hugging Face hub (`models--ORG--NAME`), whose revisions name
    ///   steps;
    /// - one model: its folder or its weight file.
    ///
    /// Weights decide, not names: a folder without weights is not a checkpoint, whatever its name.
    /// Nothing but indices of shards is read. Names that begin with a dot are skipped.
    ///
    /// # Errors
    /// [`Error::NoCheckpoints`] with what was seen, [`Error::DuplicateStep`], [`Error::Stages`] and
    /// [`Error::Revisions`] where it must be said which are meant, [`Error::Epochs`] where steps begin anew,
    /// [`Error::Core`] with the path.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, &Select::default())
    }

    /// As [`CheckpointSeries::open`], of those that `select` leaves.
    ///
    /// # Errors
    /// As [`CheckpointSeries::open`].
    pub fn open_with(path: &Path, select: &Select) -> Result<Self> {
        let mut finder = Finder::new(path, select);
        if path.is_file() {
            finder.file(path)?;
        } else if revisions::is_cached_model(path) {
            finder.revisions()?;
        } else if !select.revisions.is_empty() {
            return Err(finder.nothing("it is no model in the hub's cache, which has revisions"));
        } else {
            finder.folder()?;
        }
        finder.finish()
    }

    /// The entry of a step.
    pub fn get(&self, step: u64) -> Option<&Checkpoint> {
        self.entries.iter().find(|entry| entry.step == Some(step))
    }
}

/// A checkpoint with what its name says.
struct Found {
    name: Option<CheckpointName>,
    checkpoint: Checkpoint,
    /// What has the name: its folder or file, or the ref of a revision.
    named: PathBuf,
}

impl Found {
    /// Stage and seed.
    fn part(&self) -> Option<&str> {
        self.name.as_ref()?.part()
    }

    fn epoch(&self) -> Option<u64> {
        self.name.as_ref()?.epoch()
    }
}

/// Checkpoints as they are found.
struct Finder<'a> {
    path: &'a Path,
    select: &'a Select,
    found: Vec<Found>,
    problems: Vec<SkippedFolder>,
    notes: Vec<String>,
}

impl<'a> Finder<'a> {
    fn new(path: &'a Path, select: &'a Select) -> Self {
        Self {
            path,
            select,
            found: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A weight file by itself; its name gives the step, or that of its folder.
    fn file(&mut self, path: &Path) -> Result<()> {
        let own = name_of(path);
        if let Some(seen) = own.as_deref().and_then(seen::no_weights) {
            return Err(Error::NoCheckpoints {
                path: path.into(),
                reason: format!("it is {}; {}", seen.what, seen.way_out),
            });
        }
        let folder = std::path::absolute(path).ok();
        let folder = folder.as_deref().and_then(Path::parent);
        let name = own.as_deref().and_then(CheckpointName::parse);
        let name = name.or_else(|| named::name_at(folder?));
        self.single(name, path)
    }

    /// The only model of a path: its name gives the step, or what its trainer wrote into or beside the weights.
    fn single(&mut self, name: Option<CheckpointName>, path: &Path) -> Result<()> {
        let name = name.filter(|name| self.step(name).is_some());
        let step = name.as_ref().and_then(|name| self.step(name));
        let mut checkpoint = Checkpoint::open(path, step)?;
        if step.is_none()
            && let Ok(weights) = Weights::open(path)
            && let Some((step, who)) = weights.step()
        {
            self.notes
                .push(format!("{} is step {step}, as {who} says", path.display()));
            checkpoint.step = Some(step);
        }
        self.push(name, checkpoint, path);
        Ok(())
    }

    fn push(&mut self, name: Option<CheckpointName>, checkpoint: Checkpoint, named: &Path) {
        self.found.push(Found {
            name,
            checkpoint,
            named: named.into(),
        });
    }

    fn step(&self, name: &CheckpointName) -> Option<u64> {
        name.step(self.select.steps_per_count)
    }

    /// Takes the checkpoint at `path`, which `named` names; one that does not open is a problem.
    fn take(&mut self, name: Option<CheckpointName>, path: &Path, named: &Path) {
        let step = name.as_ref().and_then(|name| self.step(name));
        match Checkpoint::open(path, step) {
            Ok(checkpoint) => self.push(name, checkpoint, named),
            Err(error @ Error::NoWeights { .. }) => {
                let seen = seen::of_folder(path).map_or_else(String::new, |(seen, name)| {
                    format!("; it holds {} (`{name}`): {}", seen.what, seen.way_out)
                });
                self.problem(step, path, &format!("failed to {error}{seen}"));
                if let Some(problem) = self.problems.last_mut() {
                    problem.lacks_weights = true;
                }
            }
            Err(error) => self.problem(step, path, &format!("failed to {error}")),
        }
    }

    fn problem(&mut self, step: Option<u64>, path: &Path, reason: &str) {
        self.problems.push(SkippedFolder {
            step,
            path: path.into(),
            reason: reason.into(),
            lacks_weights: false,
        });
    }

    /// The error of a path below which is no checkpoint.
    fn nothing(&self, what: &str) -> Error {
        let stepped = self.problems.iter().find(|problem| problem.step.is_some());
        let first = stepped.map(|p| format!("; {}: {}", p.path.display(), p.reason));
        let first = first.unwrap_or_default();
        Error::NoCheckpoints {
            path: self.path.into(),
            reason: format!("{what}{first}{}", seen::listing(self.path)),
        }
    }

    fn finish(mut self) -> Result<CheckpointSeries> {
        let (stage, seed) = self.one_stage()?;
        if self.found.is_empty() {
            return Err(
                self.nothing("nothing in it whose name gives a step has weights, nor has it")
            );
        }
        self.found
            .sort_by(|a, b| (a.checkpoint.step, &a.named).cmp(&(b.checkpoint.step, &b.named)));
        self.each_step_once()?;
        self.problems.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(CheckpointSeries {
            path: self.path.into(),
            entries: self
                .found
                .into_iter()
                .map(|found| found.checkpoint)
                .collect(),
            problems: self.problems,
            notes: self.notes,
            stage,
            seed,
        })
    }

    /// Leaves one stage, since each has its own steps.
    fn one_stage(&mut self) -> Result<(Option<String>, Option<String>)> {
        if let Some(wanted) = &self.select.stage {
            let is_wanted = |found: &Found| found.part().unwrap_or(NO_STAGE) == wanted;
            if !self.found.is_empty() && !self.found.iter().any(is_wanted) {
                return Err(self.stages(&format!("none is `{wanted}`")));
            }
            self.found.retain(is_wanted);
        }
        let first = self.found.first().and_then(|found| found.name.as_ref());
        let part = self.found.first().and_then(Found::part);
        let owned = |part: Option<&str>| part.map(str::to_owned);
        match self.found.iter().all(|found| found.part() == part) {
            true => Ok((
                owned(first.and_then(CheckpointName::stage)),
                owned(first.and_then(CheckpointName::seed)),
            )),
            false => Err(self.stages("each has its own steps")),
        }
    }

    fn stages(&self, reason: &str) -> Error {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for found in &self.found {
            *counts.entry(found.part().unwrap_or(NO_STAGE)).or_default() += 1;
        }
        let some = counts.iter().take(SHOWN);
        let mut stages: Vec<String> = some.map(|(name, n)| format!("`{name}` ({n})")).collect();
        if counts.len() > SHOWN {
            stages.push(format!("and {} more", counts.len() - SHOWN));
        }
        Error::Stages {
            path: self.path.into(),
            reason: reason.into(),
            stages: stages.join(", "),
        }
    }

    fn each_step_once(&self) -> Result<()> {
        for pair in self.found.windows(2) {
            let [first, second] = pair else { continue };
            if first.checkpoint.step == second.checkpoint.step {
                return Err(Error::DuplicateStep {
                    step: first.checkpoint.step.unwrap_or_default(),
                    first: first.named.clone(),
                    second: second.named.clone(),
                });
            }
            if first.epoch() > second.epoch() && second.epoch().is_some() {
                return Err(Error::Epochs {
                    later: first.named.clone(),
                    earlier: second.named.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The stage and step that a name of a checkpoint gives, of a folder, file or revision; none where
/// it gives no step.
///
/// ```
/// use outcrop_checkpoint::{Select, stage_and_step};
///
/// let read = |name| stage_and_step(name, &Select::default());
/// assert_eq!(read("stage1-step1000-tokens5B"), Some((Some("stage1".into()), 1000)));
/// assert_eq!(read("step-50K"), Some((None, 50_000)));
/// assert_eq!(read("ckpt_012"), None);
/// ```
pub fn stage_and_step(name: &str, select: &Select) -> Option<(Option<String>, u64)> {
    let name = CheckpointName::parse(name)?;
    let step = name.step(select.steps_per_count)?;
    Some((name.part().map(str::to_owned), step))
}

/// How names without a stage are asked for.
const NO_STAGE: &str = "none";
/// Stages that are named one by one.
const SHOWN: usize = 12;

/// The name of a file or folder; where it is no UTF-8 it has other signs in the places of what is none, and
/// gives no step.
fn name_of(path: &Path) -> Option<Cow<'_, str>> {
    path.file_name().map(|name| name.to_string_lossy())
}
