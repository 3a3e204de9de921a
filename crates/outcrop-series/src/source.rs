use std::path::PathBuf;

use outcrop_checkpoint::{Checkpoint, CheckpointSeries, Error as CheckpointError, Hub, Transfer};

use crate::{Error, Result};

/// Where the checkpoints of a series come from.
#[derive(Debug)]
pub enum CheckpointSource {
    /// From the disk.
    Local(CheckpointSeries),
    /// From a hub, one after another.
    Hub(HubSource),
}

/// Revisions on a hub, of one model or of one model a step.
#[derive(Debug)]
pub struct HubSource {
    hub: Hub,
    /// By step, and whether each stays in the cache when it was measured.
    revisions: Vec<(HubRevision, bool)>,
}

/// A revision of a model on a hub, and the step under which it is measured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HubRevision {
    /// The step.
    pub step: u64,
    /// The model, `organisation/name`.
    pub repo: String,
    /// The branch, tag or commit.
    pub revision: String,
}

impl HubRevision {
    /// What two of them of one step are called.
    fn name(&self) -> PathBuf {
        format!("{}@{}", self.repo, self.revision).into()
    }
}

impl HubSource {
    /// Revisions, in ascending order of step. Each is fetched when its turn comes and, unless `keep`, deleted when
    /// it was measured; what the cache has now stays in any case, but for what a process that was
    /// killed would have deleted.
    ///
    /// # Errors
    /// [`Error::Checkpoint`](crate::Error::Checkpoint) for what cannot be the name of a model, and for
    /// two revisions of one step.
    pub fn new(hub: Hub, mut wanted: Vec<HubRevision>, keep: bool) -> Result<Self> {
        wanted.sort();
        if let Some(pair) = wanted.windows(2).find(|pair| pair[0].step == pair[1].step) {
            let [first, second] = [0, 1].map(|i| pair[i].name());
            let step = pair[0].step;
            let twice = CheckpointError::DuplicateStep {
                step,
                first,
                second,
            };
            return Err(twice.into());
        }
        let mut revisions = Vec::with_capacity(wanted.len());
        for found in wanted {
            let (repo, revision) = (&found.repo, &found.revision);
            let is_ours = hub.is_passing(repo, revision)?;
            let stays = keep || (hub.knows(repo, revision)? && !is_ours);
            revisions.push((found, stays));
        }
        Ok(Self { hub, revisions })
    }

    /// The folder of the first revision that the hub has, with the config and the tokenizer of all;
    /// none without revisions.
    ///
    /// # Errors
    /// As [`Hub::fetch_config`], of the first revision.
    pub fn config(&self) -> Result<Option<PathBuf>> {
        let mut first = Ok(None);
        for (HubRevision { repo, revision, .. }, stays) in &self.revisions {
            self.hub.set_passing(repo, revision, !stays)?;
            match self.hub.fetch_config(repo, revision) {
                Ok(folder) => return Ok(Some(folder)),
                Err(error) => {
                    let absent = matches!(error, CheckpointError::NoRevision { .. });
                    first = first.and(Err(error));
                    if !absent {
                        break;
                    }
                }
            }
        }
        Ok(first?)
    }

    /// Deletes the rest of revisions that are not kept.
    fn tidy(&self) -> Result<()> {
        for (found, stays) in &self.revisions {
            if !stays {
                self.hub.delete(&found.repo, &found.revision)?;
            }
        }
        Ok(())
    }
}

impl CheckpointSource {
    /// The steps in ascending order; none for a model alone that has no step.
    pub fn steps(&self) -> Vec<Option<u64>> {
        match self {
            Self::Local(series) => series.entries.iter().map(|entry| entry.step).collect(),
            Self::Hub(hub) => hub.revisions.iter().map(|(r, _)| Some(r.step)).collect(),
        }
    }

    /// The commit of the checkpoint at `place` on the hub now; none on a disk, and where the hub does
    /// not tell.
    pub(crate) fn commit(&self, place: usize) -> Option<String> {
        match self {
            Self::Local(_) => None,
            Self::Hub(hub) => {
                let (found, _) = hub.revisions.get(place)?;
                hub.hub.commit(&found.repo, &found.revision).ok()
            }
        }
    }

    /// The commit of a checkpoint that was fetched, after which its folder is named.
    pub(crate) fn commit_of(&self, checkpoint: &Checkpoint) -> Option<String> {
        let name = checkpoint.folder.file_name()?.to_str()?;
        matches!(self, Self::Hub(_)).then(|| name.to_owned())
    }

    /// Whether checkpoints are gone once they were measured.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Hub(hub) if hub.revisions.iter().any(|(_, stays)| !stays))
    }

    /// Shows the checkpoint at `place`, as [`CheckpointSource::steps`] lists them, to `use_it`, fetching it before
    /// and deleting it afterwards where it has to be.
    ///
    /// # Errors
    /// [`Error::Checkpoint`](crate::Error::Checkpoint) where it cannot be fetched or deleted, and that
    /// of `use_it`.
    ///
    /// # Panics
    /// For a place that is not below the number of steps.
    pub fn with<T, E: From<Error>>(
        &self,
        place: usize,
        observe: &mut dyn FnMut(&Transfer<'_>),
        use_it: impl FnOnce(&Checkpoint) -> Result<T, E>,
    ) -> Result<T, E> {
        let hub = match self {
            Self::Local(series) => return use_it(&series.entries[place]),
            Self::Hub(hub) => hub,
        };
        let (found, stays) = &hub.revisions[place];
        let (repo, revision) = (&found.repo, &found.revision);
        let marked = hub.hub.set_passing(repo, revision, !stays);
        marked.map_err(Error::from)?;
        let in_use = hub.hub.in_use(repo, revision).map_err(Error::from)?;
        let fetched = hub.hub.fetch_with(repo, revision, observe);
        let folder = fetched.map_err(Error::from)?;
        let outcome = Checkpoint::open(&folder, Some(found.step)).map_err(Error::from);
        let outcome = outcome.map_err(E::from).and_then(|found| use_it(&found));
        drop(in_use);
        if !stays {
            let deleted = hub.hub.delete(repo, revision);
            deleted.map_err(Error::from)?;
        }
        outcome
    }

    /// Deletes fetched revisions that are not kept.
    pub(crate) fn tidy(&self) -> Result<()> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Hub(hub) => hub.tidy(),
        }
    }

    /// The series as described by `found`, for an audit.
    pub(crate) fn series(&self, found: Vec<Checkpoint>) -> CheckpointSeries {
        match self {
            Self::Local(series) => series.clone(),
            Self::Hub(hub) => CheckpointSeries {
                path: hub
                    .revisions
                    .first()
                    .map_or_else(PathBuf::new, |(r, _)| (&r.repo).into()),
                entries: found,
                problems: Vec::new(),
                notes: Vec::new(),
                stage: None,
                seed: None,
            },
        }
    }
}
