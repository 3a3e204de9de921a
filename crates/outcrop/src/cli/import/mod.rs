//! `outcrop import`: one file and one row of [`FORMATS`] for each format.

mod max_act_llm;
mod pythia;

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use outcrop_core::{Error as CoreError, Provenance};

use super::input::Average;
use super::output::folder;
use crate::Result;

/// Statistics that others published.
const FORMATS: [&Format; 2] = [&pythia::FORMAT, &max_act_llm::FORMAT];

/// A form in which statistics are published.
struct Format {
    /// Its name in `--format`.
    name: &'static str,
    /// Its files.
    about: &'static str,
    /// Where they are published.
    source: &'static str,
    /// Whether a path holds it, by names alone.
    recognise: fn(&Path) -> bool,
    import: fn(&Args) -> Result<()>,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop import pythia-massive-activations --out runs/published
  outcrop fit runs/published
  outcrop report runs/published
  outcrop import Max_act_llm/results/Qwen2.5 --format max-act-llm --out runs/qwen

Formats:
  pythia-massive-activations   pythia_<size>/stats/exp2_pythia_<size>_step<N> and pythia_<size>/params/*.json, or a part
                               of them: measurements, ratios and fits. Malformed files are named and left out. Where
                               parameters were published, comparison.csv compares them with the optimum of the same
                               least-squares problem.
  max-act-llm                  MODEL_activation_stats.json and MODEL_top5_stats.json: observables.csv, with moments and
                               the largest magnitudes over all positions of all sequences. What does not fit together is
                               refused.

provenance.json names the source.")]
pub(crate) struct Args {
    /// The statistics as downloaded, or a part of them.
    dir: PathBuf,
    /// The folder for the tables.
    #[arg(long, short, value_name = "DIR", default_value = "imported")]
    out: PathBuf,
    /// Their format [default: the one that the names of the files are of].
    #[arg(long, value_parser = PossibleValuesParser::new(FORMATS.map(|format| format.name)))]
    format: Option<String>,
    /// How the ratio is averaged over sequences.
    #[arg(long, value_enum, default_value_t)]
    ratio: Average,
    /// The step of checkpoints whose names and files give none [default: 0].
    #[arg(long, value_name = "STEP")]
    step: Option<u64>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    folder(&args.out, "--out")?;
    (format(args)?.import)(args)
}

/// The format that was asked for, or the one of the files.
fn format(args: &Args) -> Result<&'static Format> {
    if let Some(name) = &args.format {
        let named = FORMATS.iter().find(|format| format.name == name);
        return Ok(named.copied().unwrap_or(&pythia::FORMAT));
    }
    let mut found = FORMATS
        .iter()
        .filter(|format| (format.recognise)(&args.dir));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        // its reader says what is missing
        (None, _) if !args.dir.exists() => Ok(&pythia::FORMAT),
        (None, _) => {
            let about = FORMATS.map(|format| format!("{} ({})", format.name, format.about));
            let reason = format!(
                "no file in it has a name of a known format: {}",
                about.join("; ")
            );
            Err(CoreError::parse(args.dir.display().to_string(), reason).into())
        }
        (Some(one), Some(other)) => {
            let allowed = format!(
                "one of them: {} and {} are both there",
                one.name, other.name
            );
            Err(CoreError::range("--format", "nothing", allowed).into())
        }
    }
}

/// Says what was imported, and where it was published.
fn write_provenance(args: &Args, format: &Format) -> Result<()> {
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION").into(),
        git_revision: option_env!("OUTCROP_GIT_REVISION").map(str::to_owned),
        command: Some(format!("outcrop import {}", args.dir.display())),
        notes: vec![format!("{}, published at {}", format.name, format.source)],
        ..Provenance::default()
    };
    Ok(provenance.write(&args.out.join("provenance.json"))?)
}
