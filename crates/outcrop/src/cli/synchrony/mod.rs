//! `outcrop synchrony`.

mod layers;
mod line;

use std::collections::BTreeMap;

use outcrop_fit::{OnsetPair, TransitionNull, synchrony};

use self::layers::{Layer, by_layer};
use self::line::{Line, table};
use super::output::{To, print, say, write_rows};
use super::trajectories::AnyTrajectories;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop synchrony observables.csv --observable norm_first,value_drain@values
                                       do these start together?
  outcrop synchrony observables.csv    every pair of observables of a table

The input may be a folder of runs. Onsets are paired by layer and model; models are seeds of one. Values of heads are averaged over the heads of a layer.
`together` is the probability of so close onsets if the layers of one observable are in any other order within each
seed, `p_lead` that of so large a lead if neither is first: both are exact in small sets. Trajectories without a
transition (p above --p) are left out and counted. docs/onsets.md explains the columns.")]
pub(crate) struct Args {
    #[command(flatten)]
    trajectories: AnyTrajectories,
    /// Take a trajectory where the test for a transition has at most this p.
    #[arg(long, value_name = "P", default_value_t = 0.05, value_parser = share)]
    p: f64,
    #[command(flatten)]
    to: To,
}

fn share(text: &str) -> std::result::Result<f64, String> {
    let p = text.parse().ok().filter(|p| (0.0..=1.0).contains(p));
    p.ok_or_else(|| format!("{text} is no probability; allowed is 0 to 1"))
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.to.target()?;
    let all = by_layer(args.trajectories.read()?);
    let mut nulls = BTreeMap::new();
    let mut onsets: BTreeMap<String, Onsets> = BTreeMap::new();
    for one in &all {
        let of = onsets.entry(one.name.clone()).or_default();
        match onset(one, args.p, &mut nulls) {
            Some(found) => {
                of.found.insert((one.model.clone(), one.layer), found);
            }
            None => of.without += 1,
        }
    }
    if onsets.len() < 2 {
        let reason = format!(
            "compare onsets: {} has {} of the observables; name two or more with --observable",
            args.trajectories.name(),
            onsets.len()
        );
        return Err(Error::Nothing(reason));
    }
    let names: Vec<&String> = onsets.keys().collect();
    let pairs = (0..names.len()).flat_map(|i| (i + 1..names.len()).map(move |j| (i, j)));
    let line = |(i, j): (usize, usize)| {
        let (a, b) = (names[i], names[j]);
        Line::new(a, b, &onsets[a], &onsets[b])
    };
    let lines: Vec<Line> = pairs.map(line).collect();
    match target.is_read_here() {
        true => print(&table(&lines)),
        false => write_rows(&lines, &target)?,
    }
    let without: usize = onsets.values().map(|of| of.without).sum();
    if without > 0 {
        say(&format!(
            "note: {without} of {} trajectories have no transition (p above {}) and are left out",
            all.len(),
            args.p
        ));
    }
    match lines.iter().all(|line| line.pairs == 0) {
        true => Err(Error::Nothing(
            "compare onsets: no two observables have a transition in the same layer and model; \
             outcrop onset shows the p of each"
                .into(),
        )),
        false => Ok(()),
    }
}

/// The onsets of one observable.
#[derive(Default)]
struct Onsets {
    /// By model and layer.
    found: BTreeMap<(String, u32), outcrop_fit::Crossing>,
    /// How many trajectories have no transition.
    without: usize,
}

impl Onsets {
    /// The onsets of both observables in the layers and models in which both have one.
    fn paired(&self, other: &Self) -> Vec<OnsetPair> {
        let mut models: Vec<&String> = self.found.keys().map(|(model, _)| model).collect();
        models.dedup();
        let both = self.found.iter().filter_map(|(key, a)| {
            let seed = models.iter().position(|model| **model == key.0)?;
            Some(OnsetPair {
                seed: seed as u64,
                layer: key.1,
                a: *a,
                b: *other.found.get(key)?,
            })
        });
        both.collect()
    }

    fn synchrony(&self, other: &Self) -> Option<outcrop_fit::Synchrony> {
        synchrony(&self.paired(other))
    }
}

/// The onset of a trajectory that has a transition.
fn onset(
    one: &Layer,
    most: f64,
    nulls: &mut BTreeMap<usize, TransitionNull>,
) -> Option<outcrop_fit::Crossing> {
    let found = outcrop_fit::onset(&one.name, &one.steps, &one.values).ok()?;
    let n = one.values.len();
    let null = nulls.entry(n).or_insert_with(|| TransitionNull::new(n));
    let test = null.test(&one.name, &one.values).ok()?;
    (test.p <= most).then_some(found.onset)
}
