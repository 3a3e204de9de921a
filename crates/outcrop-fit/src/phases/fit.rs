use super::em::{Model, Problem};
use super::emission::{PhaseDynamics, PhaseShape};
use super::segments::divisions;
use super::{PhaseNoise, PhaseOptions};
use crate::onset::{MIN_CHECKPOINTS, check_values};
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
    /// Whether memory and noise are the same in all phases, which then differ in their levels.
    pub shared: bool,
    /// BIC by number of phases, of those that were tried and possible and whose phases have three checkpoints or more: -2 ln L + p ln(checkpoints - 1) with p free
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
/// Estimation starts from the consecutive segments with the least squares, equal segments and random divisions, the same
/// every time, and keeps the likeliest result.
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
    let (bic, best) = chosen(&values, options);
    let named = !options.labels.iter().all(Option::is_none);
    match best {
        Some(best) => Ok(Phases {
            shared: best.shared,
            ..ordered(best.model, named || options.left_to_right, bic)
        }),
        None => Err(Error::Phases {
            observables: observables
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// The model with the least BIC.
struct Choice {
    bic: f64,
    /// Whether its phases share their noise.
    shared: bool,
    model: Model,
}

/// BIC by number of phases, and the model with the least.
fn chosen(values: &[Vec<f64>], options: &PhaseOptions) -> (Vec<(usize, f64)>, Option<Choice>) {
    let whole = |values: &Vec<f64>| PhaseDynamics::whole(values, options.autoregressive).variance;
    let whole: Vec<f64> = values.iter().map(whole).collect();
    let n = (values[0].len() - 1) as f64;
    let (mut bic, mut best): (Vec<(usize, f64)>, Option<Choice>) = (Vec::new(), None);
    for states in options.fewest..=options.most {
        let mut least: Option<f64> = None;
        for &shared in sharing(options.noise, states) {
            let shape = PhaseShape {
                autoregressive: options.autoregressive,
                shared,
            };
            let problem = Problem {
                values,
                labels: &options.labels,
                left_to_right: options.left_to_right,
                shape,
                whole: &whole,
            };
            let model = likeliest(&problem, states, options.starts);
            let may_be_short = states == options.fewest;
            let Some(model) = model.filter(|model| may_be_short || is_lasting(model)) else {
                continue;
            };
            let parameters = shape.parameters(states) * values.len() + chain(states, options);
            let found = parameters as f64 * n.ln() - 2.0 * model.smoothed.log_likelihood;
            least = Some(least.map_or(found, |least| least.min(found)));
            if best.as_ref().is_none_or(|best| found < best.bic) {
                best = Some(Choice {
                    bic: found,
                    shared,
                    model,
                });
            }
        }
        bic.extend(least.map(|least| (states, least)));
    }
    (bic, best)
}

/// What is tried: phases that share their noise, or not; one phase has none to share with.
fn sharing(noise: PhaseNoise, states: usize) -> &'static [bool] {
    match (noise, states) {
        (_, 1) | (PhaseNoise::Own, _) => &[false],
        (PhaseNoise::Shared, _) => &[true],
        (PhaseNoise::Either, _) => &[true, false],
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

/// Free parameters of the transitions and the start.
fn chain(states: usize, options: &PhaseOptions) -> usize {
    match options.left_to_right {
        true => states - 1,
        false => states * (states - 1) + states - 1,
    }
}

/// How many checkpoints a phase has at least, where that can be chosen. After a sudden change of level the first value
/// does not follow from the one before, which is no phase of its own.
const SHORTEST: f64 = 3.0;

/// Whether every phase has so many checkpoints.
fn is_lasting(model: &Model) -> bool {
    let posterior = &model.smoothed.posterior;
    let count = |state: usize| posterior.iter().map(|row| row[state]).sum::<f64>();
    (0..model.start.len()).all(|state| count(state) >= SHORTEST)
}

/// How many of the starts are followed to their end.
const FOLLOWED: usize = 3;

fn likeliest(problem: &Problem<'_>, states: usize, starts: usize) -> Option<Model> {
    let mut divisions = divisions(problem.values, states, starts, problem.left_to_right);
    for division in &mut divisions {
        for (state, label) in division.iter_mut().zip(problem.labels) {
            *state = label.unwrap_or(*state);
        }
    }
    divisions.sort();
    divisions.dedup();
    let likelihood = |model: &Model| model.smoothed.log_likelihood;
    let begun = divisions
        .iter()
        .filter_map(|division| problem.maximised(division, states));
    let mut begun: Vec<Model> = begun.collect();
    begun.sort_by(|a, b| likelihood(b).total_cmp(&likelihood(a)));
    let settled = begun
        .into_iter()
        .take(FOLLOWED)
        .filter_map(|model| problem.settled(model));
    let better = |a: &Model, b: &Model| {
        let lasting = is_lasting(a).cmp(&is_lasting(b));
        lasting.then(likelihood(a).total_cmp(&likelihood(b)))
    };
    settled.max_by(better)
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
        shared: false,
        bic,
    }
}
