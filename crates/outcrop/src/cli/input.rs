//! Trajectories from any input that the user names; problems go to standard error.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use outcrop_core::table::{Loaded, Streamed};
use outcrop_core::{
    Error as CoreError, Fit, Ratio, Stages, Trajectory, TrajectoryOptions, open_trajectories,
    open_trajectories_from, published,
};

use super::output::say;
use super::voice::detail;
use crate::{Error, Result};

#[derive(clap::Args)]
pub(crate) struct Input {
    /// A table, a run directory, a folder of results, the published data set, or `-` for standard
    /// input.
    input: PathBuf,
    /// How the ratio is averaged over sequences.
    #[arg(long, value_enum, default_value_t)]
    ratio: Average,
    /// Include steps that an audit suspects, such as copies of other steps.
    #[arg(long)]
    include_suspect: bool,
    /// Only these stages of a run that has several; `none` for rows without one.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    stage: Vec<String>,
    /// Join the stages of a run into one trajectory, steps counted from its beginning.
    #[arg(long)]
    join_stages: bool,
}

/// How the ratio is averaged over sequences.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Average {
    /// mean(max) / mean(median), Eq. 8 of the paper.
    #[default]
    MeanOverMean,
    /// mean(max / median).
    MeanOfRatios,
}

impl Average {
    pub(crate) fn ratio(self) -> Ratio {
        match self {
            Self::MeanOverMean => Ratio::MeanOverMean,
            Self::MeanOfRatios => Ratio::MeanOfRatios,
        }
    }
}

/// Trajectories one after another. One that cannot be read ends them; see [`Trajectories::failure`].
pub(crate) struct Trajectories {
    items: outcrop_core::Trajectories,
    failure: Failure,
    /// Problems so far.
    problems: usize,
    /// Fits that came with the input.
    pub(crate) published: Vec<Fit>,
}

/// The error that ended the reading, if any.
#[derive(Clone, Default)]
pub(crate) struct Failure(Arc<Mutex<Option<Error>>>);

impl Failure {
    fn set(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Fails if the reading did.
    pub(crate) fn check(&self) -> Result<()> {
        let mut failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take().map_or(Ok(()), Err)
    }
}

impl Input {
    /// Which stages of a run are taken.
    pub(crate) fn stages(&self) -> Stages {
        Stages {
            only: self.stage.clone(),
            join: self.join_stages,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> String {
        self.input.display().to_string()
    }

    /// What was named.
    pub(crate) fn path(&self) -> &Path {
        &self.input
    }

    /// Its path, if it is a run directory or results folder.
    pub(crate) fn folder(&self) -> Option<&Path> {
        let folder = Some(self.input.as_path());
        folder.filter(|path| path.is_dir() && !published::recognise(path))
    }

    pub(crate) fn open(&self) -> Result<Trajectories> {
        let options = TrajectoryOptions {
            ratio: self.ratio.ratio(),
            include_suspect: self.include_suspect,
            stages: self.stages(),
        };
        detail(|| {
            let what = match self.input.is_dir() {
                true => "the tables of a folder, or the published data set",
                false => "a table",
            };
            format!("reading {}: {what}", self.input.display())
        });
        let mut items = if self.input == Path::new("-") {
            open_trajectories_from(std::io::stdin(), "standard input", options)?
        } else {
            open_trajectories(&self.input, options)?
        };
        Ok(Trajectories {
            published: std::mem::take(&mut items.fits),
            items,
            failure: Failure::default(),
            problems: 0,
        })
    }
}

/// Problems that are shown one by one.
const SHOWN: usize = 20;

impl Trajectories {
    fn conclude(&mut self) {
        let more = std::mem::take(&mut self.problems).saturating_sub(SHOWN);
        if more > 0 {
            say(&format!("warning: {more} more problems of that table"));
        }
    }

    /// Checked after the last trajectory.
    pub(crate) fn failure(&self) -> Failure {
        self.failure.clone()
    }
}

impl Iterator for Trajectories {
    type Item = Trajectory;

    fn next(&mut self) -> Option<Trajectory> {
        loop {
            let Some(item) = self.items.next() else {
                self.conclude();
                return None;
            };
            match item {
                Ok(Streamed::Row(trajectory)) => return Some(trajectory),
                Ok(Streamed::Problem(problem)) => {
                    self.problems += 1;
                    if self.problems <= SHOWN {
                        say(&format!("warning: {problem}"));
                    }
                }
                Err(error) => {
                    self.failure.set(error.into());
                    return None;
                }
            }
        }
    }
}

/// The good rows of the table at `path`; the others are named. A table with only bad rows is an error.
pub(crate) fn good_rows<T>(path: &Path, loaded: Loaded<T>) -> Result<Vec<T>> {
    let context = path.display().to_string();
    let mut of_rows = loaded.problems.iter().filter(|problem| problem.line > 1);
    if let (true, Some(first)) = (loaded.rows.is_empty(), of_rows.next()) {
        let reason = format!("none of its rows could be read; {first}");
        return Err(CoreError::parse(context, reason).into());
    }
    for problem in loaded.problems.iter().take(SHOWN) {
        say(&format!("warning: {context}, {problem}"));
    }
    let more = loaded.problems.len().saturating_sub(SHOWN);
    if more > 0 {
        say(&format!("warning: {more} more problems of {context}"));
    }
    Ok(loaded.rows)
}

/// Goes on as long as all is well.
pub(crate) fn flow(outcome: &Result<()>) -> ControlFlow<()> {
    if outcome.is_ok() {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}
