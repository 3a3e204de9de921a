//! Arguments that choose the checkpoints to measure.

use std::path::PathBuf;

use super::super::select;
use super::hub;
use crate::{Error, Result};

/// The last step of the series `pythia`.
pub(super) const PYTHIA_LAST: u64 = 143_000;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A checkpoint or its weight file, a folder of checkpoints by step, a run directory, or a model in
    /// the hub's cache.
    #[arg(required_unless_present = "origin", conflicts_with = "origin")]
    pub(super) path: Option<PathBuf>,
    /// Measure the branches and tags of this model on the Hugging Face hub whose names give steps, or those
    /// of --revision (HF_ENDPOINT names another hub, HF_TOKEN a token). With `*` in NAME, the models
    /// that fit are a run with a repository for each step.
    #[arg(long, value_name = "ORGANISATION/NAME", group = "origin")]
    pub(super) hub: Option<String>,
    /// Measure the models that this file lists, ORGANISATION/NAME or ORGANISATION/NAME@REVISION a line, whose
    /// names give their steps.
    #[arg(
        long,
        value_name = "FILE",
        group = "origin",
        conflicts_with = "revision"
    )]
    pub(super) hub_list: Option<PathBuf>,
    /// Only these steps: `pythia`, or an expression such as `0,1,512,every:1000` [default: all that
    /// are there].
    #[arg(long, value_name = "STEPS", conflicts_with = "revision")]
    pub(super) steps: Option<String>,
    /// The step of a single checkpoint whose name and files give none [default: 0].
    #[arg(long, value_name = "STEP")]
    step: Option<u64>,
    /// Say what would be measured, and what would be fetched, and end.
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) select: select::Args,
    /// How many steps the stages before --stage have, for `fit --join-stages` [default: as the hub's list
    /// of revisions says].
    #[arg(long, value_name = "STEPS")]
    pub(super) stage_begins: Option<u64>,
    /// The config.json of the model, instead of the one in its folder or beside its series.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) on_hub: hub::Args,
}

impl Args {
    /// The step of a checkpoint that has none.
    pub(super) fn step(&self) -> u64 {
        self.step.unwrap_or(0)
    }

    /// Refuses what does nothing for checkpoints of which some have a step, or a stage, or not.
    pub(super) fn check(&self, has_step: bool, has_stage: bool) -> Result<()> {
        let refused = [
            (
                "--step",
                self.step.is_some() && has_step,
                "a checkpoint whose name and files give no step",
            ),
            (
                "--stage-begins",
                self.stage_begins.is_some() && !has_stage,
                "a stage in the names of the checkpoints",
            ),
        ];
        match refused.into_iter().find(|(_, is_idle, _)| *is_idle) {
            None => Ok(()),
            Some((option, _, without)) => Err(Error::Idle {
                option: option.to_owned(),
                without,
            }),
        }
    }
}
