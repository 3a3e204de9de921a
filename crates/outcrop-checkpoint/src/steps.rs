//! A series of checkpoints as others lay them out.

use std::fs;
use std::path::{Path, PathBuf};

use crate::weights::{has_weights, layout};
use crate::{Error, Result};

/// One checkpoint of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its training step; none for a model alone whose folder names no step.
    pub step: Option<u64>,
    /// Its folder, or the weight file if one was opened.
    pub folder: PathBuf,
    /// Its weight files; an index of shards is not among them.
    pub files: Vec<PathBuf>,
}

/// What lies in a series' folder and is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The step that its name gives, if it gives one.
    pub step: Option<u64>,
    /// The folder that was passed over.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
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
    /// What was opened.
    pub path: PathBuf,
    /// In ascending order of step, each step once.
    pub entries: Vec<Checkpoint>,
    /// Folders beside the checkpoints that are none, by path.
    pub problems: Vec<Problem>,
}

impl CheckpointSeries {
    /// Finds the checkpoints below `path`, which is one of
    ///
    /// - a folder of folders by step: `step1000`, `step-000512`, `step_8`, `checkpoint-500`,
    ///   `global_step1000`, `iter_0000100`, each also with what follows in `step1000-tokens4B`;
    /// - a run directory, whose `checkpoints` is such a folder;
    /// - a model in the cache of the Hugging Face hub (`models--ORG--NAME`), whose revisions name
    ///   steps;
    /// - one model: its folder or its weight file.
    ///
    /// Nothing but indices of shards is read. Names that begin with a dot are passed over.
    ///
    /// # Errors
    /// [`Error::DuplicateStep`], [`Error::NoCheckpoints`], [`Error::Core`] with the path.
    pub fn open(path: &Path) -> Result<Self> {
        let mut series = Self {
            path: path.into(),
            entries: Vec::new(),
            problems: Vec::new(),
        };
        if path.is_file() {
            let step = path.parent().and_then(name_of).and_then(step_of);
            series.push(step, path);
        } else if path.join("refs").is_dir() && path.join("snapshots").is_dir() {
            series.push_revisions(path)?;
        } else {
            let checkpoints = path.join("checkpoints");
            let below = if checkpoints.is_dir() {
                &checkpoints
            } else {
                path
            };
            series.push_folders(below)?;
        }
        series.sorted()
    }

    /// The entry of a step.
    pub fn get(&self, step: u64) -> Option<&Checkpoint> {
        self.entries.iter().find(|entry| entry.step == Some(step))
    }

    fn push_folders(&mut self, folder: &Path) -> Result<()> {
        let found = folders(folder)?;
        let stepped = |path: &PathBuf| name_of(path).and_then(step_of).is_some();
        if !found.iter().any(stepped) {
            if has_weights(folder) {
                self.push(name_of(folder).and_then(step_of), folder);
            }
            return Ok(());
        }
        if has_weights(folder) {
            self.problem(
                folder,
                "its own weights have no step; the folders in it have",
            );
        }
        for path in found {
            match name_of(&path).and_then(step_of) {
                Some(step) => self.push(Some(step), &path),
                None => self.problem(&path, "its name gives no step"),
            }
        }
        Ok(())
    }

    /// The revisions of a model in the hub's cache: a file in `refs` holds the name of a snapshot.
    fn push_revisions(&mut self, path: &Path) -> Result<()> {
        let mut revisions = Vec::new();
        let refs = path.join("refs");
        let io = |e| Error::io("read folder", &refs, e);
        for entry in fs::read_dir(&refs).map_err(io)? {
            let file = entry.map_err(io)?.path();
            if file.is_file() {
                revisions.push(file);
            }
        }
        revisions.sort();
        let steps = revisions
            .iter()
            .filter_map(|file| name_of(file))
            .filter_map(step_of);
        let only_one = steps.count() == 0;
        for file in revisions {
            let step = name_of(&file).and_then(step_of);
            if step.is_none() && !only_one {
                self.problem(&file, "the revision names no step");
                continue;
            }
            let hash = fs::read_to_string(&file).map_err(|e| Error::io("read", &file, e))?;
            let hash = hash.trim();
            let snapshot = path.join("snapshots").join(hash);
            match hash.bytes().all(|b| b.is_ascii_hexdigit()) && snapshot.is_dir() {
                true => self.push(step, &snapshot),
                false => self.problem(&file, "its snapshot is not in the cache"),
            }
        }
        Ok(())
    }

    fn push(&mut self, step: Option<u64>, folder: &Path) {
        match layout(folder) {
            Ok(layout) => self.entries.push(Checkpoint {
                step,
                folder: folder.into(),
                files: layout.files,
            }),
            Err(e) => self.problem(folder, &e.to_string()),
        }
    }

    fn problem(&mut self, path: &Path, reason: &str) {
        self.problems.push(Problem {
            step: name_of(path).and_then(step_of),
            path: path.into(),
            reason: reason.into(),
        });
    }

    fn sorted(mut self) -> Result<Self> {
        self.entries
            .sort_by(|a, b| (a.step, &a.folder).cmp(&(b.step, &b.folder)));
        self.problems.sort_by(|a, b| a.path.cmp(&b.path));
        let mut pairs = self.entries.windows(2);
        let twice = pairs.find(|pair| pair[0].step == pair[1].step && pair[0].step.is_some());
        if let Some([first, second]) = twice {
            return Err(Error::DuplicateStep {
                step: first.step.unwrap_or_default(),
                first: first.folder.clone(),
                second: second.folder.clone(),
            });
        }
        match self.entries.is_empty() {
            false => Ok(self),
            true => Err(Error::NoCheckpoints {
                path: self.path,
                reason: self
                    .problems
                    .first()
                    .map(|p| format!("; {}: {}", p.path.display(), p.reason))
                    .unwrap_or_default(),
            }),
        }
    }
}

/// The folders in a folder whose names do not begin with a dot, by name.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |e| Error::io("read folder", folder, e);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_dir() && name_of(&path).is_none_or(|name| !name.starts_with('.')) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

/// The step that the name of a folder or revision gives.
fn step_of(name: &str) -> Option<u64> {
    let words = ["global_step", "checkpoint", "step", "iter"];
    let rest = words.iter().find_map(|word| name.strip_prefix(word))?;
    let rest = rest.strip_prefix(['-', '_']).unwrap_or(rest);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, suffix) = rest.split_at(digits);
    let known = suffix.is_empty() || suffix.starts_with("-tokens");
    known.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::step_of;

    #[test]
    fn names_that_others_use_give_their_step() {
        for (name, step) in [
            ("step0", Some(0)),
            ("step-000512", Some(512)),
            ("checkpoint-500", Some(500)),
            ("global_step143000", Some(143_000)),
            ("iter_0000100", Some(100)),
            ("step1000-tokens4B", Some(1000)),
            ("step", None),
            ("step-final", None),
            ("step12b", None),
            ("steps12", None),
            ("main", None),
            ("step99999999999999999999", None),
        ] {
            assert_eq!(step_of(name), step, "{name}");
        }
    }
}
