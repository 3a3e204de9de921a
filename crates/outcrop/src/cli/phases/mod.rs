//! `outcrop phases`.

mod line;

use std::collections::BTreeMap;

use outcrop_core::Trajectory;
use outcrop_fit::{PhaseNoise, PhaseOptions, fit_phases};

use self::line::{Line, segments};
use super::output::{To, columns, print, say, write_rows};
use super::trajectories::AnyTrajectories;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop phases trajectories.csv --join-layers     phases of a run by the ratios of all its layers
  outcrop phases observables.csv --observable norm_first,near_zero --left-to-right
                                                    by two observables of each layer; phases never return
  outcrop phases observables.csv --format csv       every checkpoint with its phase and probability

A phase is a level of every observable, with noise around it that may follow the checkpoint before (a hidden Markov model).
The number of phases is chosen by BIC. Only checkpoints at which every observable has a value count. docs/onsets.md
explains the method.")]
pub(crate) struct Args {
    #[command(flatten)]
    trajectories: AnyTrajectories,
    /// Take the layers of a model together, each as an observable, instead of one after the other.
    #[arg(long)]
    join_layers: bool,
    /// Fewest phases that are tried.
    #[arg(long, default_value_t = 1, value_name = "N")]
    fewest: usize,
    /// Most phases that are tried.
    #[arg(long, default_value_t = 4, value_name = "N")]
    most: usize,
    /// Phases follow one another and never return.
    #[arg(long)]
    left_to_right: bool,
    /// Whether phases differ in more than their levels.
    #[arg(long, value_enum, default_value_t)]
    noise: Noise,
    #[command(flatten)]
    to: To,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Noise {
    /// Each phase has a memory and a noise of its own.
    Own,
    /// Memory and noise are the same in all phases.
    Shared,
    /// Both are tried; BIC chooses.
    #[default]
    Either,
}

impl Noise {
    fn option(self) -> PhaseNoise {
        match self {
            Self::Own => PhaseNoise::Own,
            Self::Shared => PhaseNoise::Shared,
            Self::Either => PhaseNoise::Either,
        }
    }
}

/// The observables of one model, or of one of its layers, by name.
type Group = Vec<(String, Trajectory)>;

pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.to.target()?;
    let options = PhaseOptions::default()
        .between(args.fewest, args.most)?
        .left_to_right(args.left_to_right)
        .noise(args.noise.option());
    let groups = groups(args)?;
    let (mut lines, mut failures) = (Vec::new(), Vec::new());
    for ((model, layer), group) in &groups {
        match of_group(group, &options) {
            Ok(found) => lines.extend(Line::all(model, *layer, &found)),
            Err(error) => failures.push(format!("{model}{}: failed to {error}", of_layer(*layer))),
        }
    }
    for failure in &failures {
        say(&format!("warning: {failure}"));
    }
    match (groups.len(), lines.is_empty(), failures.first()) {
        (0, ..) | (_, true, None) => Err(Error::Nothing(format!(
            "find phases: {} has no trajectory",
            args.trajectories.name()
        ))),
        (count, true, Some(first)) => Err(Error::Nothing(format!(
            "find phases in any of {count} runs or layers; the first: {first}"
        ))),
        (_, false, _) if target.is_read_here() => {
            print(&columns(&segments(&lines)));
            Ok(())
        }
        (_, false, _) => write_rows(&lines, &target),
    }
}

fn of_layer(layer: Option<u32>) -> String {
    layer
        .map(|layer| format!(", layer {layer}"))
        .unwrap_or_default()
}

fn groups(args: &Args) -> Result<BTreeMap<(String, Option<u32>), Group>> {
    let mut groups: BTreeMap<_, Group> = BTreeMap::new();
    for one in args.trajectories.read()? {
        let (model, layer) = (one.trajectory.model.clone(), one.trajectory.layer);
        let (layer, name) = match args.join_layers {
            true => (None, format!("{} of layer {layer}", one.name())),
            false => (Some(layer), one.name()),
        };
        let group = groups.entry((model, layer)).or_default();
        group.push((name, one.trajectory));
    }
    Ok(groups)
}

/// The phases of a group, and the steps that all of its observables have.
struct Found {
    steps: Vec<u64>,
    observables: usize,
    phases: outcrop_fit::Phases,
}

fn of_group(group: &Group, options: &PhaseOptions) -> outcrop_fit::Result<Found> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for step in group.iter().flat_map(|(_, trajectory)| &trajectory.steps) {
        *counts.entry(*step).or_default() += 1;
    }
    let shared = counts.iter().filter(|(_, count)| **count == group.len());
    let steps: Vec<u64> = shared.map(|(step, _)| *step).collect();
    let values = |trajectory: &Trajectory| -> Vec<f64> {
        let points = trajectory.steps.iter().zip(&trajectory.ratios);
        let shared = points.filter(|(step, _)| steps.binary_search(step).is_ok());
        shared.map(|(_, value)| *value).collect()
    };
    let values: Vec<Vec<f64>> = group
        .iter()
        .map(|(_, trajectory)| values(trajectory))
        .collect();
    let named = group.iter().zip(&values);
    let named: Vec<(&str, &[f64])> = named
        .map(|((name, _), values)| (name.as_str(), values.as_slice()))
        .collect();
    Ok(Found {
        phases: fit_phases(&named, options)?,
        observables: group.len(),
        steps,
    })
}
