//! `outcrop measure`.

mod args;
mod backend;
mod cluster;
mod figures;
mod found;
mod hub;
mod intervene;
mod observe;
mod origin;
mod out_folder;
mod plan;
mod repositories;
mod revisions;
mod share;
mod show;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use outcrop_checkpoint::AuditOptions;
use outcrop_tokens::Sequences;

use self::origin::{Origin, with_stage};
use self::out_folder::OutFolder;
use self::share::Share;
use self::words::Shown;
use super::output::{count, print};
use super::progress::Bar;
use super::{audit, clock, threads, tokens, voice};
use crate::{Error, Result};
use outcrop_series::{
    self as series, CheckpointSource, Folder, SeriesEvent, SeriesOptions, SeriesOutcome,
    measure_series, open_checkpoint, read_config_at,
};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop measure pythia-70m/                         a folder with step0/, step1000/, ... or one checkpoint
  outcrop measure runs/quick/runs/bb-3x64-h1-ff4      a run directory, on its own held-out sequences
  outcrop measure pythia-70m/ --protocol reference --text documents.jsonl --out reference
                                                      as Sun et al. measure: 10 windows of 2048, no BOS
  outcrop measure --hub EleutherAI/pythia-70m --steps pythia --text documents.jsonl
                                                      fetch, measure and delete one after another
  outcrop measure --hub allenai/OLMo-2-0425-1B --stage stage1 --steps every:100000 --dry-run
                                                      print what would be measured and fetched
  outcrop measure model/ --set-zero --set-mean --figures
                                                      the loss without its massive activations; figures
  outcrop measure model/ --tokens ids.npy --sinks --out sinks   token ids; attention sinks, too
  outcrop measure --hub EleutherAI/pythia-70m --steps pythia --engine slurm --pack 10 --dry-run
                                                      scripts of a job array over its checkpoints
  outcrop measure pythia-70m/ --observe tails,tokens,attention --out observed
                                                      other observables, at every place of the forward pass
  outcrop fit measured/pythia-70m                     fit every measured layer

The tensor is the residual stream after each block, after both additions and before any norm. Its largest
three magnitudes with place and token, lower median, RMS and kurtosis go into measurements.csv, with
and without the first position. Every checkpoint is audited; suspect steps are marked and fits leave
them out. The same command resumes after a stop. docs/measuring.md explains it.")]
pub(crate) struct Args {
    #[command(flatten)]
    origin: args::Args,
    /// Name of the model in the tables [default: the name of its folder or repository].
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The folder for the tables, or a file (.csv, .json, .parquet) for the measurements; the folder is then beside the
    /// file, with its name without the suffix [default: measured/MODEL].
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also measure how much attention every head gives to the first position (heads.csv).
    #[arg(long)]
    sinks: bool,
    /// Do not hash tensors and compare the steps. Weight files are hashed the first time, and recognised by size and
    /// time afterwards.
    #[arg(long)]
    no_audit: bool,
    /// Measure steps again if their weights or config have changed since they were measured into DIR.
    #[arg(long)]
    again: bool,
    /// Measure missing and damaged parts of the tables in DIR again.
    #[arg(long)]
    repair: bool,
    /// Also measure checkpoints whose files differ from their SHA256SUMS; the audit marks them as suspect.
    #[arg(long)]
    ignore_sums: bool,
    /// The backend: flex (CPU), or wgpu, vulkan, cuda if compiled in. On a GPU what measurements.csv needs is computed, and
    /// no more: not --sinks, --observe, --set-zero, --set-mean, --figures.
    #[arg(long, default_value = "flex")]
    backend: String,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N", value_parser = threads::number)]
    threads: Option<u16>,
    // These have headings, which hold for all that follows.
    #[command(flatten)]
    tokens: tokens::Args,
    #[command(flatten)]
    observe: observe::Args,
    #[command(flatten)]
    interventions: intervene::Args,
    #[command(flatten)]
    figures: figures::Args,
    #[command(flatten)]
    cluster: cluster::ClusterArgs,
}

/// What of a series a process measures, and where to.
#[derive(Default)]
struct Work {
    share: Share,
    /// Where to, if not where the arguments say.
    out: Option<OutFolder>,
    /// Folders of steps that elements measured.
    parts: BTreeMap<u64, PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    threads::pool(args.threads)?.install(|| cluster::run(args))
}

fn measure(args: &Args, stopped: &Arc<AtomicBool>, work: Work) -> Result<()> {
    let engine = backend::engine(args)?;
    let bar = Bar::new();
    let origin = Origin::open(&args.origin, &work.share, stopped);
    let Some(origin) = origin.map_err(Error::or_interrupted)? else {
        return Ok(()); // what would be measured is said
    };
    backend::check(engine.as_ref(), &origin.config)?;
    let model = args.model.clone().unwrap_or_else(|| origin.name.clone());
    let tokens = args
        .tokens
        .sequences(&origin.config, &origin.tokenizer, origin.run.as_deref())?;
    let is_element = work.out.is_some();
    let named = || {
        let name = with_stage(&model, origin.stage.as_ref());
        OutFolder::new(args.out.as_deref(), &name)
    };
    let out = work.out.unwrap_or_else(named);
    let folder = Folder::new(&out.folder);
    // the class token of an image and its registers are positions, too
    let leading = match args.observe.is_annotated() {
        true => read_config_at(&origin.config)?.arch.leading(),
        false => 0,
    };
    let lengths: Vec<usize> = tokens.ids.iter().map(|ids| leading + ids.len()).collect();
    let options = SeriesOptions {
        model,
        stage: origin.stage.clone(),
        known: origin.known.clone(),
        config: args.origin.config.clone(),
        sinks: args.sinks,
        observe: args.observe.options(&lengths)?,
        engine,
        parts: work.parts,
        audit: (!args.no_audit).then(AuditOptions::default),
        again: args.again,
        // what is damaged of an element is of its one checkpoint, which it measures anyway
        repair: args.repair || is_element,
        holder: clock::holder("measure"),
        ignore_sums: args.ignore_sums,
        step: args.origin.step(),
        git_revision: option_env!("OUTCROP_GIT_REVISION").map(str::to_owned),
    };
    bar.line(&format!("tokens: {}", series::tokens_in_words(&tokens)));
    for note in &tokens.notes {
        bar.line(&format!("warning: {note}"));
    }
    voice::detail(|| understood(&origin, &folder, &options));
    let mut shown = Shown::new(&bar, origin.source.steps().len());
    let outcome = measure_series(
        &origin.source,
        &tokens,
        &folder,
        &options,
        stopped,
        &mut |event: SeriesEvent<'_>| shown.show(&event),
    );
    bar.finish();
    let outcome = outcome.map_err(|error| Error::from(error).or_interrupted())?;
    let closer = !outcome.interrupted && !is_element;
    if closer && (args.interventions.wanted() || args.figures.figures) {
        let closer = look_closer(args, &origin.source, &folder, &tokens, &options, &outcome);
        closer.map_err(Error::or_interrupted)?;
    }
    out.write(&folder.file("measurements.csv"))?;
    conclude(&outcome, &folder, &tokens)
}

/// The checkpoints, the folder of tables, and the config.
fn understood(origin: &Origin, folder: &Folder, options: &SeriesOptions) -> String {
    let mut lines = vec![format!(
        "{} as `{}` into {}; config {}, tokenizer in {}",
        count(origin.source.steps().len(), "checkpoint"),
        options.model,
        folder.path().display(),
        origin.config.display(),
        origin.tokenizer.display()
    )];
    if let CheckpointSource::Local(series) = &origin.source {
        lines.extend(series.entries.iter().map(|entry| {
            let step = entry.step.unwrap_or(options.step);
            format!("step {step}: {}", entry.folder.display())
        }));
    }
    lines.join("\n")
}

/// Interventions and figures of the last checkpoint.
fn look_closer(
    args: &Args,
    source: &CheckpointSource,
    folder: &Folder,
    tokens: &Sequences,
    options: &SeriesOptions,
    outcome: &SeriesOutcome,
) -> Result<()> {
    let steps = source.steps();
    let Some(last) = steps.len().checked_sub(1) else {
        return Ok(());
    };
    let step = steps[last].unwrap_or(options.step);
    if outcome.failures.iter().any(|failure| failure.step == step) {
        return Ok(()); // it is named with the other failures
    }
    source.with(last, &mut |_| {}, |checkpoint| {
        let model = open_checkpoint(checkpoint, options.config.as_deref())?;
        if args.interventions.wanted() {
            let of = (&model, options.model.as_str(), step);
            intervene::evaluate(&args.interventions, folder, tokens, of)?;
        }
        match args.figures.figures {
            true => figures::draw(&args.figures, folder, tokens, (&model, step)),
            false => Ok(()),
        }
    })
}

/// Prints the results: the audit, the last step, failures.
fn conclude(outcome: &SeriesOutcome, folder: &Folder, tokens: &Sequences) -> Result<()> {
    if let Some(found) = &outcome.audit {
        audit::warn(found);
    }
    for failure in &outcome.failures {
        voice::error(&format!(
            "step {}: failed to {}",
            failure.step, failure.error
        ));
    }
    let failed: Vec<u64> = outcome.failures.iter().map(|f| f.step).collect();
    if outcome.measured == 0 && !outcome.interrupted {
        return Err(Error::NothingMeasured { of: failed.len() });
    }
    if let Some(table) = show::last_step(&folder.file("measurements.csv"), tokens, &failed)? {
        print(&table);
    }
    let path = folder.path().to_owned();
    print(&format!(
        "{} in {} ({} measured before); fit with: outcrop fit {}",
        count(outcome.measured, "checkpoint"),
        path.display(),
        outcome.before,
        path.display()
    ));
    match (outcome.failures.len(), outcome.interrupted) {
        (_, true) => Err(Error::Interrupted),
        (0, _) => Ok(()),
        (failed, _) => Err(Error::Unmeasured {
            failed,
            of: failed + outcome.measured,
            path,
        }),
    }
}
