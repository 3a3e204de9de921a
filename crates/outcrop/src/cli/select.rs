//! Arguments that choose among several checkpoints.

use outcrop_checkpoint::Select;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The stage, seed or run, if names have several: `stage1` of `stage1-step1000`, `none` for names without one.
    #[arg(long, value_name = "NAME")]
    pub(crate) stage: Option<String>,
    /// These revisions of a model on the hub or in its cache, by name.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) revision: Vec<String>,
    /// Number of steps of one count, if names count saves or epochs (`ckpt_012`, `epoch_3`, `1000`).
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    steps_per_count: Option<u64>,
}

impl Args {
    pub(crate) fn select(&self) -> Select {
        Select {
            stage: self.stage.clone(),
            revisions: self.revision.clone(),
            steps_per_count: self.steps_per_count,
        }
    }
}
