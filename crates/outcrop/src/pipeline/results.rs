use std::path::{Path, PathBuf};

use outcrop_core::{
    FolderLock, LossPoint, Measurement, NamedArch, TrainingEvent, check_writable, remove_leftovers,
    table,
};
use outcrop_report::FIGURE_FOLDERS;
use outcrop_train::{RunDir, RunSpec};

use crate::Result;

/// The folder with everything that `outcrop reproduce` makes: run directories, tables, report.
#[derive(Clone, Debug)]
pub struct Results {
    path: PathBuf,
}

impl Results {
    /// The results at `path`, whether or not they are there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A table or other file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder of all run directories.
    pub fn runs(&self) -> PathBuf {
        self.file("runs")
    }

    /// The run directory of a model.
    pub fn run(&self, model: &str) -> RunDir {
        RunDir::new(self.runs().join(model))
    }

    /// Checks, before any work, that everything can be written, that no run directory holds another run, and that no
    /// other process works here; removes partial files of killed processes. The folder is locked for `holder` until the
    /// lock is dropped.
    ///
    /// # Errors
    /// [`crate::Error::Core`], [`crate::Error::Train`].
    pub fn claim(&self, runs: &[RunSpec], holder: &str) -> Result<FolderLock> {
        check_writable(&self.path)?;
        let lock = FolderLock::acquire(&self.path, holder)?;
        let report = self.file("report");
        let figures = FIGURE_FOLDERS.map(|name| report.join(name));
        let others = [self.path.clone(), self.runs(), self.file("tokenizers")];
        for folder in others.iter().chain(&figures).chain([&report]) {
            remove_leftovers(folder)?;
        }
        if !runs.is_empty() {
            check_writable(&self.runs())?;
        }
        for run in runs {
            let dir = self.run(&run.model);
            if dir.path().exists() {
                dir.check(run)?;
            }
        }
        Ok(lock)
    }

    /// The folders of the finished runs, in the order of `runs`.
    ///
    /// # Errors
    /// [`crate::Error::Train`] for a state that cannot be read.
    pub fn finished(&self, runs: &[RunSpec]) -> Result<Vec<PathBuf>> {
        let dirs = runs.iter().map(|run| self.run(&run.model));
        let mut finished = Vec::new();
        for dir in dirs {
            if dir.state()?.finished {
                finished.push(dir.path().to_owned());
            }
        }
        Ok(finished)
    }

    /// The architectures of the finished runs, their measurements and losses, in the order of
    /// `runs`.
    ///
    /// # Errors
    /// [`crate::Error::Core`] for a table that cannot be read.
    pub fn gather(&self, runs: &[RunSpec]) -> Result<Gathered> {
        let mut gathered = Gathered::default();
        for run in runs {
            let dir = self.run(&run.model);
            if !dir.state()?.finished {
                continue;
            }
            gathered.archs.push(NamedArch {
                model: run.model.clone(),
                arch: run.arch.clone(),
            });
            gathered
                .measurements
                .extend(table::measurements(&dir.measurements())?.rows);
            gathered
                .losses
                .extend(table::read_rows::<LossPoint>(&dir.loss())?.rows);
            gathered.events.extend(run.training_events());
        }
        Ok(gathered)
    }
}

/// Measurements of the finished runs.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Their architectures.
    pub archs: Vec<NamedArch>,
    /// Their measurements, run after run.
    pub measurements: Vec<Measurement>,
    /// Their losses, run after run.
    pub losses: Vec<LossPoint>,
    /// What their specs change in the middle of a run.
    pub events: Vec<TrainingEvent>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_processes_left_goes_from_every_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [
            "",
            "runs",
            "tokenizers",
            "report",
            "report/figures",
            "report/figures/print",
        ];
        for folder in folders {
            let folder = dir.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(".partial-dead"), "half").unwrap();
            std::fs::write(folder.join("whole"), "whole").unwrap();
        }
        let _lock = Results::new(dir.path()).claim(&[], "us").unwrap();
        for folder in folders {
            let folder = dir.path().join(folder);
            assert!(!folder.join(".partial-dead").exists(), "{folder:?}");
            assert!(folder.join("whole").exists(), "{folder:?}");
        }
    }
}
