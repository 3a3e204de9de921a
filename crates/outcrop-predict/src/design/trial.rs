//! What tells by training whether a design is better than random search.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::problem::Problem;
use super::search::Found;
use super::{Candidate, Request};
use crate::{Error, Result};

/// Draws for one architecture that is new.
const TRIES: usize = 60;

/// Architectures that keep the same budgets: those with the best predictions, and as many drawn at random.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// The best prediction first; each architecture once.
    pub best: Vec<Candidate>,
    /// Drawn evenly from all that the constraints but the goal allow; each architecture once.
    pub random: Vec<Candidate>,
}

/// The best of what was predicted, and as many drawn at random.
pub(super) fn trial(problem: &mut Problem<'_>, found: &Found, request: &Request) -> Result<Trial> {
    let goal = request.goal;
    let mut ranked: Vec<&Candidate> = found.candidates.iter().collect();
    ranked.sort_by(|a, b| match goal.below {
        true => a.value.total_cmp(&b.value),
        false => b.value.total_cmp(&a.value),
    });
    let best = distinct(ranked.into_iter().cloned(), request.trial);
    let random = sample(problem, request.trial, request.seed)?;
    match best.len().min(random.len()) {
        fewer if fewer < request.trial => Err(Error::Request {
            what: "design",
            text: goal.to_string(),
            reason: format!(
                "{} architectures to verify are more than the {fewer} that keep the budgets; verify fewer, or widen a budget",
                request.trial
            ),
        }),
        _ => Ok(Trial { best, random }),
    }
}

/// The first `count` architectures, each once.
fn distinct(all: impl Iterator<Item = Candidate>, count: usize) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in all {
        if kept.len() == count {
            break;
        }
        if kept.iter().all(|one| one.arch != candidate.arch) {
            kept.push(candidate);
        }
    }
    kept
}

/// `count` different architectures drawn at random, or as many as are found.
fn sample(problem: &mut Problem<'_>, count: usize, seed: u64) -> Result<Vec<Candidate>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(2);
    let mut kept = Vec::new();
    for _ in 0..count * TRIES {
        let missing = count - kept.len();
        let drawn = (missing > 0).then(|| problem.draw(&mut rng)).flatten();
        let Some(point) = drawn else { break };
        kept.extend(problem.evaluate(&point)?);
        kept = distinct(kept.into_iter(), count);
    }
    Ok(kept)
}
