//! Expectation and maximisation from one division into phases.

use super::chain::{Smoothed, forward_backward};
use super::emission::{PhaseDynamics, PhaseShape};

/// At most so many rounds; it ends where ln L changes by less than the share. From each division it takes the first few,
/// and only from the likeliest the others (Biernacki, Celeux and Govaert 2003).
const FIRST_ROUNDS: usize = 15;
const ROUNDS: usize = 500;
const ENOUGH: f64 = 1e-9;

/// What is given: standardised values, [observables][times], and what is asked.
pub(super) struct Problem<'a> {
    pub(super) values: &'a [Vec<f64>],
    pub(super) labels: &'a [Option<usize>],
    pub(super) left_to_right: bool,
    pub(super) shape: PhaseShape,
    /// The variance of noise of each observable with one phase for the whole run.
    pub(super) whole: &'a [f64],
}

/// A model of so many states, and what the observations say under it.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) start: Vec<f64>,
    pub(super) transition: Vec<Vec<f64>>,
    /// \[states, observables\].
    pub(super) dynamics: Vec<Vec<PhaseDynamics>>,
    pub(super) smoothed: Smoothed,
}

impl Problem<'_> {
    fn times(&self) -> usize {
        self.values[0].len()
    }

    /// The model to which `division`, a state at each time, leads at first; none where it becomes impossible.
    pub(super) fn maximised(&self, division: &[usize], states: usize) -> Option<Model> {
        let likely = |(time, state): (usize, &usize)| {
            // the first state stays open
            let other = if time == 0 { 0.1 / states as f64 } else { 0.0 };
            (0..states)
                .map(|s| if s == *state { 1.0 } else { other })
                .collect()
        };
        let posterior: Vec<Vec<f64>> = division.iter().enumerate().map(likely).collect();
        let mut changes = vec![vec![0.0; states]; states];
        division
            .windows(2)
            .for_each(|pair| changes[pair[0]][pair[1]] += 1.0);
        // no change is impossible at first, unless phases go left to right
        let begin = Smoothed {
            posterior,
            changes: changes
                .into_iter()
                .map(|row| row.into_iter().map(|c| c + 0.1).collect())
                .collect(),
            log_likelihood: f64::NEG_INFINITY,
        };
        self.rounds(self.step(&begin)?, FIRST_ROUNDS)
    }

    /// The model to which more rounds lead.
    pub(super) fn settled(&self, model: Model) -> Option<Model> {
        self.rounds(model, ROUNDS)
    }

    fn rounds(&self, mut model: Model, rounds: usize) -> Option<Model> {
        for _ in 0..rounds {
            let next = self.step(&model.smoothed)?;
            let grown = next.smoothed.log_likelihood - model.smoothed.log_likelihood;
            model = next;
            if grown.abs() < ENOUGH * model.smoothed.log_likelihood.abs() {
                break;
            }
        }
        Some(model)
    }

    /// The parameters with the greatest expected likelihood, and the posterior under them.
    fn step(&self, smoothed: &Smoothed) -> Option<Model> {
        let states = smoothed.changes.len();
        let first = &smoothed.posterior[0];
        let start: Vec<f64> = match self.left_to_right {
            true => (0..states).map(|s| f64::from(u8::from(s == 0))).collect(),
            false => first
                .iter()
                .map(|p| p / first.iter().sum::<f64>())
                .collect(),
        };
        let row = |from: usize| self.transitions(from, &smoothed.changes[from]);
        let transition: Vec<Vec<f64>> = (0..states).map(row).collect();
        let of = |(values, whole): (&Vec<f64>, &f64)| {
            PhaseDynamics::weighted(values, &smoothed.posterior[1..], self.shape, *whole)
        };
        let of_observables: Vec<Vec<PhaseDynamics>> =
            self.values.iter().zip(self.whole).map(of).collect();
        let of_state = |state: usize| of_observables.iter().map(|of| of[state]).collect();
        let dynamics: Vec<Vec<PhaseDynamics>> = (0..states).map(of_state).collect();
        let emission = self.log_emission(&dynamics);
        Some(Model {
            smoothed: forward_backward(&start, &transition, &emission)?,
            start,
            transition,
            dynamics,
        })
    }

    /// The next state's probabilities from the expected changes; left to right only to itself and the next.
    fn transitions(&self, from: usize, changes: &[f64]) -> Vec<f64> {
        let allowed = |to: usize| !self.left_to_right || to == from || to == from + 1;
        let count = |to: usize| if allowed(to) { changes[to] } else { 0.0 };
        let sum: f64 = (0..changes.len()).map(count).sum();
        match sum > 0.0 {
            true => (0..changes.len()).map(|to| count(to) / sum).collect(),
            // a state that is never left, or never reached
            false => (0..changes.len())
                .map(|to| f64::from(u8::from(to == from)))
                .collect(),
        }
    }

    /// ln of the density of each time given the one before; the first is given. A label rules other states out.
    fn log_emission(&self, dynamics: &[Vec<PhaseDynamics>]) -> Vec<Vec<f64>> {
        let density = |time: usize, state: usize| {
            let ruled_out = self
                .labels
                .get(time)
                .copied()
                .flatten()
                .is_some_and(|label| label != state);
            let seen = self.values.iter().zip(&dynamics[state]);
            match (ruled_out, time) {
                (true, _) => f64::NEG_INFINITY,
                (false, 0) => 0.0,
                (false, _) => seen.map(|(x, d)| d.log_density(x[time - 1], x[time])).sum(),
            }
        };
        let row = |time| {
            (0..dynamics.len())
                .map(|state| density(time, state))
                .collect()
        };
        (0..self.times()).map(row).collect()
    }
}
