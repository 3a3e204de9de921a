//! What a sweep or a measurement submitted: scripts, jobs and settings in `slurm/` of the results folder.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use outcrop_core::{Error as CoreError, create_folder, write_atomic};
use serde::{Deserialize, Serialize};

use super::arrays::{JobArray, arrays};
use super::measures::Measures;
use super::queue;
use super::script::{self, Names};
use super::settings::Settings;
use crate::Result;
use crate::pipeline::Results;

/// Elements of an array where the site does not say it: SLURM's default.
const MAX_ARRAY: u32 = 1001;

/// How a sweep is submitted: `slurm/settings.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Submission {
    /// Name of the sweep.
    pub(crate) sweep: String,
    /// The backend.
    pub(crate) backend: String,
    /// What elements measure, where they train nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) measures: Option<Measures>,
    /// What arrays ask of the cluster.
    pub(crate) settings: Settings,
}

/// A job array that was submitted: a line of `slurm/jobs.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Submitted {
    /// Its job id.
    pub(crate) job: String,
    /// Its elements.
    pub(crate) array: JobArray,
}

impl Submission {
    fn folder(results: &Results) -> PathBuf {
        results.file("slurm")
    }

    /// Reads what [`Submission::write`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Core`].
    pub(crate) fn read(results: &Results) -> Result<Self> {
        let path = Self::folder(results).join("settings.json");
        let text = std::fs::read_to_string(&path).map_err(|e| CoreError::io("read", &path, e))?;
        let parsed = serde_json::from_str(&text);
        Ok(parsed.map_err(|e| CoreError::parse(path.display().to_string(), e))?)
    }

    /// Writes it down for [`Submission::read`].
    ///
    /// # Errors
    /// [`crate::Error::Core`].
    pub(crate) fn write(&self, results: &Results) -> Result<()> {
        create_folder(&Self::folder(results))?;
        let path = Self::folder(results).join("settings.json");
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|e| CoreError::parse(path.display().to_string(), e))?;
        Ok(write_atomic(&path, (text + "\n").as_bytes())?)
    }

    /// What runs are called in words.
    pub(crate) fn runs(&self) -> &'static str {
        match self.measures {
            None => "runs",
            Some(_) => "checkpoints",
        }
    }

    /// What follows on all arrays.
    pub(crate) fn last(&self) -> &'static str {
        match self.measures {
            None => "report",
            Some(_) => "join",
        }
    }

    /// Writes the scripts of arrays for the runs with these indices, and the one that follows on them.
    ///
    /// # Errors
    /// [`crate::Error::Core`] for what cannot be written, or a setting that does not fit in a line.
    pub(crate) fn scripts(&self, results: &Results, runs: &BTreeSet<usize>) -> Result<Scripts> {
        let folder = Self::folder(results);
        create_folder(&folder)?;
        let absolute = results.path().canonicalize();
        let absolute = absolute.map_err(|e| CoreError::io("find", results.path(), e))?;
        let program =
            std::env::current_exe().map_err(|e| CoreError::io("find", "this program", e))?;
        let names = Names {
            sweep: &self.sweep,
            program: &program,
            folder: &absolute,
            backend: &self.backend,
            measures: self.measures.as_ref(),
        };
        let settings = &self.settings;
        let most = settings
            .max_array
            .or_else(queue::max_array_size)
            .unwrap_or(MAX_ARRAY);
        let arrays = arrays(runs, settings.pack as usize, most as usize);
        let mut scripts = Vec::new();
        for (number, array) in arrays.into_iter().enumerate() {
            let path = folder.join(format!("array-{number:03}.sh"));
            write_atomic(&path, script::array(&names, settings, &array)?.as_bytes())?;
            scripts.push((path, array));
        }
        let last = folder.join(format!("{}.sh", self.last()));
        write_atomic(&last, script::last(&names, settings)?.as_bytes())?;
        Ok(Scripts {
            arrays: scripts,
            last,
        })
    }
}

/// Scripts that wait to be submitted.
pub(crate) struct Scripts {
    /// One for each array.
    pub(crate) arrays: Vec<(PathBuf, JobArray)>,
    /// The one that follows when these are over.
    pub(crate) last: PathBuf,
}

impl Scripts {
    /// Submits all of them, and returns the jobs of the arrays and the last one.
    ///
    /// # Errors
    /// [`crate::Error::Environment`] with what sbatch says; what was submitted before is written down.
    pub(crate) fn submit(&self, results: &Results) -> Result<(Vec<String>, String)> {
        let mut jobs = Vec::new();
        for (script, array) in &self.arrays {
            let job = queue::submit(script, &[])?;
            let array = array.clone();
            Submitted {
                job: job.clone(),
                array,
            }
            .write_down(results)?;
            jobs.push(job);
        }
        let last = queue::submit(&self.last, &jobs)?;
        Ok((jobs, last))
    }
}

impl Submitted {
    fn file(results: &Results) -> PathBuf {
        Submission::folder(results).join("jobs.jsonl")
    }

    fn write_down(&self, results: &Results) -> Result<()> {
        let path = Self::file(results);
        let io = |e| CoreError::io("write", &path, e);
        let line = serde_json::to_string(self);
        let line = line.map_err(|e| CoreError::parse(path.display().to_string(), e))? + "\n";
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).append(true).open(&path).map_err(io)?;
        file.write_all(line.as_bytes()).map_err(io)?;
        Ok(file.sync_all().map_err(io)?)
    }

    /// All arrays that were submitted for the folder, the first first; none where none was.
    ///
    /// # Errors
    /// [`crate::Error::Core`] for a line that is not of this form.
    pub(crate) fn all(results: &Results) -> Result<Vec<Self>> {
        let path = Self::file(results);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(CoreError::io("read", &path, e).into()),
        };
        text.lines().map(|line| parse(&path, line)).collect()
    }
}

fn parse(path: &Path, line: &str) -> Result<Submitted> {
    let parsed = serde_json::from_str(line);
    Ok(parsed.map_err(|e| CoreError::parse(path.display().to_string(), e))?)
}
