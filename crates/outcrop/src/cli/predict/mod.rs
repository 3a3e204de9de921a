//! `outcrop predict`: scores of predictions, or the prediction of an architecture.

mod answer;
mod architecture;
mod recipe;
mod results;
mod scores;
mod shipped;
mod sketch;

use std::path::PathBuf;

use outcrop_predict::{PredictOptions, Predictor, Regressor};

use super::output::{To, say, write_file};
use super::voice::detail;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(
    arg_required_else_help = true,
    group = clap::ArgGroup::new("data").args(["results", "retrain", "predictor"]),
    group = clap::ArgGroup::new("asked").args(["layers", "arch", "pythia"]),
    group = clap::ArgGroup::new("purpose").args(["layers", "arch", "pythia", "save"]).multiple(true),
    after_help = "Examples:
  outcrop predict --layers 6 --d-model 128 --heads 4   immediately, with the bundled predictor
  outcrop predict --arch mine.toml --svg mine.svg --curves mine.csv
  outcrop predict runs/quick runs/small                does the architecture predict more than depth? all scores
  outcrop predict runs/small --pythia 70m              learn from runs/small
  outcrop predict --retrain runs/small --save mine.txt
  outcrop predict --predictor mine.txt --layers 2 --d-model 64 --heads 1

A results folder holds fits.csv and architectures.csv, as `outcrop reproduce` writes them, and for curves
with bands trajectories.csv or measurements.csv. Curves are of measured ratios (the largest magnitude by
the median); f_max and f_last are ratios and t_half a step of the smooth curve that is fitted to a run. Of
similar architectures, the share --level falls in a band. Features outside the training range
are named: there a prediction is a guess, and its band has no stated coverage."
)]
pub(crate) struct Args {
    /// Results folders: scored if given alone, learned from if an architecture is given.
    results: Vec<PathBuf>,
    /// Number of layers of the architecture to predict.
    #[arg(long, requires = "d_model")]
    layers: Option<usize>,
    /// Its width.
    #[arg(long, requires = "layers")]
    d_model: Option<usize>,
    /// Its attention heads [default: as many as have at least 64 channels each].
    #[arg(long, requires = "layers")]
    heads: Option<usize>,
    /// Its MLP width [default: 4 d_model].
    #[arg(long, requires = "layers")]
    d_ff: Option<usize>,
    /// Predict this architecture (TOML: layers, d_model, heads, ...).
    #[arg(long, value_name = "FILE")]
    arch: Option<PathBuf>,
    /// Predict a Pythia model, by size such as 70m.
    #[arg(long, value_name = "SIZE")]
    pythia: Option<String>,
    /// Name of the predicted model.
    #[arg(long, value_name = "NAME", requires = "asked")]
    model: Option<String>,
    #[command(
        flatten,
        next_help_heading = "Training of the predicted model [default: the most frequent of those learned from]"
    )]
    recipe: recipe::Options,
    /// Learn from these results folders instead of using the bundled predictor.
    #[arg(long, value_name = "DIR", num_args = 1.., requires = "purpose")]
    retrain: Vec<PathBuf>,
    /// Use the predictor in this file, which --save wrote.
    #[arg(long, value_name = "FILE", requires = "asked")]
    predictor: Option<PathBuf>,
    /// Save the predictor to this file.
    #[arg(
        long,
        value_name = "FILE",
        requires = "data",
        conflicts_with = "predictor"
    )]
    save: Option<PathBuf>,
    /// The date written into a saved predictor [default: today].
    #[arg(long, value_name = "YYYY-MM-DD", requires = "save")]
    date: Option<String>,
    /// The regressor to train [default: shape].
    #[arg(long)]
    regressor: Option<String>,
    /// Prefix every model with the name of its folder, so that models with the same name stay distinct.
    #[arg(long)]
    qualify: bool,
    /// Probability of the bands [default: 0.9, or the largest that the data support].
    #[arg(long, requires = "asked")]
    level: Option<f64>,
    /// Last step of the curves; at most the last step of the training runs, if known [default: that step, or 1000].
    #[arg(long, value_name = "STEP")]
    last_step: Option<u64>,
    /// Sketch the curves as text even if the output is not a terminal.
    #[arg(long, requires = "asked")]
    plot: bool,
    /// Draw the curves with their bands into this file (.svg or .png).
    #[arg(long, value_name = "FILE", requires = "asked")]
    svg: Option<PathBuf>,
    /// Write the curves with their bands to this file (.csv, .json, .parquet).
    #[arg(long, value_name = "FILE", requires = "asked")]
    curves: Option<PathBuf>,
    #[command(flatten)]
    to: To,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.to.target()?;
    let asked = architecture::asked(args)?;
    if asked.is_none() && args.save.is_none() {
        return scores::show(&results::table(&args.results, args.qualify)?, args);
    }
    let regressor = args.regressor.as_deref().map(Regressor::from_name);
    let predictor = predictor(args, regressor.transpose()?)?;
    if let Some(path) = &args.save {
        write_file(path, predictor.to_text()?.as_bytes())?;
        say(&format!("saved: {}", path.display()));
    }
    match asked {
        Some(asked) => answer::answer(&predictor, &asked, args),
        None => Ok(()),
    }
}

/// The predictor trained on the folders given, that of a file, or the bundled one.
fn predictor(args: &Args, regressor: Option<Regressor>) -> Result<Predictor> {
    let folders = [&args.results[..], &args.retrain].concat();
    if folders.is_empty() {
        detail(|| match &args.predictor {
            Some(path) => format!("reading the predictor {}", path.display()),
            None => "predicting by the bundled predictor".into(),
        });
        let predictor = shipped::load(args.predictor.as_deref())?;
        let trained = predictor.regressor();
        return match regressor {
            Some(asked) if asked != trained => Err(Error::OtherRegressor { asked, trained }),
            _ => Ok(predictor),
        };
    }
    let table = results::table(&folders, args.qualify)?;
    for note in results::notes(&table) {
        say(&note);
    }
    let regressor = regressor.unwrap_or(Regressor::Shape);
    let predictor = Predictor::train(&table, regressor, &PredictOptions::default())?;
    let date = args.date.clone().unwrap_or_else(crate::cli::clock::today);
    let measured = predictor.last_step().map(|step| step as u64);
    let mut notes = shipped::notes(&folders, args.last_step.or(measured))?;
    if args.save.is_some() {
        notes.verdict = Some(scores::summary(&table)?);
    }
    Ok(predictor.dated(&date)?.with_notes(notes))
}
