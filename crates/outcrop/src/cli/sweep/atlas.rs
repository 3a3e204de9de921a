//! The finished runs of a sweep as a folder for others.

use std::path::PathBuf;

use outcrop_train::Environment;

use super::{Folder, results_of_runs};
use crate::Result;
use crate::cli::output::{folder, print};
use crate::cli::{clock, stop};
use crate::pipeline::{Atlas, Manifest, corpora, workspace};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    sweep: Folder,
    /// The folder to write.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let results = results_of_runs(&args.sweep.folder)?;
    folder(&args.out, "--out")?;
    let _lock = results.claim(&[], &clock::holder("sweep atlas"))?;
    let manifest = Manifest::read(&results)?;
    let stop = stop::on_signal(stop::TRAINING)?;
    let environment = Environment {
        stop,
        ..corpora(workspace()?.as_deref(), results.path())
    };
    let command = format!(
        "outcrop sweep {} --engine local, then outcrop sweep atlas",
        manifest.about.name
    );
    let atlas = Atlas::write(&manifest, &results, &environment, &args.out, &command)?;
    print(&format!(
        "{}: {} of {} runs, {} architectures, {} layers",
        args.out.display(),
        atlas.finished,
        atlas.runs,
        atlas.architectures,
        atlas.layers
    ));
    Ok(())
}
