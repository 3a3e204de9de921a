use serde::{Deserialize, Serialize};

/// What a job array asks of the cluster.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[command(next_help_heading = "Options of SLURM")]
pub(crate) struct Settings {
    /// Time limit of an element of the array, such as 02:00:00 [default: the partition's].
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// Cores of an element.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) cpus: u16,
    /// Memory of an element, such as 4G.
    #[arg(long, value_name = "SIZE")]
    pub(crate) mem: Option<String>,
    /// GPUs of an element, such as 1 or a100:1.
    #[arg(long, value_name = "GPUS")]
    pub(crate) gpus: Option<String>,
    /// The partition.
    #[arg(long, value_name = "NAME")]
    pub(crate) partition: Option<String>,
    /// The account.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// The quality of service.
    #[arg(long, value_name = "NAME")]
    pub(crate) qos: Option<String>,
    /// Features that a node must have.
    #[arg(long, value_name = "FEATURES")]
    pub(crate) constraint: Option<String>,
    /// Another option of sbatch, such as exclude=node7 or exclusive; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) sbatch: Vec<String>,
    /// Elements of an array that run at a time [default: as many as the site allows].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) parallel: Option<u32>,
    /// Runs in an element, for runs that are short.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pack: u32,
    /// How often a run is started again without having come further, before it is given up.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) retries: u32,
    /// Seconds before the time limit at which a run writes its checkpoint and the element is queued again.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) ahead: u32,
    /// The site's MaxArraySize [default: what scontrol says, else 1001].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_array: Option<u32>,
}
