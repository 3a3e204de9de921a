//! `outcrop watch`: runs in the terminal, or their report in a browser.

mod frame;
mod keys;
mod serve;
mod state;
mod terminal;
mod view;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use outcrop_core::Error as CoreError;

use super::folders::{is_run, runs_among};
use super::output::print;
use crate::{Error, Result};
use state::Watched;

/// Columns of a frame that no terminal shows.
const WIDTH: u16 = 80;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop watch runs/mine                    until q or Ctrl-C; arrows scroll
  outcrop watch runs/mine runs/default       several runs, or all of a results folder
  outcrop watch runs/quick --once            one frame as text
  outcrop watch runs/mine --serve 127.0.0.1:8080    the report, written again as the run goes on

Speed and time left follow from the two newest checkpoints. Without a terminal, as in `outcrop watch runs/mine | cat`, one
frame is printed. --serve answers requests for report.html and its figures, and for no other file.")]
pub(crate) struct Args {
    /// Run directories, folders of measured checkpoints, results folders.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Print one frame and end.
    #[arg(long)]
    once: bool,
    /// Serve the report of one run at this address, until Ctrl-C; a port alone is one of 127.0.0.1.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once", value_parser = serve::address)]
    serve: Option<SocketAddr>,
    /// Seconds between two looks at the runs.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    every: f64,
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        Ok(_) | Err(_) => Err("a number of seconds from 0.1 to 3600".into()),
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(address) = args.serve {
        return match args.runs.as_slice() {
            [run] => serve::run(run, address),
            runs => {
                let allowed = "one: each run has a report of its own";
                Err(CoreError::range("runs to --serve", runs.len(), allowed).into())
            }
        };
    }
    let mut runs = Vec::new();
    for folder in runs_among(&args.runs)? {
        let io = |e| CoreError::io("read folder", &folder, e);
        std::fs::read_dir(&folder).map_err(io)?;
        if !is_run(&folder) {
            return Err(Error::Nothing(format!(
                "watch {}: it has no run.toml and no measurements.csv; `outcrop train` and `measure` write them",
                folder.display()
            )));
        }
        runs.push(Watched::new(folder));
    }
    if args.once || !std::io::stdout().is_terminal() {
        for run in &mut runs {
            run.look();
        }
        let width = console::Term::stdout()
            .size_checked()
            .map_or(WIDTH, |(_, columns)| columns);
        print(&frame::text(&runs, width));
        return Ok(());
    }
    view::show(&mut runs, Duration::from_secs_f64(args.every))
}
