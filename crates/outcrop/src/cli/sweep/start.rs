//! Writes a manifest and hands it to an engine.

use std::path::PathBuf;

use outcrop_model::Backend;
use outcrop_train::Environment;

use super::submit::submit;
use crate::cli::engine::Engine;
use crate::cli::given::Given;
use crate::cli::output::{folder, print, say, significant};
use crate::cli::train_all::{jobs, train_all};
use crate::cli::{clock, stop, threads, voice};
use crate::cluster::{Settings, Submission};
use crate::pipeline::{Jobs, Manifest, Order, Profile, Results, environment, workspace};
use crate::{Error, Result};

#[derive(clap::Args)]
pub(super) struct Args {
    /// An embedded profile (tiny, quick, small, atlas2, atlas3, full, control, grokking) or a TOML file.
    #[arg(required = true)]
    profile: Option<String>,
    /// The results folder [default: runs/PROFILE].
    #[arg(long)]
    out: Option<PathBuf>,
    /// What trains the runs; without it only the manifest is written.
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// The backend: flex (CPU), or wgpu, vulkan, cuda if compiled in [default: flex].
    #[arg(long, requires = "engine")]
    backend: Option<String>,
    #[command(flatten)]
    local: Given<Local>,
    #[command(flatten)]
    slurm: Given<Slurm>,
}

/// With --engine local.
#[derive(clap::Args)]
struct Local {
    /// With --engine local: runs in parallel [default: one for each core on the CPU, one on a GPU].
    #[arg(long, value_name = "N", value_parser = threads::number)]
    jobs: Option<u16>,
    /// With --engine local: begin with the first runs of the manifest instead of the longest, so that what is finished
    /// after a stop is as mixed as the manifest.
    #[arg(long)]
    in_order: bool,
    /// With --engine local: recompute what is missing or damaged in finished runs.
    #[arg(long)]
    repair: bool,
}

/// With --engine slurm.
#[derive(clap::Args)]
struct Slurm {
    /// With --engine slurm: write the scripts and submit nothing [default where there is no sbatch].
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Args {
    /// Refuses options of an engine that is not asked for.
    fn check(&self) -> Result<()> {
        if self.engine != Some(Engine::Local) {
            self.local.refuse("--engine local")?;
        }
        match self.engine {
            Some(Engine::Slurm) => Ok(()),
            None | Some(Engine::Local) => self.slurm.refuse("--engine slurm"),
        }
    }

    fn backend(&self) -> Result<Backend> {
        Ok(match &self.backend {
            Some(name) => name.parse()?,
            None => Backend::default(),
        })
    }
}

pub(super) fn run(args: &Args) -> Result<()> {
    args.check()?;
    let name = args.profile.as_deref().unwrap_or_default();
    let out = args.out.clone();
    if let Some(out) = &out {
        folder(out, "--out")?;
    }
    let profile = Profile::load(name)?;
    let results = Results::new(out.unwrap_or_else(|| PathBuf::from("runs").join(&profile.name)));
    let manifest = Manifest::new(&profile)?;
    let holder = clock::holder("sweep");
    let lock = match args.engine {
        Some(Engine::Local) => results.claim(&profile.runs, &holder)?,
        None | Some(Engine::Slurm) => results.claim(&[], &holder)?,
    };
    if let Some(words) = lock.warning() {
        say(&format!("warning: {words}"));
    }
    manifest.check_extends(&results)?;
    manifest.write(&results)?;
    describe(&manifest, &results);
    match args.engine {
        None => Ok(()),
        Some(Engine::Local) => local(args, &manifest, &results, holder),
        Some(Engine::Slurm) => {
            let submission = Submission {
                sweep: profile.name.clone(),
                backend: args.backend()?.name().to_owned(),
                measures: None,
                settings: args.slurm.options.settings.clone(),
            };
            submit(&submission, &results, args.slurm.options.dry_run)
        }
    }
}

/// Trains the runs in this process.
fn local(args: &Args, manifest: &Manifest, results: &Results, holder: String) -> Result<()> {
    let (backend, options) = (args.backend()?, &args.local.options);
    let stop = stop::on_signal(stop::TRAINING)?;
    let environment = Environment {
        holder,
        repair: options.repair,
        ..environment(backend, workspace()?.as_deref(), results.path(), stop)?
    };
    let runs = manifest.runs()?;
    let order = match options.in_order {
        true => Order::Listed,
        false => Order::Longest,
    };
    let jobs = Jobs {
        order,
        ..jobs(options.jobs, backend, None)
    };
    let failures = train_all(&runs, results, &environment, jobs)?;
    for failure in &failures {
        voice::error(&format!("{}: failed to {}", failure.model, failure.error));
    }
    print(&format!(
        "trained {} of {} runs; `outcrop sweep report {}` fits and draws them",
        runs.len() - failures.len(),
        runs.len(),
        results.path().display()
    ));
    match failures.len() {
        0 => Ok(()),
        failed => Err(Error::Failed {
            failed,
            of: runs.len(),
        }),
    }
}

/// Says what the manifest holds and what its design left out.
fn describe(manifest: &Manifest, results: &Results) {
    let least = manifest.lines.iter().map(|line| line.parameters).min();
    let most = manifest.lines.iter().map(|line| line.parameters).max();
    let flops: f64 = manifest.lines.iter().map(|line| line.flops).sum();
    print(&format!(
        "{}: {} runs of {} to {} parameters, {} FLOPs together",
        Manifest::file(results).display(),
        manifest.lines.len(),
        least.unwrap_or_default(),
        most.unwrap_or_default(),
        significant(flops)
    ));
    let Some(design) = &manifest.about.design else {
        return;
    };
    for left in &design.left_out {
        print(&format!(
            "left out: {} points, the first since it failed to {}",
            left.points, left.reason
        ));
    }
    match &design.largest_correlation {
        Some(found) => print(&format!(
            "largest correlation of two factors over {} points: {} ({} and {})",
            design.points,
            significant(found.value),
            found.factors[0],
            found.factors[1]
        )),
        None => print(&format!("{} points of one factor", design.points)),
    }
}
