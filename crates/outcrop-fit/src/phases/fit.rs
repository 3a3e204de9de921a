use super::PhaseOptions;
use super::em::{Model, Problem};
use super::emission::PhaseDynamics;
use crate::onset::{MIN_CHECKPOINTS, check_values};
use crate::random::Source;
use crate::{Error, Result};

/// The phases of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// The probability of each phase at each checkpoint, \[checkpoints, phases\]; each row adds up to 1.
    pub posterior: Vec<Vec<f64>>,
    /// How each observable moves in each phase, \[phases, observables\].
    pub dynamics: Vec<Vec<PhaseDynamics>>,
    /// The probability of each phase at the next checkpoint, \[from, to\].
    pub transition: Vec<Vec<f64>>,
    /// ln of the likelihood, given the first checkpoint.
    pub log_likelihood: f64,
    /// BIC by number of phases, of those that were tried and possible: -2 ln L + p ln(checkpoints - 1) with p free
    /// parameters. The phases here are those with the least.
    pub bic: Vec<(usize, f64)>,
}

impl Phases {
    /// The most probable phase at each checkpoint, from 0.
    pub fn path(&self) -> Vec<usize> {
        let likeliest = |row: &Vec<f64>| {
            let larger = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
            (0..row.len()).fold(0, larger)
        };
        self.posterior.iter().map(likeliest).collect()
    }

    /// The checkpoints (index, from 0) behind which the most probable phase changes: a change lies between that
    /// checkpoint and the next.
    pub fn changes(&self) -> Vec<usize> {
        let path = self.path();
        (0..path.len() - 1)
            .filter(|at| path[*at] != path[at + 1])
            .collect()
    }
}

/// Finds phases in observables (name, one value a checkpoint), each standardised to mean 0 and variance 1.
///
/// Estimation starts from random divisions into consecutive phases, the same every time, and keeps the likeliest result.
/// Phases are in the order of the mean checkpoint at which they are probable; with labels they keep theirs. The first
/// checkpoint is what the others follow from: only its label, or the transitions, tell its phase.
///
/// ```
/// use outcrop_fit::{PhaseOptions, fit_phases};
///
/// let noise = |i: usize| ((i as f64 * 12.9898).sin() * 43758.5453).fract() * 0.5;
/// let sinks: Vec<f64> = (0..60).map(|i| noise(i) + if i < 25 { 0.0 } else { 4.0 }).collect();
/// let drain: Vec<f64> = (0..60).map(|i| noise(7 * i) - if i < 25 { 0.0 } else { 3.0 }).collect();
/// let found = fit_phases(&[("sinks", &sinks), ("drain", &drain)], &PhaseOptions::default().left_to_right(true))?;
/// assert_eq!(found.changes(), [24]);
/// assert!(found.posterior[40][1] > 0.99 && found.dynamics[0][0].level() < 0.0);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFewPoints`] below [`MIN_CHECKPOINTS`] checkpoints (or without observables), [`Error::Lengths`] where
/// observables, or labels, are not as many, [`Error::NotFinite`], [`Error::Constant`], [`Error::Phases`] where no number
/// of phases is possible.
pub fn fit_phases(observables: &[(&str, &[f64])], options: &PhaseOptions) -> Result<Phases> {
    let values = standardised(observables)?;
    let times = values[0].len();
    if !options.labels.is_empty() && options.labels.len() != times {
        return Err(Error::Lengths {
            series: "labels".to_owned(),
            steps: times,
            values: options.labels.len(),
        });
    }
    let whole = |values: &Vec<f64>| PhaseDynamics::whole(values, options.autoregressive).variance;
    let whole: Vec<f64> = values.iter().map(whole).collect();
    let problem = Problem {
        values: &values,
        labels: &options.labels,
        left_to_right: options.left_to_right,
        autoregressive: options.autoregressive,
        whole: &whole,
    };
    let (mut bic, mut best): (Vec<(usize, f64)>, _) = (Vec::new(), None);
    for states in options.fewest..=options.most {
        let Some(model) = likeliest(&problem, states, options.starts) else {
            continue;
        };
        let parameters = parameters(states, values.len(), options) as f64;
        let found = parameters * ((times - 1) as f64).ln() - 2.0 * model.smoothed.log_likelihood;
        if bic.iter().all(|(_, other)| found < *other) {
            best = Some(model);
        }
        bic.push((states, found));
    }
    let named = !options.labels.iter().all(Option::is_none);
    match best {
        Some(model) => Ok(ordered(model, named || options.left_to_right, bic)),
        None => Err(Error::Phases {
            observables: observables
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

fn standardised(observables: &[(&str, &[f64])]) -> Result<Vec<Vec<f64>>> {
    let times = observables.first().map_or(0, |(_, values)| values.len());
    if observables.is_empty() {
        return Err(Error::TooFewPoints {
            series: "no observable".to_owned(),
            found: 0,
            needed: MIN_CHECKPOINTS,
        });
    }
    let one = |(name, values): &(&str, &[f64])| {
        if values.len() != times {
            return Err(Error::Lengths {
                series: (*name).to_owned(),
                steps: times,
                values: values.len(),
            });
        }
        check_values(name, &[], values)?;
        let n = times as f64;
        let mean = values.iter().sum::<f64>() / n;
        let scale = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        Ok(values.iter().map(|x| (x - mean) / scale).collect())
    };
    observables.iter().map(one).collect()
}

/// Free parameters: constant, variance and memory of each observable and phase, transitions, start.
fn parameters(states: usize, observables: usize, options: &PhaseOptions) -> usize {
    let each = if options.autoregressive { 3 } else { 2 };
    let chain = match options.left_to_right {
        true => states - 1,
        false => states * (states - 1) + states - 1,
    };
    each * states * observables + chain
}

fn likeliest(problem: &Problem<'_>, states: usize, starts: usize) -> Option<Model> {
    let times = problem.values[0].len();
    let mut source = Source::new(states as u64);
    let mut best: Option<Model> = None;
    for start in 0..starts {
        let bounds: Vec<usize> = match start {
            0 => (1..states).map(|i| i * times / states).collect(),
            _ => source.bounds(states - 1, times),
        };
        let of_bounds = |time: usize| bounds.iter().filter(|bound| **bound <= time).count();
        let known = |time: usize| problem.labels.get(time).copied().flatten();
        let division: Vec<usize> = (0..times)
            .map(|t| known(t).unwrap_or_else(|| of_bounds(t)))
            .collect();
        let Some(model) = problem.maximised(&division, states) else {
            continue;
        };
        let likelier = |best: &Model| model.smoothed.log_likelihood > best.smoothed.log_likelihood;
        if best.as_ref().is_none_or(likelier) {
            best = Some(model);
        }
    }
    best
}

/// The model with its states in the order of time, unless they have names.
fn ordered(model: Model, named: bool, bic: Vec<(usize, f64)>) -> Phases {
    let posterior = &model.smoothed.posterior;
    let mut order: Vec<usize> = (0..model.start.len()).collect();
    if !named {
        let when = |state: usize| {
            let weights = posterior.iter().map(|row| row[state]);
            let sum: f64 = weights.clone().sum();
            weights.enumerate().map(|(t, w)| t as f64 * w).sum::<f64>() / sum.max(f64::MIN_POSITIVE)
        };
        order.sort_by(|a, b| when(*a).total_cmp(&when(*b)));
    }
    let in_order = |row: &Vec<f64>| order.iter().map(|state| row[*state]).collect::<Vec<_>>();
    Phases {
        posterior: posterior.iter().map(in_order).collect(),
        dynamics: order
            .iter()
            .map(|state| model.dynamics[*state].clone())
            .collect(),
        transition: order
            .iter()
            .map(|state| in_order(&model.transition[*state]))
            .collect(),
        log_likelihood: model.smoothed.log_likelihood,
        bic,
    }
}
