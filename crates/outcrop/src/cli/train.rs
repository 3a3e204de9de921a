use std::path::{Path, PathBuf};

use outcrop_core::{Document, Error as CoreError, Observation, read_huggingface};
use outcrop_model::Backend;
use outcrop_train::{Environment, Event, Outcome, RunSpec, train};
use serde_json::Value;

use super::output::{folder, print, say, significant};
use super::progress::Bar;
use super::train_all::{jobs, train_all};
use super::{clock, export, stop, threads, voice};
use crate::pipeline::{Results, environment, workspace};
use crate::{Error, Result};

/// The default spec.
const DEFAULT: &str = include_str!("../../profiles/default-run.toml");

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop train                              the embedded default: three layers on bigram-backcopy
  outcrop train my-run.toml --out runs/mine
  outcrop train --set arch.heads=4 --set train.steps=100 --out runs/four-heads
  outcrop train --arch gemma/config.json --set arch.vocab=65 --set arch.context=32
  outcrop train --observe tokens,attention   also writes observables.csv
  outcrop train my-run.toml --seed 1,2,3     runs/MODEL-seeds/runs/MODEL-s1, -s2 and -s3
  outcrop train my-run.toml --tensorboard    also writes what TensorBoard shows
  outcrop train --print-default > my-run.toml

A value of --set is one of TOML: 4, 1e-3, true, [0.9, 0.95], {kind=\"learned\"}; anything else is
taken as text. An interrupted run resumes from its last checkpoint, to the same bits.")]
pub(crate) struct Args {
    /// The run as TOML: model, [arch], [data], [train], [schedule], [measure].
    spec: Option<PathBuf>,
    /// The architecture, in the place of [arch]: a config.json of Hugging Face or the folder that holds it, or a file of
    /// TOML.
    #[arg(long, value_name = "FILE")]
    arch: Option<PathBuf>,
    /// Change a field of the run, such as train.steps=100; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The seed, instead of train.seed; several, such as 1,2,3, train one run each, called MODEL-s1 and so on, in runs/
    /// of the folder --out.
    #[arg(long, value_delimiter = ',', value_name = "SEED")]
    seed: Vec<u64>,
    /// Also compute these observables of the held-out sequences at every measured step, instead of measure.observe:
    /// names of observables, of families, or `all` (docs/observables.md).
    #[arg(long, value_name = "NAME,...")]
    observe: Option<String>,
    /// The run directory [default: runs/MODEL]; the results folder of several seeds [default:
    /// runs/MODEL-seeds].
    #[arg(long)]
    out: Option<PathBuf>,
    /// The backend: flex (CPU), or wgpu, vulkan, cuda if compiled in.
    #[arg(long, default_value = "flex")]
    backend: String,
    /// Threads of the CPU backend [default: all cores].
    #[arg(long, value_name = "N", value_parser = threads::number)]
    threads: Option<u16>,
    /// Also write an event file of TensorBoard into the run directory while training: `tensorboard --logdir runs` shows it.
    #[arg(long)]
    tensorboard: bool,
    /// Recompute what is missing or damaged in a run, from the newest checkpoint before it.
    #[arg(long)]
    repair: bool,
    /// Print the embedded default spec and do nothing.
    #[arg(long)]
    print_default: bool,
    /// Print the JSON schema of a spec, for editors that complete TOML, and do nothing.
    #[arg(long)]
    print_schema: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.print_default {
        print(DEFAULT.trim_end());
        return Ok(());
    }
    if args.print_schema {
        print(&format!("{:#}", RunSpec::schema()?));
        return Ok(());
    }
    args.out
        .as_deref()
        .map(|out| folder(out, "--out"))
        .transpose()?;
    let spec = spec(args)?;
    let backend: Backend = args.backend.parse()?;
    match args.seed.as_slice() {
        [] => one(&spec, args, backend),
        [seed] => one(&with_seed(spec, *seed)?, args, backend),
        seeds => several(&spec, seeds, args, backend),
    }
}

/// The run of the file, or the default run, with the changes of `--set`.
fn spec(args: &Args) -> Result<RunSpec> {
    let mut document = match &args.spec {
        Some(path) => Document::read(path)?,
        None => Document::parse(DEFAULT, "the embedded default")?,
    };
    if let Some(path) = &args.arch {
        document.replace("arch", arch(path)?);
    }
    for assignment in &args.set {
        document.set(assignment)?;
    }
    let mut spec = RunSpec::from_document(&document)?;
    if let Some(observe) = &args.observe {
        spec.measure.observe.clone_from(observe);
        spec.check()?;
    }
    Ok(spec)
}

/// The keys of an architecture in a file of TOML, or those that a `config.json` means.
fn arch(path: &Path) -> Result<Document> {
    let path = &file(path);
    if path.extension().is_none_or(|end| end != "json") {
        return Ok(Document::read(path)?);
    }
    let arch = read_huggingface(path)?.arch;
    let place = path.display().to_string();
    let table = toml::Table::try_from(arch).map_err(|e| CoreError::parse(&place, e))?;
    Ok(Document::of(table, &place))
}

/// The file, or the `config.json` of a folder.
fn file(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.join("config.json"),
        false => path.to_owned(),
    }
}

fn with_seed(mut spec: RunSpec, seed: u64) -> Result<RunSpec> {
    spec.train.seed = seed;
    spec.check()?;
    Ok(spec)
}

fn one(spec: &RunSpec, args: &Args, backend: Backend) -> Result<()> {
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| PathBuf::from("runs").join(&spec.model));
    let parent = out.parent().map(PathBuf::from).unwrap_or_default();
    let environment = open_environment(backend, &parent, args)?;
    understood(spec, args, &out);
    let bar = Bar::new();
    let mut board = args.tensorboard.then(|| export::Live::new(&out));
    let outcome = threads::pool(args.threads)?.install(|| {
        let mut show = |event: &Event<'_>| {
            show(event, &bar, spec.train.steps);
            if let Some(board) = &mut board {
                board.event(event, &|words| bar.line(words));
            }
        };
        train(spec, &out, &environment, &mut show)
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
                "finished {}: measurements.csv, loss.csv, architectures.csv, checkpoints/",
                out.display()
            ));
            Ok(())
        }
    }
}

/// One run for each seed, in parallel, each in a run directory of the results folder.
fn several(spec: &RunSpec, seeds: &[u64], args: &Args, backend: Backend) -> Result<()> {
    let twice = seeds.iter().enumerate();
    if let Some((_, seed)) = twice.into_iter().find(|(i, s)| seeds[..*i].contains(s)) {
        return Err(CoreError::range("--seed", seed, "each seed once").into());
    }
    if args.tensorboard {
        let allowed =
            "one --seed; `outcrop export RUN --tensorboard` writes the event files of several runs";
        return Err(CoreError::range("--tensorboard", "several seeds", allowed).into());
    }
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| Path::new("runs").join(format!("{}-seeds", spec.model)));
    if out.join("run.toml").exists() {
        let reason = "it is the run directory of one run; several seeds need a folder of their own";
        return Err(CoreError::parse(out.display().to_string(), reason).into());
    }
    let run = |seed: &u64| {
        let mut run = spec.clone();
        run.model = format!("{}-s{seed}", spec.model);
        with_seed(run, *seed)
    };
    let runs = seeds.iter().map(run).collect::<Result<Vec<_>>>()?;
    let results = Results::new(out);
    let environment = open_environment(backend, results.path(), args)?;
    let lock = results.claim(&runs, &environment.holder)?;
    if let Some(words) = lock.warning() {
        say(&format!("warning: {words}"));
    }
    understood(spec, args, results.path());
    let jobs = jobs(None, backend, args.threads);
    let failures = train_all(&runs, &results, &environment, jobs)?;
    for failure in &failures {
        voice::error(&format!("{}: failed to {}", failure.model, failure.error));
    }
    let failed = |run: &RunSpec| failures.iter().any(|f| f.model == run.model);
    for run in runs.iter().filter(|run| !failed(run)) {
        print(&format!(
            "finished {}",
            results.run(&run.model).path().display()
        ));
    }
    match failures.len() {
        0 => Ok(()),
        failed => Err(Error::Failed {
            failed,
            of: runs.len(),
        }),
    }
}

fn open_environment(backend: Backend, out: &Path, args: &Args) -> Result<Environment> {
    let stop = stop::on_signal(stop::TRAINING)?;
    Ok(Environment {
        holder: clock::holder("train"),
        repair: args.repair,
        ..environment(backend, workspace()?.as_deref(), out, stop)?
    })
}

/// Says which run it is, and what its checkpoints are where they are not what one expects.
fn understood(spec: &RunSpec, args: &Args, out: &Path) {
    if let Some(words) = written(spec, args) {
        say(&format!("note: {words}"));
    }
    voice::detail(|| {
        let from = args.spec.as_ref().map(|path| path.display().to_string());
        format!(
            "run {} from {}, {} parameters, corpus {}, {} steps, into {}, backend {}\n{}",
            spec.model,
            from.unwrap_or_else(|| "the embedded default".into()),
            spec.arch.parameters().total,
            spec.data.corpus,
            spec.train.steps,
            out.display(),
            args.backend,
            spec.to_toml().unwrap_or_default().trim_end()
        )
    });
}

/// The type of the checkpoints, where it is not that of the file of `--arch`, or transformers has none.
fn written(spec: &RunSpec, args: &Args) -> Option<String> {
    let kind = |config: &Value| Some(config.get("model_type")?.as_str()?.to_owned());
    let given = args.arch.as_deref().and_then(|path| {
        let text = std::fs::read_to_string(file(path)).ok()?;
        kind(&serde_json::from_str(&text).ok()?)
    });
    let written = spec.arch.to_huggingface().as_ref().and_then(kind);
    match (given, written) {
        (_, None) => Some(
            "transformers does not load the checkpoints: none of its model types has this architecture".into(),
        ),
        (Some(given), Some(written)) if given != written => Some(format!(
            "checkpoints are of the model type `{written}`, which computes the same as `{given}`"
        )),
        (Some(_) | None, Some(_)) => None,
    }
}

fn show(event: &Event<'_>, bar: &Bar, steps: u64) {
    match event {
        Event::Started { step, .. } => bar.start_at(*step as f64 / steps as f64),
        Event::Step {
            step,
            loss,
            z,
            tails,
        } => {
            bar.share(*step as f64 / steps as f64);
            let terms = [("z", z), ("tails", tails)];
            let terms = terms.map(|(name, term)| term.map(|x| format!(", {name} {x:.3}")));
            let terms = terms.into_iter().flatten().collect::<String>();
            bar.message(format!("loss {loss:.3}{terms}"));
        }
        Event::Measured {
            step,
            loss,
            ratios,
            observed,
            rows: _,
        } => {
            let ratios: Vec<String> = ratios
                .iter()
                .map(|r| r.map_or_else(|| "-".into(), significant))
                .collect();
            let ratios = ratios.join(" ");
            let accuracies = accuracies(observed);
            bar.line(&format!(
                "step {step:>6}  held-out loss {:.4}  ratio {ratios}{accuracies}",
                loss.held_out_loss
            ));
        }
        Event::Warning(text) => bar.line(&format!("warning: {text}")),
        _ => {}
    }
}

/// The accuracies of answers, in words; empty where there are none.
fn accuracies(observed: &[Observation]) -> String {
    let of = |row: &&Observation| row.observable == "accuracy" && row.sequence.is_none();
    let one = |row: &Observation| {
        let share = row.value.map_or_else(|| "-".into(), |x| format!("{x:.3}"));
        format!("  {} {share}", row.place)
    };
    observed.iter().filter(of).map(one).collect()
}
