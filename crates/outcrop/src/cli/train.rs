use std::path::PathBuf;

use outcrop_core::Error as CoreError;
use outcrop_model::Backend;
use outcrop_train::{Event, Outcome, RunSpec, train};

use super::output::{print, significant};
use super::progress::Bar;
use super::stop;
use crate::pipeline::{environment, workspace};
use crate::{Error, Result};

/// What is trained where no spec is given.
const DEFAULT: &str = include_str!("../../profiles/default-run.toml");

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop train                              the embedded default: three layers on bigram-backcopy
  outcrop train my-run.toml --out runs/mine
  outcrop train --print-default > my-run.toml

A run that was interrupted goes on from its last checkpoint, to the same bits.")]
pub(crate) struct Args {
    /// The run as TOML: model, [arch], [data], [train], [schedule], [measure].
    spec: Option<PathBuf>,
    /// The run directory [default: runs/MODEL].
    #[arg(long)]
    out: Option<PathBuf>,
    /// What computes: flex (CPU), or wgpu, vulkan, cuda where compiled in.
    #[arg(long, default_value = "flex")]
    backend: String,
    /// Threads of the CPU backend [default: all cores].
    #[arg(long)]
    threads: Option<usize>,
    /// Print the embedded default spec and do nothing.
    #[arg(long)]
    print_default: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.print_default {
        print(DEFAULT.trim_end());
        return Ok(());
    }
    let text = match &args.spec {
        Some(path) => std::fs::read_to_string(path).map_err(|e| CoreError::io("read", path, e))?,
        None => DEFAULT.to_owned(),
    };
    let spec = RunSpec::from_toml(&text)?;
    let backend: Backend = args.backend.parse()?;
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| PathBuf::from("runs").join(&spec.model));
    let parent = out.parent().map(PathBuf::from).unwrap_or_default();
    let environment = environment(
        backend,
        workspace()?.as_deref(),
        &parent,
        stop::on_signal(stop::TRAINING)?,
    )?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.unwrap_or(0))
        .build();
    let pool = pool.map_err(|e| Error::Environment(format!("start threads: {e}")))?;
    let bar = Bar::new();
    let outcome = pool.install(|| {
        let mut show = |event: &Event<'_>| show(event, &bar, spec.train.steps);
        train(&spec, &out, &environment, &mut show)
    });
    bar.finish();
    match outcome? {
        Outcome::Interrupted => Err(Error::Interrupted),
        Outcome::AlreadyFinished => {
            print(&format!("{} was finished already", out.display()));
            Ok(())
        }
        _ => {
            print(&format!(
                "finished {}: measurements.csv, loss.csv, checkpoints/",
                out.display()
            ));
            Ok(())
        }
    }
}

fn show(event: &Event<'_>, bar: &Bar, steps: u64) {
    match event {
        Event::Started { step, .. } => bar.start_at(*step as f64 / steps as f64),
        Event::Step { step, loss } => {
            bar.share(*step as f64 / steps as f64);
            bar.message(format!("loss {loss:.3}"));
        }
        Event::Measured {
            step,
            held_out_loss,
            ratios,
        } => {
            let ratios: Vec<String> = ratios
                .iter()
                .map(|r| r.map_or_else(|| "-".into(), significant))
                .collect();
            let ratios = ratios.join(" ");
            bar.line(&format!(
                "step {step:>6}  held-out loss {held_out_loss:.4}  ratio {ratios}"
            ));
        }
        Event::Warning(text) => bar.line(&format!("warning: {text}")),
        _ => {}
    }
}
