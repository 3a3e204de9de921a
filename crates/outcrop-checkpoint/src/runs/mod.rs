//! The catalogue of public training runs (`data/runs.toml`): how their checkpoints are named, and what is known of
//! them.

use std::path::Path;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::KnownFault;
use crate::glob::fits;

/// A public training run, or a suite of runs that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Run {
    /// What it is called.
    pub name: String,
    /// Its models on the hub, `ORGANISATION/NAME`; `*` stands for anything.
    pub ids: Vec<String>,
    /// Names of its checkpoints, exactly as published.
    pub names: Vec<String>,
    /// Names of its revisions that give no step.
    #[serde(default)]
    pub others: Vec<String>,
    /// What on the hub is a checkpoint.
    #[serde(default)]
    pub each: Each,
    /// Its stages in their order, `none` for names without one; empty where it has one.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Tokens that a step of the optimiser reads; none where that changes or was not published.
    pub tokens_a_step: Option<u64>,
    /// What stood before its training sequences; none where that was not published.
    pub bos: Option<Bos>,
    /// How many checkpoints it had when the row was written.
    pub checkpoints: Option<u32>,
    /// Why it is not measured, where it is not.
    pub unread: Option<String>,
    /// Where this is said.
    pub source: String,
    /// Faults that were reported.
    #[serde(default, rename = "fault")]
    pub faults: Vec<KnownFault>,
}

/// What on a hub is one checkpoint of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// A branch or tag.
    #[default]
    Revision,
    /// A repository.
    Repository,
}

/// The token before training sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bos {
    /// None.
    None,
    /// One before each document.
    Document,
}

impl Run {
    /// Whether a model on the hub is of it.
    pub fn has(&self, id: &str) -> bool {
        self.ids.iter().any(|pattern| fits(pattern, id))
    }

    /// The faults that are known of one of its models.
    pub fn faults_of(&self, id: &str) -> Vec<KnownFault> {
        let faults = self.faults.iter();
        let of = |fault: &&KnownFault| fault.of.iter().any(|pattern| fits(pattern, id));
        faults.filter(of).cloned().collect()
    }

    /// The tokens that training has read after `step` steps, computed from the batch; none where that is not
    /// known, and in a run of several stages, whose batches may differ.
    ///
    /// ```
    /// let pythia = outcrop_checkpoint::run_of("EleutherAI/pythia-70m").unwrap();
    /// assert_eq!(pythia.tokens(143_000), Some(299_892_736_000));
    /// ```
    pub fn tokens(&self, step: u64) -> Option<u64> {
        step.checked_mul(self.tokens_a_step?)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    run: Vec<Run>,
}

static RUNS: LazyLock<Vec<Run>> = LazyLock::new(|| {
    // A test reads it: what fails here failed there.
    let read = toml::from_str::<Catalogue>(include_str!("../../data/runs.toml"));
    read.map_or_else(|_| Vec::new(), |catalogue| catalogue.run)
});

/// The public training runs that are known.
pub fn runs() -> &'static [Run] {
    &RUNS
}

/// The run of a model on the hub.
pub fn run_of(id: &str) -> Option<&'static Run> {
    runs().iter().find(|run| run.has(id))
}

/// The run of a folder, which is named as on the hub (`pythia-70m`) or in its cache
/// (`models--EleutherAI--pythia-70m`), with the model on the hub.
///
/// ```
/// use outcrop_checkpoint::run_of_folder;
///
/// let (run, id) = run_of_folder("models--allenai--OLMo-1B-hf".as_ref()).unwrap();
/// assert_eq!((run.name.as_str(), id.as_str()), ("OLMo 1B", "allenai/OLMo-1B-hf"));
/// assert_eq!(run_of_folder("data/pythia-70m".as_ref()).unwrap().1, "EleutherAI/pythia-70m");
/// assert!(run_of_folder("runs/mine".as_ref()).is_none());
/// ```
pub fn run_of_folder(folder: &Path) -> Option<(&'static Run, String)> {
    let folder = std::path::absolute(folder).ok()?;
    let name = folder.file_name()?.to_str()?;
    if let Some(id) = name.strip_prefix("models--") {
        let id = id.replacen("--", "/", 1);
        return run_of(&id).map(|run| (run, id));
    }
    let id_of = |run: &'static Run| {
        let organisations = run.ids.iter().filter_map(|id| Some(id.split_once('/')?.0));
        let mut ids = organisations.map(|organisation| format!("{organisation}/{name}"));
        Some((run, ids.find(|id| run.has(id))?))
    };
    runs().iter().find_map(id_of)
}
