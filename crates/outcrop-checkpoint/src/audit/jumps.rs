//! Steps whose weights come from elsewhere.
//!
//! Training moves weights along a path. Of three checkpoints in a row, the outer two are farther
//! apart than the middle one is from the nearer of them, unless the path turns back on itself. How
//! much farther, or less far, is a ratio without a scale: it needs no estimate of how fast weights
//! move at that time, which differs by orders of magnitude along a series.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rayon::prelude::*;

use super::finding::{Code, Finding};
use super::probes::probes;
use crate::weights::elements;
use crate::{Checkpoint, CheckpointSeries, Result, Weights};

/// Sums that are made side by side, so that the compiler can use vectors.
const LANES: usize = 8;
/// Elements that are compared at a time, and those that one thread takes.
const TOGETHER: usize = 1 << 14;
const SHARE: usize = 1 << 19;
/// Relative distances below this one are of the size of rounding in f16 and bf16.
const MIN_DISTANCE: f64 = 0.005;
/// Distances between one checkpoint and the two that follow it, per tensor: relative to the mean of
/// the two norms.
type Distances = Vec<[Option<f64>; 2]>;

pub(super) fn jumps(
    series: &CheckpointSeries,
    suspects: &BTreeSet<u64>,
    ratio: f64,
    apart: &Apart,
) -> Vec<Finding> {
    let usable = |entry: &&Checkpoint| entry.step.is_some_and(|step| !suspects.contains(&step));
    let entries: Vec<_> = series.entries.iter().filter(usable).collect();
    let open = |entry: &&Checkpoint| Weights::open(&entry.folder).ok();
    let Some(names) = entries.iter().rev().find_map(open).map(|w| probes(&w)) else {
        return Vec::new();
    };
    let mut window: Vec<Opened<'_>> = Vec::new();
    let mut distances: Vec<Distances> = Vec::new();
    for place in 0..entries.len() {
        let ahead = entries.iter().skip(place + window.len());
        window.extend(ahead.take(3 - window.len()).map(|entry| Opened::new(entry)));
        distances.push(apart.of(&window, &names));
        window.remove(0);
    }
    let turns = (1..entries.len().saturating_sub(1)).filter_map(|place| {
        let near = [&distances[place - 1], &distances[place]];
        turn(&names, near, ratio).map(|words| (place, words))
    });
    let findings = turns.map(|(place, (name, [before, after, across]))| {
        let step = |place: usize| entries[place].step.unwrap_or_default();
        let (left, here, right) = (step(place - 1), step(place), step(place + 1));
        let words = format!(
            "step {here} jumps away and back: its `{name}` differs by {before:.3} from step {left} \
             and by {after:.3} from step {right}, which differ by {across:.3}"
        );
        Finding::new(Code::Jump, vec![here], words)
            .suspecting(vec![here])
            .of_tensors(vec![name.into()])
    });
    findings.collect()
}

/// The tensor that turns back the most, beyond `ratio`, and its distances: to the step before, to
/// the step after, and between these. `distances` are those of the step before and of this one.
fn turn<'a>(
    names: &'a [String],
    [before, here]: [&Distances; 2],
    ratio: f64,
) -> Option<(&'a str, [f64; 3])> {
    let mut worst: Option<(f64, &str, [f64; 3])> = None;
    for (name, (before, here)) in names.iter().zip(before.iter().zip(here)) {
        let ([Some(left), Some(across)], [Some(right), _]) = (before, here) else {
            continue;
        };
        let near = left.min(*right);
        if near < MIN_DISTANCE || near <= ratio * across {
            continue;
        }
        let turned = near / across.max(f64::MIN_POSITIVE);
        if worst.as_ref().is_none_or(|(most, ..)| turned > *most) {
            worst = Some((turned, name, [*left, *right, *across]));
        }
    }
    worst.map(|(_, name, distances)| (name, distances))
}

/// Distances of checkpoints from one another.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// Those of two folders that were in memory at the same time, by tensor.
    known: BTreeMap<[PathBuf; 2], BTreeMap<String, Option<f64>>>,
    /// The last two checkpoints, where they are held.
    recent: Vec<(PathBuf, Weights)>,
}

impl Apart {
    /// Finds the distances of weights that are held from the two before, so that none of them is read again.
    pub(super) fn see(&mut self, folder: &Path, weights: &Weights) {
        let Some(held) = weights.shared() else {
            self.recent.clear();
            return;
        };
        let names = probes(weights);
        let others: Vec<_> = self.recent.iter().map(|(_, other)| Some(other)).collect();
        let found = names
            .par_iter()
            .map(|name| distances(name, weights, &others));
        let found: Vec<Vec<Option<f64>>> = found.collect();
        for (at, (other, _)) in self.recent.iter().enumerate() {
            let found = found.iter().map(|of_name| of_name[at]);
            let found = names.iter().cloned().zip(found).collect();
            let pair = [other.clone(), folder.to_owned()];
            self.known.insert(pair, found);
        }
        self.recent.drain(..self.recent.len().saturating_sub(1));
        self.recent.push((folder.to_owned(), held));
    }

    /// Lets go of what is held.
    pub(super) fn release(&mut self) {
        self.recent.clear();
    }

    /// The distances of all tensors, where they are known.
    fn known(&self, [first, other]: [&Path; 2], names: &[String]) -> Option<Vec<Option<f64>>> {
        let known = self.known.get(&[first.to_owned(), other.to_owned()])?;
        names.iter().map(|name| known.get(name).copied()).collect()
    }

    /// Of one checkpoint and up to two that follow it.
    fn of(&self, window: &[Opened<'_>], names: &[String]) -> Distances {
        let (first, following) = (&window[0], &window[1..]);
        let known = |to: &Opened<'_>| self.known([first.folder, to.folder], names);
        let known: Option<Vec<_>> = following.iter().map(known).collect();
        if let Some(known) = known {
            let of_name = |at: usize| [0, 1].map(|to| known.get(to).and_then(|d: &Vec<_>| d[at]));
            return (0..names.len()).map(of_name).collect();
        }
        let following: Vec<_> = following.iter().map(Opened::weights).collect();
        let read = names.par_iter().map(|name| {
            let first = first.weights();
            let found = first.map(|first| distances(name, first, &following));
            let found = found.unwrap_or_default();
            [0, 1].map(|to| found.get(to).copied().flatten())
        });
        read.collect()
    }
}

/// A checkpoint, opened when it has to be read.
struct Opened<'a> {
    folder: &'a Path,
    weights: OnceLock<Option<Weights>>,
}

impl<'a> Opened<'a> {
    fn new(entry: &'a Checkpoint) -> Self {
        Self {
            folder: &entry.folder,
            weights: OnceLock::new(),
        }
    }

    fn weights(&self) -> Option<&Weights> {
        let open = || Weights::open(self.folder).ok();
        self.weights.get_or_init(open).as_ref()
    }
}

/// The distances of a tensor from those of other weights; none where they cannot be read, shapes differ, values are not
/// finite or all are 0.
fn distances(name: &str, ours: &Weights, others: &[Option<&Weights>]) -> Vec<Option<f64>> {
    let one = |other: &Option<&Weights>| distance(name, ours, (*other)?).ok().flatten();
    others.iter().map(one).collect()
}

fn distance(name: &str, ours: &Weights, theirs: &Weights) -> Result<Option<f64>> {
    let infos = [ours, theirs].map(|weights| weights.get(name));
    let [Some(our), Some(their)] = infos else {
        return Ok(None);
    };
    let count = elements(our);
    let readable = our.dtype.is_readable() && their.dtype.is_readable();
    if elements(their) != count || !readable {
        return Ok(None);
    }
    // what is strewn may be read as a whole for every range
    let in_order = ours.is_in_order(name) && theirs.is_in_order(name);
    let [share, step] = match in_order {
        true => [SHARE, TOGETHER],
        false => [count.max(1); 2],
    };
    let sums = (0..count.div_ceil(share)).into_par_iter().map(|i| {
        let range = i * share..count.min((i + 1) * share);
        squares(name, [ours, theirs], range, step)
    });
    let sums: Vec<[f64; 3]> = sums.collect::<Result<_>>()?;
    let total = |of: usize| sums.iter().map(|sums| sums[of]).sum::<f64>().sqrt();
    let relative = 2.0 * total(0) / (total(1) + total(2));
    Ok(relative.is_finite().then_some(relative))
}

/// The sums of squares of differences, of ours and of theirs, over some elements.
fn squares(
    name: &str,
    [ours, theirs]: [&Weights; 2],
    range: Range<usize>,
    step: usize,
) -> Result<[f64; 3]> {
    let (mut a, mut b, mut sums) = (Vec::new(), Vec::new(), [[0.0; LANES]; 3]);
    for first in range.clone().step_by(step) {
        let some = first..range.end.min(first + step);
        ours.read_range_f32(name, some.clone(), &mut a)?;
        theirs.read_range_f32(name, some, &mut b)?;
        add(&a, &b, &mut sums);
    }
    Ok(sums.map(|lanes| lanes.iter().sum()))
}

/// Adds to the squares of differences, of ours and of theirs.
fn add(a: &[f32], b: &[f32], sums: &mut [[f64; LANES]; 3]) {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks(), b.as_chunks());
    let all = a.iter().zip(b);
    all.for_each(|(a, b)| add_line(a, b, sums));
    let mut rest = [[0.0; LANES]; 2];
    rest[0][..a_rest.len()].copy_from_slice(a_rest);
    rest[1][..b_rest.len()].copy_from_slice(b_rest);
    add_line(&rest[0], &rest[1], sums);
}

#[inline(always)]
fn add_line(a: &[f32; LANES], b: &[f32; LANES], sums: &mut [[f64; LANES]; 3]) {
    let [apart, ours, theirs] = sums;
    for lane in 0..LANES {
        let (a, b) = (f64::from(a[lane]), f64::from(b[lane]));
        apart[lane] += (a - b) * (a - b);
        ours[lane] += a * a;
        theirs[lane] += b * b;
    }
}
