//! Scores of predictions for rows that were left out, under five protocols.

mod architectures;
mod ceiling;
mod effects;
mod held_out;
mod left_out;
mod metrics;
mod permutation;
mod protocol;
mod verdict;

use outcrop_core::{ModelScore, Prediction, Score};
use rayon::prelude::*;

pub(crate) use architectures::Architectures;
pub use ceiling::Ceiling;
pub(crate) use held_out::Task;
use held_out::Tested;
pub(crate) use metrics::Outcome;
use metrics::{errors, gain, natural, original, q2, r2};
use permutation::PermutationTest;
pub use protocol::Protocol;
pub use verdict::{Conclusion, Verdict};

use crate::table::MIN_MODELS;
use crate::{Error, PredictOptions, Regressor, Result, Table, Target};

/// What [`evaluate`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// One row for each target, regressor and protocol that applies.
    pub scores: Vec<Score>,
    /// The errors of each model left out, for each target and regressor.
    pub model_scores: Vec<ModelScore>,
    /// Predictions of every row by a regressor that saw no model of its architecture, also of rows in
    /// which the target is not identified (their `observed` is empty), in the unit of the target.
    pub predictions: Vec<Prediction>,
    /// For each target, in words: does the architecture say anything?
    pub verdicts: Vec<Verdict>,
    /// For each target the highest Q2 that seeds of one architecture leave, where there are enough of them.
    pub ceilings: Vec<Ceiling>,
    /// Targets that are identified in fewer than three models, and have no score.
    pub left_out: Vec<LeftOut>,
}

/// A target that is identified in too few models to be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The target.
    pub target: Target,
    /// Number of rows in which it is identified.
    pub rows: usize,
    /// Number of models that these come from.
    pub models: usize,
}

/// Scores every regressor on every target under every [`Protocol`], and tests whether the
/// architecture predicts anything of a target ([`Verdict`]).
///
/// `r2` is computed in transformed space (see [`Target`]), as in the paper; `mae`, `rmse` and the
/// predictions are in the unit of the target. Scaling, transforms and the regressor itself are
/// fitted on the training rows of each split or fold and on nothing else. With several `repeats`
/// the scores of the paper's protocol are means over the splits, and its `rows` counts the test
/// rows of all of them. The same table and options give the same bits on any number of threads.
///
/// # Errors
/// [`Error::Option`], [`Error::NoTarget`] where no target is identified in three models,
/// [`Error::Regressor`].
pub fn evaluate(table: &Table, options: &PredictOptions) -> Result<Evaluation> {
    options.check()?;
    let architectures = &Architectures::of(table);
    let enough = |t: &Target| table.identified(*t).1 >= MIN_MODELS;
    let (targets, left_out): (Vec<Target>, Vec<Target>) = Target::ALL.into_iter().partition(enough);
    if targets.is_empty() {
        return Err(Error::NoTarget { needed: MIN_MODELS });
    }
    let task = |(target, regressor)| Task {
        table,
        architectures,
        target,
        regressor,
        options,
    };
    let pairs = targets
        .iter()
        .flat_map(|t| options.regressors.iter().map(|r| (*t, *r)));
    let tasks: Vec<Task> = pairs.map(task).collect();
    let baselines = targets
        .par_iter()
        .map(|target| baselines(&task((*target, Regressor::DepthProfile))));
    let baselines: Vec<Baselines> = baselines.collect::<Result<_>>()?;
    let per_target = options.regressors.len();
    let tasks: Vec<(usize, Task)> = tasks.into_iter().enumerate().collect();
    let scored = tasks.par_iter();
    let scored = scored.map(|(place, task)| score(task, &baselines[place / per_target]));
    let scored: Result<Vec<Scored>> = scored.collect();
    let mut evaluation = Evaluation {
        scores: Vec::new(),
        model_scores: Vec::new(),
        predictions: Vec::new(),
        verdicts: Vec::new(),
        ceilings: ceilings(table, &targets, &baselines, architectures),
        left_out: left_out.iter().map(|t| LeftOut::of(table, *t)).collect(),
    };
    for scored in scored? {
        evaluation.scores.extend(scored.scores);
        evaluation.model_scores.extend(scored.models);
        evaluation.predictions.extend(scored.predictions);
    }
    let test = permutation::test(table, architectures, &targets, options)?;
    enter_p(
        &mut evaluation.scores,
        &test,
        Protocol::honest(architectures),
    );
    evaluation.verdicts = verdict::verdicts(table, architectures, &evaluation.scores, &test);
    Ok(evaluation)
}

impl LeftOut {
    fn of(table: &Table, target: Target) -> Self {
        let (rows, models) = table.identified(target);
        Self {
            target,
            rows,
            models,
        }
    }
}

/// The results for one target and regressor.
struct Scored {
    scores: Vec<Score>,
    models: Vec<ModelScore>,
    predictions: Vec<Prediction>,
}

/// What the depth profile predicts under each of [`Protocol::ALL`].
type Baselines = Vec<Vec<Outcome>>;

fn baselines(task: &Task) -> Result<Baselines> {
    let outcomes = |protocol| task.outcomes(protocol);
    Protocol::ALL.into_iter().map(outcomes).collect()
}

fn ceilings(
    table: &Table,
    targets: &[Target],
    baselines: &[Baselines],
    architectures: &Architectures,
) -> Vec<Ceiling> {
    let honest = Protocol::honest(architectures);
    let protocols = Protocol::ALL.iter().position(|p| *p == honest);
    let of = |(target, baselines): (&Target, &Baselines)| {
        Ceiling::of(table, *target, &baselines[protocols?])
    };
    targets.iter().zip(baselines).filter_map(of).collect()
}

fn score(task: &Task, baselines: &[Vec<Outcome>]) -> Result<Scored> {
    let mut scored = Scored {
        scores: Vec::new(),
        models: Vec::new(),
        predictions: Vec::new(),
    };
    let honest = Protocol::honest(task.architectures);
    for (protocol, baseline) in Protocol::ALL.into_iter().zip(baselines) {
        let tested = task.run(protocol)?;
        if tested.is_empty() {
            continue;
        }
        if protocol == honest {
            scored.models = model_scores(task, honest, &tested);
            scored.predictions = predictions(task, &tested);
        }
        scored.scores.push(row(task, protocol, tested, baseline));
    }
    Ok(scored)
}

fn row(task: &Task, protocol: Protocol, tested: Vec<Tested>, baseline: &[Outcome]) -> Score {
    let splits: Vec<Vec<Outcome>> = tested.into_iter().map(|t| t.outcomes).collect();
    let all = splits.concat();
    // random splits repeat rows, so that each split has scores of its own
    let groups = match protocol {
        Protocol::Paper => splits,
        _ => vec![all.clone()],
    };
    let mean = |metric: &dyn Fn(&[Outcome]) -> Option<f64>| {
        let values: Vec<f64> = groups.iter().filter_map(|s| metric(s)).collect();
        (!values.is_empty()).then(|| crate::stats::mean(&values))
    };
    let error = |i: usize| mean(&|s| Some(errors(&natural(s))[i]));
    let original = |i: usize| mean(&|s| Some(errors(&original(s, task.target))[i]));
    Score {
        target: task.target.name().into(),
        regressor: task.regressor.name().into(),
        protocol: protocol.name().into(),
        models: count(&all, |o| task.table.row(o.row).model),
        rows: all.len(),
        r2: mean(match protocol {
            Protocol::Paper => &r2,
            _ => &q2,
        }),
        mae: error(0).unwrap_or(0.0),
        rmse: error(1).unwrap_or(0.0),
        architectures: Some(count(&all, |o| o.architecture)),
        mae_original: original(0),
        rmse_original: original(1),
        gain: gain(&all, baseline),
        p: None,
    }
}

fn count(outcomes: &[Outcome], of: impl Fn(&Outcome) -> usize) -> usize {
    let distinct: std::collections::BTreeSet<usize> = outcomes.iter().map(of).collect();
    distinct.len()
}

fn model_scores(task: &Task, protocol: Protocol, tested: &[Tested]) -> Vec<ModelScore> {
    let outcomes: Vec<&Outcome> = tested.iter().flat_map(|t| &t.outcomes).collect();
    let score = |(index, named): (usize, &outcrop_core::NamedArch)| {
        let own = outcomes
            .iter()
            .filter(|o| task.table.row(o.row).model == index);
        let pairs: Vec<[f64; 2]> = own.map(|o| o.natural).collect();
        let [mae, rmse, bias] = errors(&pairs);
        (!pairs.is_empty()).then(|| ModelScore {
            model: named.model.clone(),
            target: task.target.name().into(),
            regressor: task.regressor.name().into(),
            protocol: protocol.name().into(),
            rows: pairs.len(),
            mae,
            rmse,
            bias,
        })
    };
    let models = task.table.models().iter().enumerate();
    models.filter_map(score).collect()
}

fn predictions(task: &Task, tested: &[Tested]) -> Vec<Prediction> {
    let mut predicted: Vec<(usize, f64)> =
        tested.iter().flat_map(|t| t.predicted.clone()).collect();
    predicted.sort_unstable_by_key(|(row, _)| *row);
    let prediction = |(index, predicted): (usize, f64)| {
        let row = task.table.row(index);
        Prediction {
            model: task.table.models()[row.model].model.clone(),
            layer: row.layer,
            target: task.target.name().into(),
            regressor: task.regressor.name().into(),
            observed: row.target(task.target),
            predicted,
            ..Prediction::default()
        }
    };
    predicted.into_iter().map(prediction).collect()
}

fn enter_p(scores: &mut [Score], test: &PermutationTest, honest: Protocol) {
    let tested =
        |s: &&mut Score| s.regressor == permutation::TESTED.name() && s.protocol == honest.name();
    for score in scores.iter_mut().filter(tested) {
        let of_target = test
            .targets
            .iter()
            .find(|t| t.target.name() == score.target);
        score.p = of_target.map(|t| t.p);
    }
}
