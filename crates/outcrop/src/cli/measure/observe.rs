//! Which observables are computed beside the measurements.

use std::path::PathBuf;

use outcrop_forward::{ACROSS_STEPS, Annotations, LensPositions, ObserveOptions, TargetRows};
use outcrop_observe::{Observable, select};
use outcrop_tokens::{Labels, Targets};

use crate::{Error, Result};

#[derive(clap::Args)]
#[command(next_help_heading = "Observables")]
pub(super) struct Args {
    /// Also compute these observables at the places of the forward pass (observables.csv): names of observables, of
    /// families (tails, tokens, channels, spectrum, attention, sublayers, predictions, rounding, geometry,
    /// information, concepts), or `all`.
    /// docs/observables.md lists them.
    #[arg(long, value_name = "NAME,...", value_parser = chosen)]
    observe: Option<Chosen>,
    /// Also write their values for every single sequence.
    #[arg(long, requires = "observe")]
    observe_per_sequence: bool,
    /// At how many positions of a longer sequence the logit lens looks, evenly spread, or `all` [default: 32].
    #[arg(long, value_name = "N", requires = "observe")]
    lens_positions: Option<LensPositions>,
    /// Labels of the sequences, a table with the columns sequence,label, or of their positions with
    /// sequence,position,label; both count from 0.
    #[arg(long, value_name = "FILE", requires = "observe")]
    labels: Option<PathBuf>,
    /// Targets in the same way, a number a row: sequence,target, perhaps with position and dimension.
    #[arg(long, value_name = "FILE", requires = "observe")]
    targets: Option<PathBuf>,
}

/// Observables that a list of names means.
#[derive(Clone, Debug)]
struct Chosen(Vec<&'static Observable>);

fn chosen(text: &str) -> std::result::Result<Chosen, String> {
    select(text).map(Chosen).map_err(|error| error.to_string())
}

impl Args {
    /// Whether there is anything to observe.
    pub(super) fn is_wanted(&self) -> bool {
        self.observe.is_some()
    }

    /// Whether there are labels or targets.
    pub(super) fn is_annotated(&self) -> bool {
        self.labels.is_some() || self.targets.is_some()
    }

    /// An observable that compares steps of a series, if one is chosen.
    pub(super) fn compares_steps(&self) -> Option<&'static str> {
        let chosen = self.observe.iter().flat_map(|chosen| &chosen.0);
        let mut names = chosen.map(|one| one.name);
        names.find(|name| ACROSS_STEPS.contains(name))
    }

    /// What to observe of sequences with so many positions each.
    pub(super) fn options(&self, lengths: &[usize]) -> Result<ObserveOptions> {
        let options = ObserveOptions {
            observables: self
                .observe
                .clone()
                .map(|chosen| chosen.0)
                .unwrap_or_default(),
            sequences: self.observe_per_sequence,
            annotations: self.annotations(lengths)?,
            lens_positions: self.lens_positions.unwrap_or_default(),
        };
        match self.lens_positions.is_some() && options.lens().is_none() {
            false => Ok(options),
            true => Err(Error::Idle {
                option: "--lens-positions".to_owned(),
                without: "an observable of the logit lens in --observe, such as predictions",
            }),
        }
    }

    fn annotations(&self, lengths: &[usize]) -> Result<Annotations> {
        let mut given = Annotations::default();
        if let Some(path) = &self.labels {
            let labels = Labels::read(path, lengths)?;
            (given.sequence_labels, given.position_labels) = labels.of.split();
        }
        if let Some(path) = &self.targets {
            let targets = Targets::read(path, lengths)?;
            let columns = targets.columns;
            let rows = |values| TargetRows { values, columns };
            let (of_sequences, of_positions) = targets.of.split();
            given.sequence_targets = of_sequences.map(rows);
            given.position_targets = of_positions.map(|all| all.into_iter().map(rows).collect());
        }
        Ok(given)
    }
}
