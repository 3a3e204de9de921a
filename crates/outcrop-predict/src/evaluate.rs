use outcrop_core::{Prediction, Score};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::metric::{Outcome, mae, q2, r2, rmse};
use crate::table::MIN_MODELS;
use crate::trained::Trained;
use crate::{Error, Options, Regressor, Result, Table, Target};

/// Share of rows that the paper's protocol tests on.
const TEST_SHARE: f64 = 0.2;

/// The two protocols under which a regressor is scored.
///
/// | | `paper (random 80/20)` | `leave one model out` |
/// |---|---|---|
/// | tested on | a random fifth of the rows (rounded up) | every model in turn |
/// | trained on | the rest, which holds other layers of the same models | the other models alone |
/// | answers | how well layers are filled in between others | how well an unseen architecture is predicted |
/// | `r2` | R2 against the mean of the test rows | Q2 against the mean of the training rows |
///
/// A random split scores high whatever the truth, since models differ and each has layers on both
/// sides; it is kept to be compared with the paper. Judge by the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// The paper's: one random split into 80 % training and 20 % test rows.
    Paper,
    /// Each model is predicted by a regressor that never saw it.
    LeaveOneModelOut,
}

impl Protocol {
    /// Its name in the `protocol` column of tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper (random 80/20)",
            Self::LeaveOneModelOut => "leave one model out",
        }
    }
}

/// What [`evaluate`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// One row for each target, regressor and protocol.
    pub scores: Vec<Score>,
    /// Leave-one-model-out predictions of every row, also of rows in which the target is not
    /// identified (their `observed` is empty), in the unit of the target.
    pub predictions: Vec<Prediction>,
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

/// Scores every regressor on every target under both protocols.
///
/// `r2` is computed in transformed space (see [`Target`]), as in the paper; `mae`, `rmse` and the
/// predictions are in the unit of the target. Scaling, transforms and the regressor itself are
/// fitted on the training rows of each split or fold and on nothing else. With several `repeats`
/// the scores of the paper's protocol are means over the splits, and its `rows` counts the test
/// rows of all of them.
///
/// # Errors
/// [`Error::Option`], [`Error::NoTarget`] where no target is identified in three models,
/// [`Error::Regressor`].
pub fn evaluate(table: &Table, options: &Options) -> Result<Evaluation> {
    options.check()?;
    let mut evaluation = Evaluation {
        scores: Vec::new(),
        predictions: Vec::new(),
        left_out: Vec::new(),
    };
    for target in Target::ALL {
        let (rows, models) = table.identified(target);
        if models < MIN_MODELS {
            evaluation.left_out.push(LeftOut {
                target,
                rows,
                models,
            });
            continue;
        }
        for regressor in &options.regressors {
            let task = Task {
                table,
                target,
                regressor: *regressor,
                options,
            };
            evaluation.scores.push(task.random_splits()?);
            evaluation
                .scores
                .push(task.leave_one_model_out(&mut evaluation.predictions)?);
        }
    }
    match evaluation.scores.is_empty() {
        true => Err(Error::NoTarget { needed: MIN_MODELS }),
        false => Ok(evaluation),
    }
}

/// One target and one regressor.
struct Task<'a> {
    table: &'a Table,
    target: Target,
    regressor: Regressor,
    options: &'a Options,
}

impl Task<'_> {
    fn random_splits(&self) -> Result<Score> {
        let rows = self.table.rows_with(self.target);
        let mut splits = Vec::new();
        for repeat in 0..self.options.repeats {
            let (train, test) = split(&rows, self.options.seed, repeat as u64);
            let trained = self.train(&train)?;
            let outcomes: Result<Vec<Outcome>> =
                test.iter().map(|i| self.outcome(&trained, *i)).collect();
            splits.push(outcomes?);
        }
        let mean = |metric: &dyn Fn(&[Outcome]) -> Option<f64>| {
            let values: Vec<f64> = splits.iter().filter_map(|s| metric(s)).collect();
            (!values.is_empty()).then(|| crate::stats::mean(&values))
        };
        let scored = splits.iter().map(Vec::len).sum();
        let errors = [mean(&|s| Some(mae(s))), mean(&|s| Some(rmse(s)))];
        Ok(self.score(
            Protocol::Paper,
            scored,
            mean(&r2),
            errors.map(|e| e.unwrap_or(0.0)),
        ))
    }

    fn leave_one_model_out(&self, predictions: &mut Vec<Prediction>) -> Result<Score> {
        let mut outcomes = Vec::new();
        for held_out in 0..self.table.models().len() {
            let is_held_out = |i: &usize| self.table.row(*i).model == held_out;
            let (test, train): (Vec<usize>, Vec<usize>) =
                (0..self.table.rows()).partition(is_held_out);
            let trained = self.train(&train)?;
            for i in test {
                let row = self.table.row(i);
                if row.target(self.target).is_some() {
                    outcomes.push(self.outcome(&trained, i)?);
                }
                predictions.push(Prediction {
                    model: self.table.models()[held_out].model.clone(),
                    layer: row.layer,
                    target: self.target.name().into(),
                    regressor: self.regressor.name().into(),
                    observed: row.target(self.target),
                    predicted: trained.predict(&row.features)?,
                });
            }
        }
        let errors = [mae(&outcomes), rmse(&outcomes)];
        let protocol = Protocol::LeaveOneModelOut;
        Ok(self.score(protocol, outcomes.len(), q2(&outcomes), errors))
    }

    fn train(&self, rows: &[usize]) -> Result<Trained> {
        Trained::fit(self.table, rows, self.target, self.regressor, self.options)
    }

    fn outcome(&self, trained: &Trained, index: usize) -> Result<Outcome> {
        let row = self.table.row(index);
        let observed = row.target(self.target).unwrap_or(f64::NAN); // callers pass identified rows
        let z = trained.predict_transformed(&row.features)?;
        Ok(Outcome {
            transformed: [trained.transform().forward(observed), z],
            natural: [observed, trained.transform().backward(z)],
            training_mean: trained.mean(),
        })
    }

    fn score(&self, protocol: Protocol, rows: usize, r2: Option<f64>, errors: [f64; 2]) -> Score {
        Score {
            target: self.target.name().into(),
            regressor: self.regressor.name().into(),
            protocol: protocol.name().into(),
            models: self.table.identified(self.target).1,
            rows,
            r2,
            mae: errors[0],
            rmse: errors[1],
        }
    }
}

/// Training and test rows of one random split: a Fisher-Yates shuffle, its first fifth (rounded
/// up) is the test.
fn split(rows: &[usize], seed: u64, repeat: u64) -> (Vec<usize>, Vec<usize>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(repeat);
    let mut shuffled = rows.to_vec();
    for last in (1..shuffled.len()).rev() {
        let drawn = (u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64;
        shuffled.swap(last, drawn as usize);
    }
    let train = shuffled.split_off((rows.len() as f64 * TEST_SHARE).ceil() as usize);
    (train, shuffled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_a_partition_that_the_seed_decides() {
        let rows: Vec<usize> = (0..188).collect();
        let (train, test) = split(&rows, 7, 0);
        assert_eq!((train.len(), test.len()), (150, 38)); // as scikit-learn rounds
        let mut both = [train.clone(), test.clone()].concat();
        both.sort_unstable();
        assert_eq!(both, rows);
        assert_eq!(split(&rows, 7, 0), (train, test.clone()));
        assert_ne!(split(&rows, 7, 1).1, test);
        assert_ne!(split(&rows, 8, 0).1, test);
    }
}
