//! How often runs of a job array were started, on disk.

use std::path::PathBuf;

use outcrop_checkpoint::series;
use outcrop_core::{create_folder, read_sealed, write_sealed};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::pipeline::Results;

/// What is known of the starts of a run: `attempts/MODEL.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempts {
    /// The id of its line in the manifest.
    pub(crate) id: String,
    /// Starts since it last had come further.
    pub(crate) starts: u32,
    /// The step on disk at the last start.
    pub(crate) step: u64,
    /// Why it cannot go on, in words; none as long as it can.
    #[serde(default)]
    pub(crate) failure: Option<String>,
}

impl Attempts {
    fn file(results: &Results, model: &str) -> PathBuf {
        results.file("attempts").join(format!("{model}.json"))
    }

    /// What was written of the run `id`; nothing where that is of another run, or damaged.
    pub(crate) fn read(results: &Results, model: &str, id: &str) -> Self {
        let held: Self = read_sealed(&Self::file(results, model)).unwrap_or_default();
        match held.id == id {
            true => held,
            false => Self {
                id: id.to_owned(),
                ..Self::default()
            },
        }
    }

    fn write(&self, results: &Results, model: &str) -> Result<()> {
        create_folder(&results.file("attempts"))?;
        Ok(write_sealed(&Self::file(results, model), self)?)
    }

    /// Counts a start of the run.
    ///
    /// # Errors
    /// [`crate::Error::Core`] where it cannot be written.
    pub(crate) fn start(results: &Results, model: &str, id: &str) -> Result<Self> {
        let mut attempts = Self::read(results, model, id);
        let step = step(results, model);
        attempts.starts = if step > attempts.step {
            1
        } else {
            attempts.starts + 1
        };
        attempts.step = step;
        attempts.failure = None;
        attempts.write(results, model)?;
        Ok(attempts)
    }

    /// Whether it was started too often without having come further, where so many `retries` are allowed.
    pub(crate) fn is_given_up(&self, retries: u32) -> bool {
        self.starts > retries.saturating_add(1)
    }

    /// Writes down why the run cannot go on.
    ///
    /// # Errors
    /// As [`Attempts::start`].
    pub(crate) fn fail(results: &Results, model: &str, id: &str, why: &str) -> Result<()> {
        let attempts = Self {
            failure: Some(why.to_owned()),
            ..Self::read(results, model, id)
        };
        attempts.write(results, model)
    }

    /// Forgets the starts of a run, which then has as many again.
    ///
    /// # Errors
    /// As [`Attempts::start`].
    pub(crate) fn forget(results: &Results, model: &str) -> Result<()> {
        let path = Self::file(results, model);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(outcrop_core::Error::io("remove", &path, e).into())
            }
            _ => Ok(()),
        }
    }
}

/// The step of the newest checkpoint of a run, whole or not; 0 without one.
pub(crate) fn step(results: &Results, model: &str) -> u64 {
    let held = series(&results.run(model).checkpoints()).unwrap_or_default();
    held.last().map_or(0, |(step, _)| *step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_count_until_the_run_comes_further() {
        let folder = tempfile::tempdir().unwrap();
        let results = Results::new(folder.path());
        let start = || Attempts::start(&results, "a", "id").unwrap().starts;
        assert_eq!([start(), start(), start()], [1, 2, 3]);
        std::fs::create_dir_all(results.run("a").checkpoints().join("step-000004")).unwrap();
        assert_eq!([start(), start()], [1, 2]);
        assert_eq!(Attempts::read(&results, "a", "other").starts, 0);
        Attempts::fail(&results, "a", "id", "it diverged").unwrap();
        assert_eq!(
            Attempts::read(&results, "a", "id").failure.as_deref(),
            Some("it diverged")
        );
        Attempts::forget(&results, "a").unwrap();
        assert_eq!(start(), 1);
    }
}
