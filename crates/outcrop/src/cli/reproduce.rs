use std::path::PathBuf;
use std::time::Instant;

use outcrop_model::Backend;
use outcrop_report::{Massive, PredictedRatio};
use outcrop_train::{Environment, RunSpec};

use super::output::{columns, folder, print, say, significant};
use super::train_all::{jobs, train_all};
use super::{clock, stop, threads, verdicts, voice};
use crate::pipeline::{
    Analysis, Before, FailedRun, Manifest, PROFILES, Profile, Results, analyse, environment,
    workspace,
};
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop reproduce                                the embedded profile `quick`
  outcrop reproduce --profile small --out runs/s   half an hour on two cores
  outcrop reproduce --print-profile quick > mine.toml
  outcrop reproduce --profile mine.toml

After an interruption the same command resumes; finished runs are not run again.")]
pub(crate) struct Args {
    /// An embedded profile (tiny, quick, small, atlas2, atlas3, full, control, grokking) or a TOML file.
    #[arg(long, default_value = "quick")]
    profile: String,
    /// The results folder [default: runs/PROFILE].
    #[arg(long)]
    out: Option<PathBuf>,
    /// The backend: flex (CPU), or wgpu, vulkan, cuda if compiled in.
    #[arg(long, default_value = "flex")]
    backend: String,
    /// Runs in parallel [default: one for each core on the CPU, one on a GPU].
    #[arg(long, value_name = "N", value_parser = threads::number)]
    jobs: Option<u16>,
    /// Recompute what is missing or damaged in finished runs.
    #[arg(long)]
    repair: bool,
    /// Print an embedded profile, to copy and change, and do nothing.
    #[arg(long, value_name = "PROFILE")]
    print_profile: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(name) = &args.print_profile {
        Profile::load(name)?;
        let text = PROFILES
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, text)| *text);
        print(text.unwrap_or_default().trim_end());
        return Ok(());
    }
    args.out
        .as_deref()
        .map(|out| folder(out, "--out"))
        .transpose()?;
    let profile = Profile::load(&args.profile)?;
    let backend: Backend = args.backend.parse()?;
    let out = args.out.clone();
    let results = Results::new(out.unwrap_or_else(|| PathBuf::from("runs").join(&profile.name)));
    let stop = stop::on_signal(stop::TRAINING)?;
    let holder = clock::holder("reproduce");
    let environment = Environment {
        holder: holder.clone(),
        repair: args.repair,
        ..environment(backend, workspace()?.as_deref(), results.path(), stop)?
    };
    let lock = results.claim(&profile.runs, &holder)?;
    if let Some(words) = lock.warning() {
        say(&format!("warning: {words}"));
    }
    let manifest = Manifest::new(&profile)?;
    manifest.check_extends(&results)?;
    manifest.write(&results)?;
    let runs = manifest.runs()?;
    predict_before(&runs, &results)?;
    let clock = Instant::now();
    let jobs = jobs(args.jobs, backend, None);
    voice::detail(|| {
        format!(
            "profile {}: {} runs into {}, {} side by side, {} threads each, backend {}",
            profile.name,
            profile.runs.len(),
            results.path().display(),
            jobs.runs,
            jobs.threads,
            backend.name()
        )
    });
    let failures = train_all(&runs, &results, &environment, jobs)?;
    let trained = clock.elapsed();
    let failed = |run: &&RunSpec| failures.iter().any(|f| f.model == run.model);
    let trained_runs = runs.iter().filter(|run| !failed(run));
    let trained_runs: Vec<RunSpec> = trained_runs.cloned().collect();
    let command = format!("outcrop reproduce --profile {}", profile.name);
    let analysis = analyse(&profile, &trained_runs, &results, &environment, &command)?;
    summarise(&analysis, &failures);
    let seconds = clock.elapsed().as_secs();
    print(&format!(
        "\n{} min {:02} s, of them {} s of training\nreport: {}",
        seconds / 60,
        seconds % 60,
        trained.as_secs(),
        analysis.report.display()
    ));
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Error::Failed {
            failed: failures.len(),
            of: runs.len(),
        }),
    }
}

/// Predicts the runs that have not begun, and says so.
fn predict_before(runs: &[RunSpec], results: &Results) -> Result<()> {
    let before = Before::predict(runs, results)?;
    if let Some(hash) = &before.sha256 {
        say(&format!(
            "predicted before training: {}, SHA-256 {hash}",
            results.file("predicted.csv").display()
        ));
    }
    Ok(())
}

/// A prediction with its band; a star where the measured ratio is outside.
fn predicted(ratio: &PredictedRatio) -> String {
    let band = ratio.band.map_or_else(String::new, |[low, high]| {
        format!(" ({} to {})", significant(low), significant(high))
    });
    let star = if ratio.inside() == Some(false) {
        "*"
    } else {
        ""
    };
    format!("{}{band}{star}", significant(ratio.value))
}

/// The rule by which a model has massive activations at its last step.
fn massive(massive: Option<Massive>) -> &'static str {
    match massive {
        None => "-",
        Some(Massive { sun: true, .. }) => "sun",
        Some(Massive { fallback: true, .. }) => "fallback",
        Some(_) => "no",
    }
}

pub(super) fn summarise(analysis: &Analysis, failures: &[FailedRun]) {
    let text = |s: &str| s.to_owned();
    let mut rows = vec![
        [
            "model",
            "layer",
            "ratio at first step",
            "at last",
            "predicted",
            "factor",
            "grew",
            "massive",
        ]
        .map(text)
        .into(),
    ];
    let summary = &analysis.summary;
    for e in &summary.growth {
        rows.push(vec![
            e.model.clone(),
            e.layer.to_string(),
            significant(e.first),
            significant(e.last),
            e.predicted.map_or_else(|| text("-"), |p| predicted(&p)),
            significant(e.factor),
            text(if e.grown { "yes" } else { "no" }),
            text(massive(e.massive)),
        ]);
    }
    print(&columns(&rows));
    if let Some(predicted) = &summary.predicted {
        print(&format!("\n{predicted}"));
    }
    let r2 = summary
        .mean_r2
        .map_or_else(|| "-".into(), |r2| format!("{r2:.4}"));
    print(&format!(
        "\nthe ratio of some layer grew {}-fold or more in {} of {} models\n{}\
         mean R2 over {} layers {r2}, {} without a fit counted as 0",
        outcrop_report::GROWTH_FACTOR,
        summary.grown,
        summary.growth.len(),
        summary
            .massive
            .map_or_else(String::new, |massive| format!("{massive}\n")),
        summary.layers,
        summary.failed,
    ));
    if !analysis.verdicts.is_empty() {
        print(&format!(
            "{} (verdicts.txt)",
            verdicts::summary(&analysis.verdicts, false)
        ));
    }
    for warning in &analysis.warnings {
        say(&format!("warning: {warning}"));
    }
    for failure in failures {
        voice::error(&format!("{}: failed to {}", failure.model, failure.error));
    }
}
