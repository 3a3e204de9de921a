//! Runs that a profile does not list but draws: a grid, random points or the sequence of Sobol over any key of the spec.

mod budget;
mod correlation;
mod factor;
mod points;
mod read;
mod refusal;
mod sobol;

use std::collections::{BTreeMap, HashSet};

use outcrop_core::{Document, Error as CoreError};
use outcrop_train::RunSpec;
use serde::{Deserialize, Serialize};

use self::budget::{Budget, number_at};
use self::factor::{Factor, Values};
use self::points::{Kind, Points};
use self::refusal::{Refusal, refusal};
use super::copies::nameless;
use crate::Result;

pub use self::budget::Cost;
pub use self::correlation::Correlation;

/// Points that are tried for each that is asked for.
const TRIED: usize = 200;
/// Points that are tried without one that is possible.
const HOPELESS: usize = 20_000;

/// The section `[design]` of a profile.
///
/// ```toml
/// [design]
/// kind = "sobol"      # or "random"; "grid" takes every combination and no `runs`
/// runs = 64
/// seed = 1            # of the draw, 0 if not given
/// tries = 16          # draws, of which the one is taken whose factors correlate least; 1 if not given
/// all_seeds_every = 3 # every third point, from the first on, has all seeds of the profile, others the first; 1 if not given
/// [design.arch]
/// layers = { from = 1, to = 12 }
/// d_model = [32, 64, 128]
/// d_ff = { times = "arch.d_model", by = [1, 2, 4] }
/// heads = [1, 2, 4]
/// [design.train]
/// learning_rate = { from = 1e-3, to = 1e-2, scale = "log" }
/// [design.budget]
/// parameters = { to = 1e6 }
/// ```
pub(super) struct Design {
    kind: Kind,
    runs: usize,
    seed: u64,
    tries: u64,
    /// Points with all seeds of the profile: one in so many.
    pub(super) all_seeds_every: usize,
    factors: Vec<Factor>,
    budget: Budget,
}

/// What became of a design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// The keys that it varies.
    pub factors: Vec<String>,
    /// Points that are runs.
    pub points: usize,
    /// Points that are none.
    pub left_out: Vec<LeftOut>,
    /// The two factors that correlate most over the points.
    pub largest_correlation: Option<Correlation>,
}

/// Points that a design left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// How many.
    pub points: usize,
    /// The reason of the first of them.
    pub reason: String,
}

/// One draw.
struct Draw {
    /// The runs of each point.
    runs: Vec<Vec<RunSpec>>,
    coordinates: Vec<Vec<f64>>,
    /// By the reason without its numbers.
    left_out: BTreeMap<String, LeftOut>,
}

impl Design {
    /// The runs: every point over every one of `bases`, called `BASE-NUMBER`.
    ///
    /// # Errors
    /// For a profile that is wrong at every point; if fewer points are possible than runs are asked for.
    pub(super) fn draw(
        &self,
        bases: &[Document],
        profile: &Document,
    ) -> Result<(Vec<RunSpec>, Drawn)> {
        let names: Vec<String> = self.factors.iter().map(|f| f.path.clone()).collect();
        let mut best: Option<(Draw, Option<Correlation>)> = None;
        for attempt in 0..self.tries {
            let draw = self.draw_once(bases, attempt, profile)?;
            let found = correlation::largest(&names, &draw.coordinates);
            let size = |c: &Option<Correlation>| c.as_ref().map_or(0.0, |c| c.value.abs());
            if best
                .as_ref()
                .is_none_or(|(_, least)| size(&found) < size(least))
            {
                best = Some((draw, found));
            }
        }
        let Some((draw, largest_correlation)) = best else {
            return Ok((
                Vec::new(),
                Drawn {
                    factors: names,
                    points: 0,
                    left_out: Vec::new(),
                    largest_correlation: None,
                },
            ));
        };
        let drawn = Drawn {
            factors: names,
            points: draw.coordinates.len(),
            left_out: draw.left_out.into_values().collect(),
            largest_correlation,
        };
        Ok((draw.runs.into_iter().flatten().collect(), drawn))
    }

    fn draw_once(&self, bases: &[Document], attempt: u64, profile: &Document) -> Result<Draw> {
        let mut draw = Draw {
            runs: vec![Vec::new(); bases.len()],
            coordinates: Vec::new(),
            left_out: BTreeMap::new(),
        };
        let mut known = HashSet::new();
        for (tried, point) in self.points(attempt).enumerate() {
            if tried == HOPELESS && draw.coordinates.is_empty() {
                break;
            }
            let number = draw.coordinates.len() + 1;
            let made = self.runs_at(&point, bases, number);
            let made = made.and_then(|(runs, coordinates)| match is_new(&runs, &mut known)? {
                true => Ok((runs, coordinates)),
                false => Err(Refusal::Impossible(
                    "be a new run: it is the same as at an earlier point".into(),
                )),
            });
            match made {
                Ok((runs, coordinates)) => {
                    draw.coordinates.push(coordinates);
                    draw.runs
                        .iter_mut()
                        .zip(runs)
                        .for_each(|(of_base, run)| of_base.push(run));
                }
                Err(Refusal::Impossible(reason)) => count(&mut draw.left_out, reason),
                Err(Refusal::Wrong(error)) => return Err(error),
            }
            if draw.coordinates.len() == self.runs {
                break;
            }
        }
        self.check_number(&draw, profile)?;
        Ok(draw)
    }

    fn points(&self, attempt: u64) -> Points {
        let seed = self.seed.wrapping_mul(10_000).wrapping_add(attempt);
        let most = self.runs.saturating_mul(TRIED).saturating_add(1000);
        let factors = self.factors.len();
        match self.kind {
            Kind::Grid => points::grid(
                self.factors
                    .iter()
                    .filter_map(|f| f.values.count())
                    .collect(),
            ),
            Kind::Random => Box::new(points::random(factors, seed).take(most)),
            Kind::Sobol => Box::new(points::sobol(factors, seed).take(most)),
        }
    }

    fn check_number(&self, draw: &Draw, profile: &Document) -> Result<()> {
        let found = draw.coordinates.len();
        let enough = match self.kind {
            Kind::Grid => found > 0,
            Kind::Random | Kind::Sobol => found == self.runs,
        };
        if enough {
            return Ok(());
        }
        let reasons = draw
            .left_out
            .values()
            .map(|left| format!("{} that failed to {}", left.points, left.reason));
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        let reason = format!(
            "{found} points are possible, which is too few; left out were {reasons}; widen its factors or its budget"
        );
        Err(profile
            .locate("design", Some("kind"), CoreError::parse("design", reason))
            .into())
    }

    /// The run of every base at a point, and the coordinates of its factors.
    fn runs_at(
        &self,
        point: &[f64],
        bases: &[Document],
        number: usize,
    ) -> Result<(Vec<RunSpec>, Vec<f64>), Refusal> {
        let mut runs = Vec::new();
        let mut coordinates = Vec::new();
        for base in bases {
            let mut document = base.clone();
            let fraction;
            (coordinates, fraction) = self.set(&mut document, point)?;
            let run = RunSpec::from_document(&document);
            let mut run = run.map_err(|error| match fraction {
                // half of one head: a whole number is asked for
                true => Refusal::Impossible(error.to_string()),
                false => refusal(error),
            })?;
            run.model = format!("{}-{number:04}", run.model);
            if let Some(excess) = self.budget.excess(&Cost::of(&run)) {
                return Err(Refusal::Impossible(excess));
            }
            runs.push(run);
        }
        Ok((runs, coordinates))
    }

    /// Sets all factors, those that are multiples of others last; their coordinates, and whether a multiple is no whole
    /// number.
    fn set(&self, document: &mut Document, point: &[f64]) -> Result<(Vec<f64>, bool), Refusal> {
        let (mut coordinates, mut fraction) = (vec![0.0; point.len()], false);
        for multiples in [false, true] {
            for ((factor, at), coordinate) in self.factors.iter().zip(point).zip(&mut coordinates) {
                if matches!(factor.values, Values::Times { .. }) != multiples {
                    continue;
                }
                let level = factor
                    .values
                    .level(*at, &|key| number_at(document.table(), key));
                let level = level.map_err(|reason| {
                    let error =
                        CoreError::parse(&factor.place, format!("`{}`: {reason}", factor.path));
                    Refusal::Wrong(error.into())
                })?;
                fraction |= multiples && level.value.is_float();
                document.assign(&factor.path, level.value, &factor.place);
                *coordinate = level.coordinate;
            }
        }
        Ok((coordinates, fraction))
    }
}

/// Whether a run other than those `known` is among `runs`, whatever its name; remembers them.
fn is_new(runs: &[RunSpec], known: &mut HashSet<String>) -> Result<bool, Refusal> {
    let mut is_new = false;
    for run in runs {
        is_new |= known.insert(nameless(run).map_err(Refusal::Wrong)?);
    }
    Ok(is_new)
}

/// Counts a point that is left out, with others of the same reason but for its numbers.
fn count(left_out: &mut BTreeMap<String, LeftOut>, reason: String) {
    let key: String = reason.chars().filter(|c| !c.is_ascii_digit()).collect();
    let entry = left_out.entry(key).or_insert(LeftOut { points: 0, reason });
    entry.points += 1;
}
