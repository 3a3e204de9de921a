//! Arguments that choose the checkpoints to measure.

use std::path::PathBuf;

use super::super::select;
use super::hub;

/// The last step of the series `pythia`.
pub(super) const PYTHIA_LAST: u64 = 143_000;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A checkpoint or its weight file, a folder of checkpoints by step, a run directory, or a model in
    /// the hub's cache.
    #[arg(required_unless_present = "hub", conflicts_with = "hub")]
    pub(super) path: Option<PathBuf>,
    /// Measure the revisions `stepN`, or those of --revision, of this model on the Hugging Face hub
    /// (HF_ENDPOINT names another one, HF_TOKEN a token).
    #[arg(long, value_name = "ORGANISATION/NAME")]
    pub(super) hub: Option<String>,
    /// Only these steps: `pythia`, or an expression such as `0,1,512,every:1000` [default: all in the folder; `pythia`
    /// with --hub].
    #[arg(long, value_name = "STEPS", conflicts_with = "revision")]
    pub(super) steps: Option<String>,
    /// The step of a single checkpoint whose name gives none.
    #[arg(long, value_name = "STEP", default_value_t = 0)]
    pub(super) step: u64,
    #[command(flatten)]
    pub(super) select: select::Args,
    /// The config.json of the model, instead of the one in its folder or beside its series.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) on_hub: hub::Args,
}
