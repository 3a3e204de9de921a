//! Steps whose weights come from elsewhere.
//!
//! Training moves weights along a path. Of three checkpoints in a row, the outer two are farther
//! apart than the middle one is from the nearer of them, unless the path turns back on itself. How
//! much farther, or less far, is a ratio without a scale: it needs no estimate of how fast weights
//! move at that time, which differs by orders of magnitude along a series.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::finding::{Code, Finding};
use super::probes::probes;
use crate::dtype::append_f32;
use crate::weights::elements;
use crate::{Checkpoint, CheckpointSeries, Result, Weights};

/// Sums that are made side by side, so that the compiler can use vectors.
const LANES: usize = 8;
/// Relative distances below this one are of the size of rounding in f16 and bf16.
const MIN_DISTANCE: f64 = 0.005;
/// Distances between one checkpoint and the two that follow it, per tensor: relative to the mean of
/// the two norms.
type Distances = Vec<[Option<f64>; 2]>;

pub(super) fn jumps(
    series: &CheckpointSeries,
    suspects: &BTreeSet<u64>,
    ratio: f64,
) -> Vec<Finding> {
    let usable = |entry: &&Checkpoint| entry.step.is_some_and(|step| !suspects.contains(&step));
    let entries: Vec<_> = series.entries.iter().filter(usable).collect();
    let open = |entry: &&Checkpoint| Weights::open(&entry.folder).ok();
    let Some(names) = entries.iter().rev().find_map(open).map(|w| probes(&w)) else {
        return Vec::new();
    };
    let mut window: Vec<Option<Weights>> = Vec::new();
    let mut distances: Vec<Distances> = Vec::new();
    for place in 0..entries.len() {
        let ahead = entries.iter().skip(place + window.len());
        window.extend(ahead.take(3 - window.len()).map(open));
        let (first, following) = window.split_at(1);
        let from = names
            .par_iter()
            .map(|name| distances_of(name, &first[0], following));
        distances.push(from.collect());
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

fn distances_of(name: &str, from: &Option<Weights>, to: &[Option<Weights>]) -> [Option<f64>; 2] {
    let mut data = Vec::new();
    let Some(true) = from.as_ref().map(|w| w.read_f32(name, &mut data).is_ok()) else {
        return [None; 2];
    };
    [0, 1].map(|place| {
        let to = to.get(place)?.as_ref()?;
        distance(&data, to, name).ok().flatten()
    })
}

/// The distance of a tensor that is held from that of other weights, which is read in pieces; none
/// if shapes differ, values are not finite or all are 0.
fn distance(held: &[f32], to: &Weights, name: &str) -> Result<Option<f64>> {
    let Some(info) = to.get(name).filter(|i| elements(i) == held.len()) else {
        return Ok(None);
    };
    if !info.dtype.is_readable() {
        return Ok(None);
    }
    let (mut piece, mut at, mut sums) = (Vec::new(), 0, [[0.0; LANES]; 3]);
    to.pieces(name, |bytes| {
        piece.clear();
        append_f32(bytes, info.dtype, &mut piece);
        let (ours, theirs) = (held[at..].chunks(LANES), piece.chunks(LANES));
        ours.zip(theirs).for_each(|(a, b)| add(a, b, &mut sums));
        at += piece.len();
    })?;
    let [apart, ours, theirs] = sums.map(|lanes| lanes.iter().sum::<f64>());
    let relative = 2.0 * apart.sqrt() / (ours.sqrt() + theirs.sqrt());
    Ok(relative.is_finite().then_some(relative))
}

/// Adds to the squares of differences, of ours and of theirs.
fn add(a: &[f32], b: &[f32], [apart, ours, theirs]: &mut [[f64; LANES]; 3]) {
    for (lane, (a, b)) in a.iter().zip(b).enumerate() {
        let (a, b) = (f64::from(*a), f64::from(*b));
        apart[lane] += (a - b) * (a - b);
        ours[lane] += a * a;
        theirs[lane] += b * b;
    }
}
