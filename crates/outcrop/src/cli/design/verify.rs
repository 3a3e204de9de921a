//! `outcrop design --verify`: is the design better than random search?

use std::path::PathBuf;

use outcrop_core::table::{self, Row};
use outcrop_core::{Trajectory, TrajectoryOptions};
use outcrop_fit::{Effect, EffectOptions, paired_effects};
use outcrop_model::Backend;
use outcrop_predict::{Candidate, Design, Goal};
use outcrop_train::{Environment, RunSpec};
use serde::{Deserialize, Serialize};

use super::{Args, recipe};
use crate::cli::output::{Destination, Format, print, say, significant, write_rows};
use crate::cli::train_all::{jobs, train_all};
use crate::cli::{clock, stop, threads, voice};
use crate::pipeline::{Manifest, Profile, Results, environment, fit_all, workspace};
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(next_help_heading = "Verification")]
pub(super) struct VerifyArgs {
    /// Train the N best architectures and N random ones that keep the same budgets, pair after pair with the same seed, and
    /// say whether the design was better than random search. The same command resumes it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    verify: Option<u16>,
    /// The results folder of their runs, as that of a sweep; verified.csv is the table.
    #[arg(long, value_name = "DIR", default_value = "runs/verified")]
    verify_out: PathBuf,
    /// Runs in parallel [default: one for each core].
    #[arg(long, value_name = "N", value_parser = threads::number)]
    jobs: Option<u16>,
}

/// A trained architecture.
#[derive(Clone, Serialize, Deserialize)]
struct Verified {
    /// The rank of the prediction, or the place in the random draw, from 1.
    pair: usize,
    /// `best` or `random`.
    by: String,
    model: String,
    seed: u64,
    layers: usize,
    d_model: usize,
    heads: usize,
    d_ff: usize,
    params: u64,
    quantity: String,
    predicted: f64,
    /// As the curves fitted to its measurements have it; none where one does not identify it.
    measured: Option<f64>,
    /// Whether it meets the target.
    reached: Option<bool>,
}

impl Row for Verified {
    const REQUIRED: &'static [&'static str] = Self::HEADER;
    const HEADER: &'static [&'static str] = &[
        "pair",
        "by",
        "model",
        "seed",
        "layers",
        "d_model",
        "heads",
        "d_ff",
        "params",
        "quantity",
        "predicted",
        "measured",
        "reached",
    ];
    const NAMED: &'static [&'static str] = &["by", "model", "quantity"];

    fn key(&self) -> String {
        self.model.clone()
    }
}

impl VerifyArgs {
    /// Architectures of each kind.
    pub(super) fn pairs(&self) -> usize {
        self.verify.map_or(0, usize::from)
    }

    /// Trains both kinds and says which is better, if that was asked for.
    pub(super) fn run(
        &self,
        args: &Args,
        found: &Design,
        goal: &Goal,
        to: &Destination,
    ) -> Result<()> {
        if self.verify.is_none() {
            return Ok(());
        }
        let recipe = recipe::recipe(&found.base, args)?;
        let runs = runs(&recipe, found)?;
        let results = Results::new(&self.verify_out);
        self.train(&runs, &results)?;
        let candidates = found.trial.best.iter().chain(&found.trial.random);
        let rows: Vec<Verified> = runs
            .iter()
            .zip(candidates)
            .zip(measured(&runs, &results, goal)?)
            .map(|((run, candidate), value)| row(run, candidate, goal, value))
            .collect();
        table::write_rows(&results.file("verified.csv"), &rows)?;
        let words = words(&rows, goal);
        match to.is_read_here() {
            true => {
                print("");
                write_rows(&rows, &Destination::standard(Format::Table))?;
                print(&format!("\n{words}"));
            }
            false => say(&words),
        }
        Ok(())
    }

    /// Trains the runs as a sweep.
    fn train(&self, runs: &[RunSpec], results: &Results) -> Result<()> {
        let holder = clock::holder("design");
        let lock = results.claim(runs, &holder)?;
        if let Some(words) = lock.warning() {
            say(&format!("warning: {words}"));
        }
        let manifest = Manifest::new(&Profile {
            name: "verified".into(),
            description: "the best architectures of a design and random ones".into(),
            runs: runs.to_vec(),
            design: None,
        })?;
        manifest.check_extends(results)?;
        manifest.write(results)?;
        let stop = stop::on_signal(stop::TRAINING)?;
        let environment = Environment {
            holder,
            ..environment(Backend::Flex, workspace()?.as_deref(), results.path(), stop)?
        };
        let failures = train_all(
            runs,
            results,
            &environment,
            jobs(self.jobs, Backend::Flex, None),
        )?;
        for failure in &failures {
            voice::error(&format!("{}: failed to {}", failure.model, failure.error));
        }
        match failures.len() {
            0 => Ok(()),
            failed => Err(Error::Failed {
                failed,
                of: runs.len(),
            }),
        }
    }
}

/// The best and the random ones; pair k has the seed k.
fn runs(recipe: &toml::Table, found: &Design) -> Result<Vec<RunSpec>> {
    let kinds = [("best", &found.trial.best), ("random", &found.trial.random)];
    let named = kinds.iter().flat_map(|(by, all)| {
        let numbered = all.iter().enumerate();
        numbered.map(move |(i, candidate)| (format!("{by}-{:02}", i + 1), i as u64 + 1, candidate))
    });
    let run = |(model, seed, candidate): (String, u64, &Candidate)| {
        let mut run = recipe::run(recipe, &model, &candidate.arch)?;
        run.train.seed = seed;
        Ok(run)
    };
    named.map(run).collect()
}

/// The quantity of each run over its layers, from the curves fitted to its measurements.
fn measured(runs: &[RunSpec], results: &Results, goal: &Goal) -> Result<Vec<Option<f64>>> {
    let gathered = results.gather(runs)?;
    let options = TrajectoryOptions::default();
    let (fits, _) = fit_all(&Trajectory::from_measurements(
        &gathered.measurements,
        options,
    ));
    let of_run = |run: &RunSpec| {
        let layers = fits
            .iter()
            .filter(|fit| fit.model == run.model && fit.hypothesis == outcrop_fit::EMERGENCE);
        let values: Option<Vec<f64>> = layers.map(|fit| goal.target.of(fit)).collect();
        let values = values.filter(|values| values.len() == run.arch.layers);
        values.map(|values| goal.over_layers(&values))
    };
    Ok(runs.iter().map(of_run).collect())
}

fn row(run: &RunSpec, candidate: &Candidate, goal: &Goal, measured: Option<f64>) -> Verified {
    let (by, pair) = run.model.split_once('-').unwrap_or_default();
    Verified {
        pair: pair.parse().unwrap_or_default(),
        by: by.to_owned(),
        model: run.model.clone(),
        seed: run.train.seed,
        layers: run.arch.layers,
        d_model: run.arch.d_model,
        heads: run.arch.heads,
        d_ff: run.arch.d_ff,
        params: candidate.parameters,
        quantity: goal.quantity().to_owned(),
        predicted: candidate.value,
        measured,
        reached: measured.map(|value| goal.holds(value)),
    }
}

/// Whether the design was better than random search, in words.
fn words(rows: &[Verified], goal: &Goal) -> String {
    let (best, random) = rows.split_at(rows.len() / 2);
    let scaled = |value: f64| {
        if goal.target.is_logarithm() {
            value.ln()
        } else {
            value
        }
    };
    let pairs = best.iter().zip(random);
    let differences: Vec<f64> = pairs
        .filter_map(|(ours, theirs)| Some(scaled(ours.measured?) - scaled(theirs.measured?)))
        .collect();
    let count = |rows: &[Verified]| rows.iter().filter(|row| row.reached == Some(true)).count();
    let mut lines = vec![format!(
        "{goal}: {} of the {} best and {} of {} random architectures meet it when they are trained",
        count(best),
        best.len(),
        count(random),
        random.len()
    )];
    let left_out = best.len() - differences.len();
    if left_out > 0 {
        lines.push(format!(
            "{left_out} pairs are left out: the curve of a layer does not identify {}",
            goal.quantity()
        ));
    }
    let effects = paired_effects(&[differences], EffectOptions::default());
    lines.push(match effects.first().copied().flatten() {
        Some(effect) => verdict(&effect, goal),
        None => "no pair is left to compare".into(),
    });
    lines.join("\n")
}

/// Fewer pairs have no interval: of two, resampling knows two differences.
const FEWEST: usize = 3;

fn verdict(effect: &Effect, goal: &Goal) -> String {
    let logarithmic = goal.target.is_logarithm();
    let shown = |x: f64| significant(if logarithmic { x.exp() } else { x });
    let quantity = goal.quantity();
    let best = match logarithmic {
        true => format!(
            "the {quantity} of the best is {} times that of the random ones",
            shown(effect.mean)
        ),
        false => format!(
            "the {quantity} of the best less that of the random ones is {}",
            shown(effect.mean)
        ),
    };
    let (Some([lo, hi]), Some(p)) = (effect.alone, effect.p) else {
        return format!("{best}; {} pairs are too few for an interval", effect.n);
    };
    if effect.n < FEWEST {
        return format!("{best}; {} pairs are too few for an interval", effect.n);
    }
    let says = match (goal.better(hi, 0.0), goal.better(lo, 0.0)) {
        (true, true) => "the design was better than random search",
        (false, false) => "the design was worse than random search",
        _ => "no difference from random search is shown",
    };
    format!(
        "over {} pairs {best}, 95 % interval {} to {}, p = {p:.3}: {says}",
        effect.n,
        shown(lo),
        shown(hi)
    )
}
