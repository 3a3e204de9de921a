//! The command line.

mod address;
mod audit;
mod beside;
mod clock;
mod compare;
mod completions;
mod design;
mod engine;
mod explain;
mod export;
mod families;
mod fit;
mod folders;
mod forecast;
mod given;
mod import;
mod input;
mod learned;
mod linear;
mod measure;
mod onset;
mod output;
mod phases;
mod predict;
mod progress;
mod report;
mod reproduce;
mod runs;
mod schedules;
mod select;
mod stop;
mod sweep;
mod synchrony;
mod threads;
mod tokens;
mod train;
mod train_all;
mod trajectories;
mod verdicts;
mod voice;
mod watch;
mod weights;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use outcrop_forward::ProductKernel;

use self::output::standard;
use crate::{Error, Result};

/// Follow massive activations through transformer training: measure, fit, predict, report.
#[derive(Parser)]
#[command(name = "outcrop", version, about, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    voice: voice::Args,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  outcrop reproduce                          train, measure, fit, predict and report the embedded profile
  outcrop sweep tiny --engine local          train the runs of a manifest, here or on a cluster
  outcrop train my-run.toml --out runs/mine  train one model and measure it while it trains
  outcrop measure pythia-70m/                measure every checkpoint in a folder, and audit them
  outcrop runs                               public training runs, their names and known faults
  outcrop families                           model types that are read, and what is refused
  outcrop compare runs/mine runs/default     how two runs differ, in settings and ratios
  outcrop watch runs/mine                    loss and ratios of a run in the terminal, while it trains
  outcrop export runs/mine --tensorboard     an event file that TensorBoard shows
  outcrop fit runs/mine                      fit the curve of every layer
  outcrop forecast runs/mine --at 20000      forecast every layer, with a band
  outcrop onset runs/mine                    when the ratio of every layer changes its level
  outcrop phases runs/mine --join-layers     phases of the run by all of its layers
  outcrop predict --layers 6 --d-model 128 --heads 4   predict the curves of an architecture
  outcrop predict runs/quick                 does the architecture predict more than depth does?
  outcrop explain runs/quick                 which features predictions depend on
  outcrop design runs/quick --target 'f_max<50' --budget params=1M..2M   architectures that meet the target

Exit status: 0 success, 1 failure, 2 wrong command line, 130 interrupted (run the same command to resume).";

/// Exit status of a command line that makes no sense.
const WRONG_COMMAND_LINE: u8 = 2;

#[derive(Subcommand)]
enum Command {
    /// Train every architecture of a profile, measure, fit, predict and write a report.
    Reproduce(reproduce::Args),
    /// Write the runs of a profile or a design to a manifest, and train them here or as job arrays of SLURM.
    Sweep(Box<sweep::Args>),
    /// Train one model and measure its hidden states while it trains.
    Train(train::Args),
    /// Train a deep linear network, whose learning is known in closed form, on given singular values.
    Linear(linear::Args),
    /// Measure published checkpoints, one or a series: largest magnitudes, median, ratio.
    Measure(Box<measure::Args>),
    /// Check whether the checkpoints of a series are what their names say.
    Audit(audit::Args),
    /// List public training runs, how they name their checkpoints, and their known faults.
    Runs(runs::Args),
    /// List the model types of published checkpoints: which are read, and what is refused.
    Families(families::Args),
    /// Read statistics that others published, such as the data set of the paper, and compare our fits with its own.
    Import(import::Args),
    /// Compare runs: settings that differ, ratios and losses.
    Compare(compare::Args),
    /// Show the loss and every ratio of runs in the terminal, while they train or afterwards; or serve their report.
    Watch(watch::Args),
    /// Write the tables of a run for other tools: TensorBoard, Weights & Biases, Parquet, lines of JSON.
    Export(export::Args),
    /// Fit the emergence curve and its rivals to every layer of a table.
    Fit(fit::Args),
    /// Forecast a later step of unfinished trajectories, compared with the last value.
    Forecast(forecast::Args),
    /// Find when trajectories change their level, and whether they do.
    Onset(onset::Args),
    /// Test whether observables start together, over layers and seeds.
    Synchrony(synchrony::Args),
    /// Divide training into phases by one or several observables.
    Phases(phases::Args),
    /// Score predictions from architectures, or predict the curves of a new one.
    Predict(predict::Args),
    /// Explain which features predictions depend on: Shapley values, dependence, importance.
    Explain(explain::Args),
    /// Find architectures whose prediction meets a target, within a budget.
    Design(Box<design::Args>),
    /// Draw figures and write report.html from the tables of a results folder.
    Report(report::Args),
    /// Print a script that completes commands and options in a shell.
    Completions(completions::Args),
}

/// The grammar of the command line, as tests and completions need it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command of this process and turns its result into an exit status.
pub fn main() -> ExitCode {
    ExitCode::from(run_with(std::env::args_os()))
}

/// Runs the command with these arguments, of which the first is its own name, and returns its exit status.
pub fn run_with(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let done = match Cli::try_parse_from(arguments) {
        Ok(cli) => {
            cli.voice.apply();
            if std::env::var_os("OUTCROP_AMX").is_some_and(|value| value == "0") {
                ProductKernel::avoid_tiles();
            }
            run(cli.command)
        }
        Err(error) if error.use_stderr() => {
            let _ = error.print(); // nobody can be told that standard error is gone
            return WRONG_COMMAND_LINE;
        }
        Err(asked) => {
            standard::attempt(|| asked.print()); // help or version
            Ok(())
        }
    };
    let mut status = 0;
    for error in [done, standard::finish()]
        .into_iter()
        .filter_map(Result::err)
    {
        voice::error(&format!("failed to {error}"));
        status = match error {
            Error::Interrupted => 130,
            Error::QueueAgain => crate::cluster::QUEUE_AGAIN,
            _ => 1,
        };
    }
    status
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Reproduce(args) => reproduce::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Linear(args) => linear::run(&args),
        Command::Measure(args) => measure::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Runs(args) => runs::run(&args),
        Command::Families(args) => families::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Watch(args) => watch::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Fit(args) => fit::run(&args),
        Command::Forecast(args) => forecast::run(&args),
        Command::Onset(args) => onset::run(&args),
        Command::Synchrony(args) => synchrony::run(&args),
        Command::Phases(args) => phases::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Design(args) => design::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
