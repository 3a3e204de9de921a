//! `outcrop onset --lead`: which of two moments of a run comes first, over seeds.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use outcrop_core::Error as CoreError;
use outcrop_core::table::Row;
use outcrop_fit::{Onset, lead_over_seeds, onset};
use serde::{Deserialize, Serialize};

use crate::cli::output::{Destination, columns, print, say, significant, write_rows};
use crate::cli::trajectories::{Observed, read_observed};
use crate::{Error, Result};

/// A moment of a trajectory, `NAME[@PLACE]:WHEN`.
#[derive(Clone, Debug)]
struct Moment {
    /// As it was given.
    text: String,
    /// `NAME[@PLACE]`.
    observable: String,
    when: When,
}

#[derive(Clone, Copy, Debug)]
enum When {
    /// The step of the largest value.
    Peak,
    /// Where this share of the change is crossed: 10, 50 or 90 %.
    Change(fn(&Onset) -> f64),
    /// The first step from which on the value is this or more at two measured steps, or at the last.
    Reaches(f64),
}

const FORM: &str = "NAME[@PLACE]:WHEN, where WHEN is `peak`, `onset`, `half`, `ninety`, or the value that is reached";

impl FromStr for Moment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = || CoreError::range("--lead", text, FORM);
        let (observable, when) = text.rsplit_once(':').ok_or_else(refuse)?;
        let when = match when {
            "peak" => When::Peak,
            "onset" => When::Change(|found| found.onset.middle()),
            "half" => When::Change(|found| found.half.middle()),
            "ninety" => When::Change(|found| found.ninety.middle()),
            value => When::Reaches(value.parse().map_err(|_| refuse())?),
        };
        Ok(Self {
            text: text.into(),
            observable: observable.into(),
            when,
        })
    }
}

impl Moment {
    /// The step of it; none where it is not reached or not defined.
    fn step(&self, one: &Observed) -> Option<f64> {
        let (steps, values) = (one.steps(), &one.trajectory.ratios);
        match self.when {
            When::Peak => {
                let mut earliest = steps.iter().zip(values).rev();
                let first = earliest.next()?;
                let larger = |most: (f64, f64), (step, value): (&f64, &f64)| match *value >= most.1
                {
                    true => (*step, *value),
                    false => most,
                };
                Some(earliest.fold((*first.0, *first.1), larger).0)
            }
            When::Change(step) => Some(step(&onset(&one.name(), &steps, values).ok()?)),
            When::Reaches(value) => {
                let is = |at: usize| values.get(at).is_none_or(|found| *found >= value);
                let at = (0..values.len()).find(|at| is(*at) && is(at + 1))?;
                Some(steps[at])
            }
        }
    }
}

/// Seeds of one model and layer.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    model: String,
    layer: u32,
    first: String,
    second: String,
    /// Seeds in which both moments are.
    n: u64,
    /// Of so many.
    of: u64,
    earlier: u64,
    later: u64,
    lead: Option<f64>,
    lead_lo: Option<f64>,
    lead_hi: Option<f64>,
    confidence: Option<f64>,
    p: Option<f64>,
    /// The median step of each moment.
    first_step: Option<f64>,
    second_step: Option<f64>,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = &["model", "layer", "first", "second", "n"];
    const HEADER: &'static [&'static str] = &[
        "model",
        "layer",
        "first",
        "second",
        "n",
        "of",
        "earlier",
        "later",
        "lead",
        "lead_lo",
        "lead_hi",
        "confidence",
        "p",
        "first_step",
        "second_step",
    ];
    const NAMED: &'static [&'static str] = &["model", "first", "second"];

    fn key(&self) -> String {
        format!("model {:?}, layer {}", self.model, self.layer)
    }
}

/// Model without its seed, and layer.
type Key = (String, u32);

/// Prints or writes by how much the first of two `moments` comes before the second.
pub(super) fn run(input: &Path, moments: &[String], target: &Destination) -> Result<()> {
    let [first, second] = moments else {
        let given = moments.join(",");
        return Err(CoreError::range("--lead", given, "two moments, FIRST,SECOND").into());
    };
    let (first, second): (Moment, Moment) = (first.parse()?, second.parse()?);
    let [of_first, of_second] = [&first, &second].map(|moment| at_one_place(input, moment));
    let (of_first, of_second) = (of_first?, of_second?);
    let mut groups: BTreeMap<Key, Vec<Option<(f64, f64)>>> = BTreeMap::new();
    for one in &of_first {
        let pair = partner(one, &of_second);
        let both = pair.and_then(|pair| Some((first.step(one)?, second.step(pair)?)));
        let model = without_seed(&one.trajectory.model).to_owned();
        let key = (model, one.trajectory.layer);
        groups.entry(key).or_default().push(both);
    }
    let lines: Vec<Line> = groups
        .into_iter()
        .map(|(key, pairs)| line(key, &first, &second, &pairs))
        .collect();
    if lines.iter().all(|line| line.n == 0) {
        let reason = format!(
            "date {} and {} in any run of {}",
            first.text,
            second.text,
            input.display()
        );
        return Err(Error::Nothing(reason));
    }
    for line in lines.iter().filter(|line| line.n < line.of) {
        let Line {
            model,
            layer,
            n,
            of,
            ..
        } = line;
        say(&format!(
            "note: {model}, layer {layer}: {} of {of} seeds have not both moments",
            of - n
        ));
    }
    match target.is_read_here() {
        true => print(&table(&lines)),
        false => write_rows(&lines, target)?,
    }
    Ok(())
}

fn at_one_place(input: &Path, moment: &Moment) -> Result<Vec<Observed>> {
    let found = read_observed(input, std::slice::from_ref(&moment.observable))?;
    let mut places: Vec<&str> = found.iter().map(|one| one.place.as_str()).collect();
    places.sort_unstable();
    places.dedup();
    match places.len() {
        0 | 1 => Ok(found),
        _ => {
            let allowed = format!(
                "NAME@PLACE:WHEN with one of the places {}",
                places.join(", ")
            );
            Err(CoreError::range("--lead", &moment.text, allowed).into())
        }
    }
}

/// Of the same model the same layer, or else its only one.
fn partner<'a>(one: &Observed, others: &'a [Observed]) -> Option<&'a Observed> {
    let of_model = |other: &&Observed| other.trajectory.model == one.trajectory.model;
    let same = |other: &&Observed| other.trajectory.layer == one.trajectory.layer;
    let all: Vec<&Observed> = others.iter().filter(of_model).collect();
    match all[..] {
        [only] => Some(only),
        _ => all.into_iter().find(same),
    }
}

/// `deep-s3` is a seed of `deep`.
fn without_seed(model: &str) -> &str {
    let digits = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    match model.rsplit_once("-s") {
        Some((name, seed)) if digits(seed) => name,
        _ => model,
    }
}

fn line(
    (model, layer): Key,
    first: &Moment,
    second: &Moment,
    pairs: &[Option<(f64, f64)>],
) -> Line {
    let both: Vec<(f64, f64)> = pairs.iter().flatten().copied().collect();
    let found = lead_over_seeds(&both);
    let median = |of: fn(&(f64, f64)) -> f64| {
        let mut steps: Vec<f64> = both.iter().map(of).collect();
        steps.sort_by(f64::total_cmp);
        steps.get(steps.len() / 2).copied()
    };
    Line {
        model,
        layer,
        first: first.text.clone(),
        second: second.text.clone(),
        n: both.len() as u64,
        of: pairs.len() as u64,
        earlier: found.map_or(0, |found| found.earlier as u64),
        later: found.map_or(0, |found| found.later as u64),
        lead: found.map(|found| found.median),
        lead_lo: found.map(|found| found.lo),
        lead_hi: found.map(|found| found.hi),
        confidence: found.map(|found| found.confidence),
        p: found.map(|found| found.p),
        first_step: median(|pair| pair.0),
        second_step: median(|pair| pair.1),
    }
}

fn table(lines: &[Line]) -> String {
    let header = [
        "model",
        "layer",
        "first",
        "second",
        "seeds",
        "earlier",
        "later",
        "lead (decades)",
        "confidence",
        "p",
    ];
    let number = |x: Option<f64>| x.map(significant).unwrap_or_default();
    let moment = |text: &str, step: Option<f64>| format!("{text} {}", number(step));
    let row = |line: &Line| {
        vec![
            line.model.clone(),
            line.layer.to_string(),
            moment(&line.first, line.first_step),
            moment(&line.second, line.second_step),
            format!("{} of {}", line.n, line.of),
            line.earlier.to_string(),
            line.later.to_string(),
            format!(
                "{} [{}, {}]",
                number(line.lead),
                number(line.lead_lo),
                number(line.lead_hi)
            ),
            number(line.confidence),
            number(line.p),
        ]
    };
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(row));
    columns(&rows)
}
