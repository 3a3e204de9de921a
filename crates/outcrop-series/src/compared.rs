//! What the steps of a series are compared with, in the folder `compared`: the top channels of every step, and the
//! kernels of the first and of the last. What is gone or altered there is not known, so that nothing is compared with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::{Error as CoreError, read_sealed, sha256_file, write_sealed};
use outcrop_forward::{FirstStep, StepChannels, StepKernels};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::key::Key;
use crate::rows::StepRows;

/// The folder.
#[derive(Debug)]
pub(crate) struct Compared {
    path: PathBuf,
    /// The kernels of the first step, once they were read.
    first: Option<StepKernels>,
    /// Those of the step before.
    before: Option<StepKernels>,
    channels: Option<StepChannels>,
}

/// The file of a step.
#[derive(Serialize, Deserialize)]
struct OfStep {
    channels: Option<StepChannels>,
    /// Of the file of its kernels.
    kernels_sha256: Option<String>,
}

impl Compared {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            first: None,
            before: None,
            channels: None,
        }
    }

    fn file(&self, step: u64, ending: &str) -> PathBuf {
        self.path.join(format!("step-{step}.{ending}"))
    }

    /// Keeps what a step gave, if there is anything.
    pub(crate) fn keep(&self, step: u64, rows: &StepRows) -> Result<()> {
        if rows.channels.is_none() && rows.kernels.is_none() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.path).map_err(|e| CoreError::io("create", &self.path, e))?;
        let kernels = self.file(step, "safetensors");
        let kernels_sha256 = match &rows.kernels {
            None => None,
            Some(of_step) => {
                of_step.write(&kernels)?;
                Some(sha256_file(&kernels)?)
            }
        };
        let of_step = OfStep {
            channels: rows.channels.clone(),
            kernels_sha256,
        };
        Ok(write_sealed(&self.file(step, "json"), &of_step)?)
    }

    fn of_step(&self, step: u64) -> Option<OfStep> {
        read_sealed(&self.file(step, "json")).ok()
    }

    /// The top channels of a step, where they are known.
    pub(crate) fn channels(&self, step: u64) -> Option<StepChannels> {
        self.of_step(step)?.channels
    }

    /// Its kernels, where they are known.
    fn kernels(&self, step: u64) -> Option<StepKernels> {
        let (path, sha256) = (
            self.file(step, "safetensors"),
            self.of_step(step)?.kernels_sha256?,
        );
        let is_whole = sha256_file(&path).is_ok_and(|found| found == sha256);
        StepKernels::read(&path, step).ok().filter(|_| is_whole)
    }

    /// What `step` is compared with, of the `steps` that were measured.
    pub(crate) fn earlier(
        &mut self,
        step: u64,
        steps: &BTreeMap<u64, Key>,
    ) -> outcrop_forward::Earlier<'_> {
        let before = steps.range(..step).next_back().map(|(step, _)| *step);
        let known = |kernels: &Option<StepKernels>| kernels.as_ref().map(|kernels| kernels.step);
        if known(&self.before) != before {
            self.before = before.and_then(|before| self.kernels(before));
        }
        self.channels = before.and_then(|before| self.channels(before));
        let first = steps.first_key_value().map(|(step, _)| *step);
        if known(&self.first) != first {
            self.first = first.and_then(|first| self.kernels(first));
        }
        outcrop_forward::Earlier {
            channels: self.channels.as_ref(),
            before: self.before.as_ref(),
            first: match (first, &self.first) {
                (None, _) => FirstStep::This,
                (Some(first), Some(kernels)) if first < step => FirstStep::Earlier(kernels),
                (Some(_), _) => FirstStep::Unknown,
            },
        }
    }

    /// Removes the kernels of all steps but the first and the last: no step to come is compared with them.
    pub(crate) fn prune(&self, steps: &BTreeMap<u64, Key>) -> Result<()> {
        let Ok(files) = std::fs::read_dir(&self.path) else {
            return Ok(());
        };
        let kept = [steps.first_key_value(), steps.last_key_value()];
        let kept = kept.map(|of| of.map(|(step, _)| self.file(*step, "safetensors")));
        let kernels = files.flatten().map(|file| file.path());
        let kernels = kernels.filter(|path| path.extension().is_some_and(|e| e == "safetensors"));
        for path in kernels.filter(|path| !kept.contains(&Some(path.clone()))) {
            remove(&path)?;
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<()> {
    Ok(std::fs::remove_file(path).map_err(|e| CoreError::io("remove", path, e))?)
}
