//! A series that the elements of a job array measure, each checkpoint into a folder of its own, and the tables of all
//! elements as those of one process.

mod element;
mod join;
mod start;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::origin::{self, Listed};
use super::out_folder::OutFolder;
use super::{Args, Work, measure};
use crate::cli::engine::Engine;
use crate::cli::given::Given;
use crate::cli::stop;
use crate::cluster::Settings;
use crate::pipeline::Results;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArgs {
    /// What measures: this process, or job arrays of SLURM, whose tables are joined when all elements are over.
    #[arg(long, value_enum, default_value = "local")]
    engine: Engine,
    /// Only write the tables of what elements of --engine slurm have measured; the job after them does it.
    #[arg(long, conflicts_with = "engine")]
    join: bool,
    /// The first checkpoint of an element.
    #[arg(long, hide = true, requires = "out", conflicts_with_all = ["engine", "join"])]
    index: Option<usize>,
    /// Checkpoints from there on.
    #[arg(long, hide = true, default_value_t = 1, requires = "index")]
    count: usize,
    #[command(flatten)]
    settings: Given<Settings>,
}

/// Measures here what is asked of this process, or hands all of it to a cluster.
pub(super) fn run(args: &Args) -> Result<()> {
    let cluster = &args.cluster;
    if let Some(index) = cluster.index {
        return element::measure_lines(args, index);
    }
    if cluster.engine == Engine::Slurm {
        return start::submit_elements(args);
    }
    cluster.settings.refuse("--engine slurm")?;
    let stop = stop::on_signal("stopping after this checkpoint (once more to stop at once)")?;
    match cluster.join {
        true => join::join(args, &stop),
        false => measure(args, &stop, Work::default()),
    }
}

/// The folder beside that of the tables in which elements work.
fn parts(out: &OutFolder) -> Results {
    let mut name = out.folder.clone().into_os_string();
    name.push(".parts");
    Results::new(PathBuf::from(name))
}

/// The checkpoints that the arguments name, the model, and the folder of its tables.
struct Target {
    series: Listed,
    model: String,
    /// The model and its stage.
    name: String,
    out: OutFolder,
}

impl Target {
    fn of(args: &Args, stop: &Arc<AtomicBool>) -> Result<Self> {
        let series = origin::listed(&args.origin, stop).map_err(Error::or_interrupted)?;
        let model = args.model.clone().unwrap_or_else(|| series.name.clone());
        let name = origin::with_stage(&model, series.stage.as_ref());
        Ok(Self {
            out: OutFolder::new(args.out.as_deref(), &name),
            series,
            model,
            name,
        })
    }
}
