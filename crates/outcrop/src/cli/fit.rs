use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use outcrop_core::{Error as CoreError, Ratio, Trajectory, table};
use outcrop_fit::{Options, Weighting};

use super::output::{Format, say, write_rows};
use crate::Result;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop fit runs/mine                                      a run directory
  outcrop fit measurements.csv --out fits.csv --format csv
  outcrop fit trajectories.csv --weights raw                 least squares, as in the paper
  cat trajectories.csv | outcrop fit - --format json

A table is either of measurements (model,step,sequence,layer,top1,top2,top3,median) or of
trajectories (model,layer,step,ratio). A layer that cannot be fitted has a row with the reason.")]
pub(crate) struct Args {
    /// A table, a folder with one, or `-` for standard input.
    input: PathBuf,
    /// Where the fits go [default: standard output].
    #[arg(long, short)]
    out: Option<PathBuf>,
    /// Also write points of every fitted curve to this CSV file.
    #[arg(long)]
    curves: Option<PathBuf>,
    /// How residuals are weighted.
    #[arg(long, value_enum, default_value_t)]
    weights: Weights,
    /// How the ratio is averaged over sequences.
    #[arg(long, value_enum, default_value_t)]
    ratio: Average,
    /// Form of the fits.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Weights {
    /// Iteratively reweighted by 1/f^2: relative residuals.
    #[default]
    Relative,
    /// Plain least squares, as in the paper.
    Raw,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Average {
    /// mean(max) / mean(median), Eq. 8 of the paper.
    #[default]
    MeanOverMean,
    /// mean(max / median).
    MeanOfRatios,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let ratio = match args.ratio {
        Average::MeanOverMean => Ratio::MeanOverMean,
        Average::MeanOfRatios => Ratio::MeanOfRatios,
    };
    let trajectories = read(&args.input, ratio)?;
    let options = match args.weights {
        Weights::Relative => Options::default().with_weighting(Weighting::Relative),
        Weights::Raw => Options::paper(),
    };
    let fitted = outcrop_fit::fit_all(&trajectories, &options);
    let fits: Vec<_> = fitted.iter().flat_map(|t| t.fits.iter().cloned()).collect();
    write_rows(&fits, args.format, args.out.as_deref())?;
    if let Some(path) = &args.curves {
        let points: Vec<_> = fitted.into_iter().flat_map(|t| t.curves).collect();
        write_rows(&points, Format::Csv, Some(path))?;
    }
    Ok(())
}

/// The trajectories in a table of either kind; bad rows are named on standard error.
fn read(input: &Path, ratio: Ratio) -> Result<Vec<Trajectory>> {
    let (text, context) = match input {
        path if path == Path::new("-") => {
            let mut text = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut text);
            read.map_err(|e| CoreError::io("read", "standard input", e))?;
            (text, "standard input".to_owned())
        }
        path => {
            let file = match path.join("measurements.csv") {
                inner if path.is_dir() => inner,
                _ => path.to_owned(),
            };
            let text = std::fs::read(&file).map_err(|e| CoreError::io("read", &file, e))?;
            (text, file.display().to_string())
        }
    };
    let header = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let columns = String::from_utf8_lossy(header).into_owned();
    let (trajectories, problems) = if columns.split(',').any(|c| c.trim() == "top1") {
        let loaded = table::measurements_from(text.as_slice(), &context)?;
        (
            Trajectory::from_measurements(&loaded.rows, ratio),
            loaded.problems,
        )
    } else {
        let loaded = table::trajectories_from(text.as_slice(), &context)?;
        (loaded.rows, loaded.problems)
    };
    for problem in problems {
        say(&format!(
            "warning: {context}, {problem}; the row was left out"
        ));
    }
    Ok(trajectories)
}
