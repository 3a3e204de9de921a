//! One design problem: which architectures may be chosen, and how good each is.

use std::collections::HashMap;

use outcrop_arch::ArchSpec;
use rand_chacha::ChaCha8Rng;

use super::space::{Point, Space};
use super::{Budget, Candidate, Cost, Goal, Guess};
use crate::Result;
use crate::random::below;

/// A space of at most so many combinations is looked through.
pub(super) const WHOLE: usize = 200_000;
/// In a larger one so many are drawn for one that is allowed.
const TRIES: usize = 20_000;

pub(super) struct Problem<'a> {
    pub(super) space: Space,
    pub(super) goal: Goal,
    pub(super) budgets: Vec<Budget>,
    pub(super) allow_outside: bool,
    pub(super) ask: &'a dyn Fn(&ArchSpec) -> Result<Guess>,
    /// The allowed points, where the space is small.
    pub(super) pool: Option<Vec<Point>>,
    pub(super) known: HashMap<Point, Candidate>,
}

impl Problem<'_> {
    pub(super) fn is_small(&self) -> bool {
        self.space.size() <= WHOLE
    }

    /// The architecture at `point`, if every constraint but the goal allows it.
    pub(super) fn allowed(&self, point: &Point) -> Option<ArchSpec> {
        let arch = self.space.arch(point)?;
        // ranges before costs: few of a large space lie inside, and a cost takes ten times as long
        let near = self.allow_outside || self.space.is_inside(&arch);
        let affordable = || self.budgets.iter().all(|b| b.holds(b.cost.of(&arch)));
        (near && affordable()).then_some(arch)
    }

    /// A random allowed point; none where none was found.
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Option<Point> {
        if let Some(pool) = &self.pool {
            return (!pool.is_empty()).then(|| pool[below(rng, pool.len())].clone());
        }
        let point = |rng: &mut ChaCha8Rng| {
            let knobs = self.space.knobs.iter();
            knobs.map(|(_, values)| below(rng, values.len())).collect()
        };
        let mut drawn = (0..TRIES).map(|_| point(rng));
        drawn.find(|p| self.allowed(p).is_some())
    }

    /// The prediction for an architecture.
    pub(super) fn candidate(&self, arch: ArchSpec) -> Result<Candidate> {
        let guess = (self.ask)(&arch)?;
        let outside = self.space.outside(&arch);
        Ok(Candidate {
            reached: self.goal.holds(guess.value),
            value: guess.value,
            low: guess.low,
            high: guess.high,
            parameters: arch.parameters().total,
            flops: arch.flops_per_token(),
            outside,
            arch,
        })
    }

    /// The same of an allowed point, asked once.
    pub(super) fn evaluate(&mut self, point: &Point) -> Result<Option<Candidate>> {
        if let Some(known) = self.known.get(point) {
            return Ok(Some(known.clone()));
        }
        let Some(arch) = self.allowed(point) else {
            return Ok(None);
        };
        let candidate = self.candidate(arch)?;
        self.known.insert(point.clone(), candidate.clone());
        Ok(Some(candidate))
    }

    /// Numbers to be large: the predicted value on the wanted side, then the costs with a budget
    /// (parameters where none has one).
    pub(super) fn merits(&self, candidate: &Candidate) -> Vec<f64> {
        let value = match self.goal.below {
            true => -candidate.value,
            false => candidate.value,
        };
        let costs = self.costs().into_iter().map(|c| c.of(&candidate.arch));
        [value].into_iter().chain(costs).collect()
    }

    pub(super) fn costs(&self) -> Vec<Cost> {
        let mut costs: Vec<Cost> = Vec::new();
        for budget in &self.budgets {
            if !costs.contains(&budget.cost) {
                costs.push(budget.cost);
            }
        }
        if costs.is_empty() {
            costs.push(Cost::Parameters);
        }
        costs
    }
}
