//! The question turned round: which architectures keep a quantity where it is wanted?

mod budget;
mod diagnose;
mod goal;
mod knob;
mod number;
mod pareto;
mod problem;
mod search;
mod space;
mod trial;

use std::collections::HashMap;

use outcrop_arch::ArchSpec;

pub use budget::{Budget, Cost};
pub use goal::{Goal, LayerAggregate};
pub use knob::{Field, Knob};
pub use trial::Trial;

use crate::table::MIN_MODELS;
use crate::{Error, Feature, Outside, Predictor, Recipe, Result, Table};
use problem::Problem;
use search::Found;
use space::Space;

/// A request to [`design`].
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The target.
    pub goal: Goal,
    /// The budgets.
    pub budgets: Vec<Budget>,
    /// Fields that vary; at least one.
    pub vary: Vec<Knob>,
    /// Fields that are set, each to one value.
    pub fix: Vec<Knob>,
    /// The model of the table that everything else is taken from; the first where none is named.
    pub like: Option<String>,
    /// Whether candidates outside the training range are recommended, too; they are marked.
    pub allow_outside: bool,
    /// Most predictions, 1 to 1000000.
    pub predictions: usize,
    /// Seed of the search: the same seed gives the same candidates.
    pub seed: u64,
    /// How many of the best, and as many drawn at random, [`Design::trial`] has.
    pub trial: usize,
}

impl Request {
    /// `goal` with these fields varying, nothing else asked: 5000 predictions, seed 0.
    pub fn new(goal: Goal, vary: Vec<Knob>) -> Self {
        Self {
            goal,
            vary,
            budgets: Vec::new(),
            fix: Vec::new(),
            like: None,
            allow_outside: false,
            predictions: 5000,
            seed: 0,
            trial: 0,
        }
    }
}

/// An architecture with its prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The architecture.
    pub arch: ArchSpec,
    /// The predicted quantity of the goal over its layers, in its unit.
    pub value: f64,
    /// The lower end of its band, where the predictor gives one.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// Whether `value` keeps the bound of the goal.
    pub reached: bool,
    /// Number of parameters.
    pub parameters: u64,
    /// Floating-point operations of training per token.
    pub flops: f64,
    /// Features beyond the training range: where there are any, the prediction is a guess.
    pub outside: Vec<Outside>,
}

/// What predicts.
struct Ask<'a> {
    guess: &'a dyn Fn(&ArchSpec) -> Result<Guess>,
    /// The features that it looks at.
    seen: &'a [Feature],
}

/// The prediction for one architecture, in the unit of the goal's quantity.
struct Guess {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

/// What [`design`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// The model that everything not varied is taken from.
    pub base: String,
    /// What varied, with the values.
    pub vary: Vec<Knob>,
    /// Number of combinations.
    pub space: usize,
    /// How many of them every constraint but the goal allows; none where the space is too large to
    /// count.
    pub allowed: Option<usize>,
    /// Number of predictions.
    pub predictions: usize,
    /// Whether every allowed architecture was predicted, so that nothing better is in the space.
    pub exhaustive: bool,
    /// How many of those predicted reach the goal.
    pub reached: usize,
    /// Those that no other one dominates: predicted further on the wanted side, or closer to the top of a budget.
    /// The best prediction first.
    pub candidates: Vec<Candidate>,
    /// Random search of the same number of predictions.
    pub random: RandomSearch,
    /// Fields that vary and that the predictor does not see: of their influence it says nothing.
    pub unseen: Vec<Field>,
    /// What tells by training whether the design is better than random search.
    pub trial: Trial,
}

/// What random search finds with as many predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomSearch {
    /// Its best predicted value that reaches the goal.
    pub best: Option<f64>,
    /// Number of its candidates that no other of its candidates dominates.
    pub front: usize,
    /// The share of them that a candidate of the design dominates, 0 to 1.
    pub beaten: f64,
    /// The share of the design's candidates that one of them dominates, 0 to 1.
    pub beats: f64,
}

/// Searches for architectures whose prediction keeps the goal, within budgets.
///
/// Every returned candidate keeps every constraint, and none dominates another: of two, one is
/// predicted further on the wanted side and the other uses more of a budget (of the parameters, where
/// there is no budget). A space of at most 200000 combinations whose allowed ones are no more than the
/// predictions is looked through; otherwise a seeded evolutionary search spends the predictions.
///
/// Candidates are trained as the model is that the rest of them is taken from ([`Request::like`]), where the table has its recipe.
///
/// The training range is that of the table, [`Feature::range`], whatever features the predictor uses; the
/// predictor should have been trained on the same table. Fields that vary and that it does not see are
/// named in [`Design::unseen`].
///
/// # Errors
/// [`Error::Unsatisfied`] where nothing keeps every constraint names those which, relaxed alone, would
/// admit something; [`Error::Unidentified`], [`Error::UnknownName`], [`Error::Request`],
/// [`Error::Option`], and errors of the predictor.
pub fn design(table: &Table, predictor: &Predictor, request: &Request) -> Result<Design> {
    let target = request.goal.target;
    if !predictor.targets().any(|t| t == target) {
        return Err(Error::Unidentified {
            target,
            models: table.identified(target).1,
            needed: MIN_MODELS,
        });
    }
    let base = space::base(table, request.like.as_deref())?;
    let recipe = table.recipe_of(&base.model);
    let ask = Ask {
        guess: &|arch| guess(predictor, recipe, &request.goal, arch),
        seen: &predictor.seen(target),
    };
    run(table, &ask, request)
}

/// The goal's quantity over the layers of `arch`, trained by `recipe`, with a band where every layer has one.
fn guess(
    predictor: &Predictor,
    recipe: Option<&Recipe>,
    goal: &Goal,
    arch: &ArchSpec,
) -> Result<Guess> {
    let context = arch.context as u64;
    let recipe = recipe.cloned().map(|recipe| Recipe { context, ..recipe });
    let level = predictor.default_level();
    let predicted = predictor.predict_run("candidate", arch, recipe.as_ref(), level)?;
    let layers = || predicted.layers.iter();
    let values: Vec<f64> = layers().filter_map(|l| l.value(goal.target)).collect();
    let bands: Option<Vec<[f64; 2]>> = layers().map(|l| l.band(goal.target)).collect();
    let end = |i: usize| {
        let ends: Vec<f64> = bands.as_ref()?.iter().map(|b| b[i]).collect();
        Some(goal.over_layers(&ends))
    };
    Ok(Guess {
        value: goal.over_layers(&values),
        low: end(0),
        high: end(1),
    })
}

fn run(table: &Table, ask: &Ask<'_>, request: &Request) -> Result<Design> {
    check(request)?;
    let knobs = [request.vary.clone(), request.fix.clone()].concat();
    let mut problem = Problem {
        space: Space::new(table, &knobs, request.like.as_deref())?,
        goal: request.goal,
        budgets: request.budgets.clone(),
        allow_outside: request.allow_outside,
        ask: ask.guess,
        pool: None,
        known: HashMap::new(),
    };
    if problem.is_small() {
        let points = (0..problem.space.size()).map(|n| problem.space.point(n));
        problem.pool = Some(points.filter(|p| problem.allowed(p).is_some()).collect());
    }
    let exhaustive = problem
        .pool
        .as_ref()
        .filter(|p| p.len() <= request.predictions)
        .cloned();
    let found = match &exhaustive {
        Some(pool) => search::enumerate(&mut problem, pool)?,
        None => search::evolve(&mut problem, request.predictions, request.seed)?,
    };
    let chosen = chosen(&found);
    if chosen.is_empty() {
        let goal = &problem.goal;
        let closest = found
            .candidates
            .iter()
            .reduce(|a, b| if goal.better(b.value, a.value) { b } else { a });
        return Err(diagnose::diagnose(
            &problem,
            closest,
            request.predictions,
            request.seed,
        )?);
    }
    let random = search::random(&mut problem, found.candidates.len(), request.seed)?;
    Ok(Design {
        unseen: unseen(&problem.space, request.vary.len(), ask.seen),
        trial: trial::trial(&mut problem, &found, request)?,
        ..report(&problem, &found, &chosen, &random, exhaustive.is_some())
    })
}

/// Of the first `count` knobs those that move none of the features.
fn unseen(space: &Space, count: usize, seen: &[Feature]) -> Vec<Field> {
    let moves = |knob: &usize| {
        let archs = space.along(*knob);
        let differs = |f: &Feature| archs.iter().any(|a| f.value(a, 1) != f.value(&archs[0], 1));
        archs.len() < 2 || seen.iter().any(differs)
    };
    let unseen = (0..count).filter(|knob| !moves(knob));
    unseen.map(|knob| space.knobs[knob].0).collect()
}

fn check(request: &Request) -> Result<()> {
    let refuse = |reason: String| {
        Err(Error::Request {
            what: "design",
            text: request.goal.to_string(),
            reason,
        })
    };
    if request.vary.is_empty() {
        return refuse("nothing varies; name fields such as `layers,d_model,heads`".into());
    }
    if let Some(knob) = request
        .fix
        .iter()
        .find(|k| k.values.as_ref().map(Vec::len) != Some(1))
    {
        return refuse(format!(
            "`{knob}` is to be fixed, but not to one value; write `{}=VALUE`",
            knob.field.name()
        ));
    }
    let both = request
        .fix
        .iter()
        .find(|f| request.vary.iter().any(|v| v.field == f.field));
    if let Some(knob) = both {
        return refuse(format!("{} is to vary and to be fixed", knob.field.name()));
    }
    match (1..=1_000_000).contains(&request.predictions) {
        true => Ok(()),
        false => Err(Error::Option {
            option: "predictions",
            value: request.predictions.to_string(),
            allowed: "1 to 1000000",
        }),
    }
}

/// The candidates that reach the goal and are not dominated; each architecture once.
fn chosen(found: &Found) -> Vec<usize> {
    let reached: Vec<usize> = (0..found.candidates.len())
        .filter(|i| found.candidates[*i].reached)
        .collect();
    let merits: Vec<Vec<f64>> = reached.iter().map(|i| found.merits[*i].clone()).collect();
    let mut chosen: Vec<usize> = Vec::new();
    for i in pareto::front(&merits).into_iter().map(|f| reached[f]) {
        let twin = |c: &usize| found.candidates[*c].arch == found.candidates[i].arch;
        if !chosen.iter().any(twin) {
            chosen.push(i);
        }
    }
    chosen
}

fn report(
    problem: &Problem<'_>,
    found: &Found,
    chosen: &[usize],
    random: &Found,
    exhaustive: bool,
) -> Design {
    let theirs = self::chosen(random);
    let merits = |found: &Found, of: &[usize]| {
        of.iter()
            .map(|i| found.merits[*i].clone())
            .collect::<Vec<_>>()
    };
    let (our_merits, their_merits) = (merits(found, chosen), merits(random, &theirs));
    let goal = &problem.goal;
    let values = theirs.iter().map(|i| random.candidates[*i].value);
    let mut candidates: Vec<Candidate> = chosen
        .iter()
        .map(|i| found.candidates[*i].clone())
        .collect();
    candidates.sort_by(|a, b| match goal.below {
        true => a.value.total_cmp(&b.value),
        false => b.value.total_cmp(&a.value),
    });
    let knob = |(field, values): &(Field, Vec<usize>)| Knob {
        field: *field,
        values: Some(values.clone()),
    };
    Design {
        base: problem.space.base.model.clone(),
        vary: problem.space.knobs.iter().map(knob).collect(),
        space: problem.space.size(),
        allowed: problem.pool.as_ref().map(Vec::len),
        predictions: found.candidates.len(),
        exhaustive,
        reached: found.candidates.iter().filter(|c| c.reached).count(),
        candidates,
        random: RandomSearch {
            best: values.reduce(|a, b| if goal.better(b, a) { b } else { a }),
            front: theirs.len(),
            beaten: pareto::coverage(&our_merits, &their_merits),
            beats: pareto::coverage(&their_merits, &our_merits),
        },
        unseen: Vec::new(),
        trial: Trial::default(),
    }
}

#[cfg(test)]
mod tests;
