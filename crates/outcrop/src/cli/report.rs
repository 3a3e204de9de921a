use std::path::PathBuf;

use outcrop_core::{Provenance, Trajectory, TrajectoryOptions, table};
use outcrop_report::{Inputs, write_report};

use super::output::{print, say};
use crate::Result;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop report runs/quick
  outcrop report runs/mine --out mine-report     a single run: what can be drawn is drawn

Reads whichever of these tables are there: architectures.csv, measurements.csv, trajectories.csv,
fits.csv, curves.csv, loss.csv, scores.csv, predictions.csv, provenance.json.")]
pub(crate) struct Args {
    /// A folder with tables.
    folder: PathBuf,
    /// Where report.html and figures/ go [default: FOLDER/report].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Title of the page.
    #[arg(long)]
    title: Option<String>,
    /// Draw steps too that an audit suspects.
    #[arg(long)]
    include_suspect: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let title = args.title.clone();
    let inputs = Inputs {
        title: title.unwrap_or_else(|| format!("Massive activations: {}", args.folder.display())),
        ..read(args)?
    };
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| args.folder.join("report"));
    let written = write_report(&inputs, &out)?;
    print(&format!("report: {}", written.html.display()));
    Ok(())
}

fn read(args: &Args) -> Result<Inputs> {
    let file = |name: &str| Some(args.folder.join(name)).filter(|p| p.is_file());
    let mut inputs = Inputs::default();
    if let Some(path) = file("architectures.csv") {
        inputs.archs = good(table::architectures(&path)?);
    }
    if let Some(path) = file("measurements.csv") {
        inputs.measurements = good(table::measurements(&path)?);
        let kept = |suspect: &Option<String>| args.include_suspect || suspect.is_none();
        inputs.measurements.retain(|row| kept(&row.suspect));
    }
    inputs.trajectories = match file("trajectories.csv") {
        Some(path) => good(table::trajectories(&path)?),
        None => {
            let options = TrajectoryOptions {
                include_suspect: args.include_suspect,
                ..TrajectoryOptions::default()
            };
            Trajectory::from_measurements(&inputs.measurements, options)
        }
    };
    if let Some(path) = file("fits.csv") {
        inputs.fits = good(table::read_rows(&path)?);
    }
    if let Some(path) = file("curves.csv") {
        inputs.curves = good(table::read_rows(&path)?);
    }
    if let Some(path) = file("loss.csv") {
        inputs.losses = good(table::read_rows(&path)?);
    }
    if let Some(path) = file("scores.csv") {
        inputs.scores = good(table::read_rows(&path)?);
    }
    if let Some(path) = file("predictions.csv") {
        inputs.predictions = good(table::read_rows(&path)?);
    }
    if let Some(path) = file("provenance.json") {
        inputs.provenance = Provenance::read(&path)?;
    }
    Ok(inputs)
}

/// The good rows; the others are named.
fn good<T>(loaded: table::Loaded<T>) -> Vec<T> {
    for problem in &loaded.problems {
        say(&format!("warning: {problem}; the row was left out"));
    }
    loaded.rows
}
