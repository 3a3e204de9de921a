//! Why nothing satisfies a request.

use std::collections::HashSet;

use outcrop_arch::ArchSpec;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::number::short;
use super::problem::{Problem, WHOLE};
use super::{Candidate, Cost};
use crate::random::below;
use crate::{Error, Result};

/// Combinations of a large space that are looked at.
const SAMPLE: usize = 50_000;

/// The error that names each constraint which, relaxed alone, would admit an architecture, and to
/// what. `best` is the allowed candidate that comes closest to the goal, if any is allowed; each of
/// the other constraints costs at most `predictions`.
pub(super) fn diagnose(
    problem: &Problem<'_>,
    best: Option<&Candidate>,
    predictions: usize,
    seed: u64,
) -> Result<Error> {
    let archs = archs(problem, seed);
    let mut relaxed: Vec<String> = Vec::new();
    if let Some(best) = best {
        relaxed.push(format!(
            "`{}` to {:.4}, the best that is predicted under the others",
            problem.goal, best.value
        ));
    }
    for i in 0..problem.budgets.len() {
        relaxed.extend(without_budget(problem, &archs, i, predictions)?);
    }
    if !problem.allow_outside {
        relaxed.extend(without_range(problem, &archs, predictions)?);
    }
    Ok(Error::Unsatisfied {
        looked: archs.len(),
        reason: match (archs.is_empty(), relaxed.is_empty()) {
            (true, _) => {
                "no combination of the fields is an architecture: heads must divide d_model, \
                          and heads under a rotary embedding must have an even width"
                    .into()
            }
            (_, true) => {
                "no constraint, relaxed alone, admits one; relax two, or vary more fields".into()
            }
            _ => format!("relax one of: {}", relaxed.join("; ")),
        },
    })
}

/// Architectures of the space, whatever the constraints: all of a small one.
fn archs(problem: &Problem<'_>, seed: u64) -> Vec<ArchSpec> {
    let space = &problem.space;
    let at = |n: usize| space.arch(&space.point(n));
    if space.size() <= WHOLE {
        return (0..space.size()).filter_map(at).collect();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(2);
    let drawn: HashSet<usize> = (0..SAMPLE).map(|_| below(&mut rng, space.size())).collect();
    let mut drawn: Vec<usize> = drawn.into_iter().collect();
    drawn.sort_unstable();
    drawn.into_iter().filter_map(at).collect()
}

/// The first of `archs`, by `distance`, that reaches the goal, within so many predictions.
fn nearest(
    problem: &Problem<'_>,
    mut archs: Vec<(f64, &ArchSpec)>,
    predictions: usize,
) -> Result<Option<Candidate>> {
    archs.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, arch) in archs.into_iter().take(predictions) {
        let candidate = problem.candidate(arch.clone())?;
        if candidate.reached {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

fn without_budget(
    problem: &Problem<'_>,
    archs: &[ArchSpec],
    index: usize,
    predictions: usize,
) -> Result<Option<String>> {
    let budget = &problem.budgets[index];
    let others = |arch: &&ArchSpec| {
        let held = |(i, b): (usize, &super::Budget)| i == index || b.holds(b.cost.of(arch));
        problem.budgets.iter().enumerate().all(held)
            && (problem.allow_outside || problem.space.outside(arch).is_empty())
    };
    let with_excess = |arch| (budget.excess(budget.cost.of(arch)), arch);
    let beyond = archs.iter().filter(others).map(with_excess);
    let found = nearest(problem, beyond.filter(|a| a.0 > 1.0).collect(), predictions)?;
    Ok(found.map(|c| {
        let unit = if budget.cost == Cost::Flops {
            " per token"
        } else {
            ""
        };
        format!("`{budget}` to {}{unit}", short(budget.cost.of(&c.arch)))
    }))
}

fn without_range(
    problem: &Problem<'_>,
    archs: &[ArchSpec],
    predictions: usize,
) -> Result<Option<String>> {
    let affordable = |arch: &&ArchSpec| problem.budgets.iter().all(|b| b.holds(b.cost.of(arch)));
    let with_distance = |arch| {
        let outside = problem.space.outside(arch);
        let relative = outside.iter().map(|o| {
            let width = (o.high - o.low)
                .max(1e-9 * o.high.abs())
                .max(f64::MIN_POSITIVE);
            (o.low - o.value).max(o.value - o.high) / width
        });
        (relative.sum::<f64>(), arch)
    };
    let beyond = archs.iter().filter(affordable).map(with_distance);
    let found = nearest(problem, beyond.filter(|a| a.0 > 0.0).collect(), predictions)?;
    Ok(found.map(|c| {
        let outside: Vec<String> = c.outside.iter().map(|o| o.to_string()).collect();
        format!(
            "the training range, where the prediction is a guess ({})",
            outside.join(", ")
        )
    }))
}
