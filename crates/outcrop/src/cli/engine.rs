use clap::ValueEnum;

/// What works through a list of runs or checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// This process.
    Local,
    /// Job arrays of SLURM.
    Slurm,
}
