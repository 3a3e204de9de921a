//! The runs of a sweep in a file, one a line, as every engine trains them.

use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};

use outcrop_core::{Error as CoreError, sha256_hex, write_unless_same};
use outcrop_train::RunSpec;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::design::{Cost, Drawn};
use super::{Profile, Results};
use crate::{Error, Result};

/// The name of the file in a results folder.
const FILE: &str = "manifest.jsonl";
/// What is true of the sweep as a whole.
const ABOUT: &str = "sweep.json";

/// The runs of a sweep: a line of `manifest.jsonl` each.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// What is true of all of them.
    pub about: About,
    /// The runs; the index of each is its place.
    pub lines: Vec<Line>,
}

/// The content of `sweep.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Name of the profile.
    pub name: String,
    /// Its purpose.
    pub description: String,
    /// Version of the tool.
    pub version: String,
    /// Lines of the manifest.
    pub runs: usize,
    /// How they were drawn, where they were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub design: Option<Drawn>,
}

/// A run of a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its place in the manifest, from 0.
    pub index: usize,
    /// The first 16 digits of the SHA-256 of the tool's version, a line break and the spec.
    pub id: String,
    /// Name of the model, also of its run directory.
    pub model: String,
    /// Parameters of the model.
    pub parameters: u64,
    /// Tokens that it is trained on.
    pub tokens: u64,
    /// Floating-point operations of its training.
    pub flops: f64,
    /// The resolved spec, as in `run.toml`.
    pub spec: String,
}

/// What tells lines apart, without their specs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineHead {
    /// As [`Line::index`].
    pub index: usize,
    /// As [`Line::id`].
    pub id: String,
    /// As [`Line::model`].
    pub model: String,
    /// The step of the checkpoint that is measured, where none is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
}

impl LineHead {
    /// The line of a checkpoint that is measured; `what` says with which settings.
    pub(crate) fn of_checkpoint(index: usize, step: u64, what: &str) -> Self {
        let id = sha256_hex(format!("{}\n{what}\n{step}", env!("CARGO_PKG_VERSION")).as_bytes());
        Self {
            index,
            id: id[..16].to_owned(),
            model: format!("step-{step:06}"),
            step: Some(step),
        }
    }
}

impl Line {
    fn new(index: usize, run: &RunSpec) -> Result<Self> {
        let (spec, cost) = (run.to_toml()?, Cost::of(run));
        let id = sha256_hex(format!("{}\n{spec}", env!("CARGO_PKG_VERSION")).as_bytes());
        Ok(Self {
            index,
            id: id[..16].to_owned(),
            model: run.model.clone(),
            parameters: cost.parameters,
            tokens: cost.tokens,
            flops: cost.flops,
            spec,
        })
    }

    /// The run.
    ///
    /// # Errors
    /// [`Error::Train`] for a spec that cannot be read.
    pub fn run(&self) -> Result<RunSpec> {
        Ok(RunSpec::from_toml(&self.spec)?)
    }
}

impl Manifest {
    /// The runs of a profile.
    ///
    /// # Errors
    /// [`Error::Train`] for a number that TOML cannot hold.
    pub fn new(profile: &Profile) -> Result<Self> {
        let lines = profile.runs.iter().enumerate();
        Ok(Self {
            about: About {
                name: profile.name.clone(),
                description: profile.description.clone(),
                version: env!("CARGO_PKG_VERSION").into(),
                runs: profile.runs.len(),
                design: profile.design.clone(),
            },
            lines: lines
                .map(|(i, run)| Line::new(i, run))
                .collect::<Result<_>>()?,
        })
    }

    /// The manifest in a results folder.
    pub fn file(results: &Results) -> PathBuf {
        results.file(FILE)
    }

    /// The profile, as far as the manifest knows it.
    ///
    /// # Errors
    /// As [`Line::run`].
    pub fn profile(&self) -> Result<Profile> {
        Ok(Profile {
            name: self.about.name.clone(),
            description: self.about.description.clone(),
            runs: self.runs()?,
            design: self.about.design.clone(),
        })
    }

    /// The runs, read back from the lines.
    ///
    /// # Errors
    /// As [`Line::run`].
    pub fn runs(&self) -> Result<Vec<RunSpec>> {
        let runs: Vec<Result<RunSpec>> = self.lines.par_iter().map(Line::run).collect();
        runs.into_iter().collect()
    }

    /// Writes `manifest.jsonl` and `sweep.json` into the folder.
    ///
    /// # Errors
    /// [`Error::Core`].
    pub fn write(&self, results: &Results) -> Result<()> {
        write_lines(results, &self.lines)?;
        let about = serde_json::to_string_pretty(&self.about);
        let named = |e| CoreError::parse(ABOUT, e);
        let about = about.map_err(named)? + "\n";
        Ok(write_unless_same(&results.file(ABOUT), about.as_bytes())?)
    }

    /// Checks, where jobs of SLURM were submitted, that the manifest in the folder has no other run than this at any
    /// index, so that jobs that wait for their turn train what they were submitted for.
    ///
    /// # Errors
    /// [`Error::Core`] with the first line that differs.
    pub fn check_extends(&self, results: &Results) -> Result<()> {
        let ids: Vec<&str> = self.lines.iter().map(|line| line.id.as_str()).collect();
        check_extends(results, &ids)
    }

    /// Reads what [`Manifest::write`] wrote.
    ///
    /// # Errors
    /// [`Error::Core`] for a file that is not there or not of this form.
    pub fn read(results: &Results) -> Result<Self> {
        let path = Self::file(results);
        let lines = lines(&path, 0..usize::MAX)?;
        let about = results.file(ABOUT);
        let text = std::fs::read_to_string(&about).map_err(|e| CoreError::io("read", &about, e))?;
        let parse = |e| CoreError::parse(about.display().to_string(), e);
        Ok(Self {
            about: serde_json::from_str(&text).map_err(parse)?,
            lines,
        })
    }
}

/// Writes a line for each of `lines` into `manifest.jsonl`.
pub(crate) fn write_lines(results: &Results, lines: &[impl Serialize]) -> Result<()> {
    let path = Manifest::file(results);
    let json = |e: serde_json::Error| CoreError::parse(path.display().to_string(), e);
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line).map_err(json)?;
        text.push(b'\n');
    }
    Ok(write_unless_same(&path, &text)?)
}

/// As [`Manifest::check_extends`], of lines with these ids.
pub(crate) fn check_extends(results: &Results, ids: &[&str]) -> Result<()> {
    let path = Manifest::file(results);
    if !path.exists() || !results.file("slurm/jobs.jsonl").exists() {
        return Ok(());
    }
    let held = heads(&path)?;
    let same = |head: &&LineHead| ids.get(head.index).is_some_and(|id| *id == head.id);
    match held.iter().find(|head| !same(head)) {
        None => Ok(()),
        Some(head) => {
            let reason = format!(
                "its line {} is {} ({}), which is no longer there, and jobs were submitted for it; choose another folder",
                head.index + 1,
                head.model,
                head.id
            );
            Err(CoreError::parse(path.display().to_string(), reason).into())
        }
    }
}

/// The lines of a manifest with these indices.
///
/// # Errors
/// [`Error::Core`] for a file that cannot be read or a line that is not of this form.
pub fn lines(path: &Path, indices: Range<usize>) -> Result<Vec<Line>> {
    read(path, indices)
}

/// All lines of a manifest without their specs.
///
/// # Errors
/// As [`lines`].
pub fn heads(path: &Path) -> Result<Vec<LineHead>> {
    read(path, 0..usize::MAX)
}

/// Those with these indices.
///
/// # Errors
/// As [`lines`].
pub(crate) fn heads_at(path: &Path, indices: Range<usize>) -> Result<Vec<LineHead>> {
    read(path, indices)
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path, indices: Range<usize>) -> Result<Vec<T>> {
    let io = |e| Error::from(CoreError::io("read", path, e));
    let file = std::fs::File::open(path).map_err(io)?;
    let mut found = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(io)?;
        if number >= indices.end {
            break;
        }
        if number >= indices.start {
            let place = || format!("{}, line {}", path.display(), number + 1);
            found.push(serde_json::from_str(&line).map_err(|e| CoreError::parse(place(), e))?);
        }
    }
    Ok(found)
}
