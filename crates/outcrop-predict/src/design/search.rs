//! How candidates are looked for.

use std::collections::HashSet;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::Candidate;
use super::pareto::extend;
use super::problem::Problem;
use super::space::Point;
use crate::Result;
use crate::random::below;

/// The share of predictions that is spent on random points first: one in so many.
const START: usize = 5;
/// Mutations that are tried for one that is allowed and new.
const TRIES: usize = 60;

/// Everything that was predicted.
#[derive(Default)]
pub(super) struct Found {
    pub(super) candidates: Vec<Candidate>,
    pub(super) merits: Vec<Vec<f64>>,
    points: Vec<Point>,
    front: Vec<usize>,
}

impl Found {
    fn push(&mut self, point: Point, candidate: Candidate, merits: Vec<f64>) {
        self.candidates.push(candidate);
        self.merits.push(merits);
        self.points.push(point);
        extend(&mut self.front, &self.merits, self.candidates.len() - 1);
    }
}

/// Predicts every point of the pool.
pub(super) fn enumerate(problem: &mut Problem<'_>, pool: &[Point]) -> Result<Found> {
    let mut found = Found::default();
    for point in pool {
        take(problem, point.clone(), &mut found)?;
    }
    Ok(found)
}

/// As many random points as `predictions` says; a point may come twice.
pub(super) fn random(problem: &mut Problem<'_>, predictions: usize, seed: u64) -> Result<Found> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(1);
    let mut found = Found::default();
    for _ in 0..predictions {
        let Some(point) = problem.draw(&mut rng) else {
            break;
        };
        take(problem, point, &mut found)?;
    }
    Ok(found)
}

/// A small evolutionary search with an archive of what is not dominated (Knowles and Corne 2000): a
/// fifth of the predictions goes to random points, then a member of the archive, one that reaches
/// the goal where there is one, has one or two of its fields moved. No point is predicted twice.
pub(super) fn evolve(problem: &mut Problem<'_>, predictions: usize, seed: u64) -> Result<Found> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut found, mut seen) = (Found::default(), HashSet::new());
    while found.candidates.len() < predictions {
        let starting = found.candidates.len() < predictions.div_ceil(START);
        let moved = match starting {
            true => None,
            false => mutation(problem, &found, &seen, &mut rng),
        };
        let drawn =
            || (0..TRIES).find_map(|_| problem.draw(&mut rng).filter(|p| !seen.contains(p)));
        let Some(point) = moved.or_else(drawn) else {
            break; // nothing new is found any more
        };
        seen.insert(point.clone());
        take(problem, point, &mut found)?;
    }
    Ok(found)
}

fn take(problem: &mut Problem<'_>, point: Point, found: &mut Found) -> Result<()> {
    if let Some(candidate) = problem.evaluate(&point)? {
        let merits = problem.merits(&candidate);
        found.push(point, candidate, merits);
    }
    Ok(())
}

/// A new allowed point beside a member of the archive.
fn mutation(
    problem: &Problem<'_>,
    found: &Found,
    seen: &HashSet<Point>,
    rng: &mut ChaCha8Rng,
) -> Option<Point> {
    let reached = |f: &&usize| found.candidates[**f].reached;
    let good: Vec<usize> = found.front.iter().filter(reached).copied().collect();
    let parents = if good.is_empty() { &found.front } else { &good };
    for _ in 0..TRIES {
        let parent = parents[below(rng, parents.len())];
        let mut point = found.points[parent].clone();
        for _ in 0..=below(rng, 2) {
            step(problem, &mut point, rng);
        }
        if !seen.contains(&point) && problem.allowed(&point).is_some() {
            return Some(point);
        }
    }
    None
}

/// Moves one field up or down, half of the time by one value, a quarter by two, and so on.
fn step(problem: &Problem<'_>, point: &mut Point, rng: &mut ChaCha8Rng) {
    if point.is_empty() {
        return;
    }
    let field = below(rng, point.len());
    let last = problem.space.knobs[field].1.len() - 1;
    let mut by = 1;
    while by < last && below(rng, 2) == 0 {
        by *= 2;
    }
    point[field] = match below(rng, 2) {
        0 => point[field].saturating_sub(by),
        _ => (point[field] + by).min(last),
    };
}
