use super::architectures::Architectures;
use super::metrics::Outcome;
use super::protocol::{Fold, Protocol};
use crate::trained::Trained;
use crate::{PredictOptions, Regressor, Result, Table, Target};

/// One target and one regressor, to be trained and tested on folds of a table.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) table: &'a Table,
    pub(crate) architectures: &'a Architectures,
    pub(crate) target: Target,
    pub(crate) regressor: Regressor,
    pub(crate) options: &'a PredictOptions,
}

/// The result of one fold.
pub(crate) struct Tested {
    /// Test rows in which the target is identified.
    pub(crate) outcomes: Vec<Outcome>,
    /// Every test row with its prediction in the unit of the target.
    pub(crate) predicted: Vec<(usize, f64)>,
}

impl Task<'_> {
    /// Trains on each fold of `protocol` alone and predicts its test rows.
    pub(crate) fn run(&self, protocol: Protocol) -> Result<Vec<Tested>> {
        let folds = protocol.folds(self.table, self.architectures, self.target, self.options);
        folds.iter().map(|fold| self.fold(fold)).collect()
    }

    /// The outcomes of all folds of `protocol` together.
    pub(crate) fn outcomes(&self, protocol: Protocol) -> Result<Vec<Outcome>> {
        let tested = self.run(protocol)?.into_iter();
        Ok(tested.flat_map(|t| t.outcomes).collect())
    }

    fn fold(&self, fold: &Fold) -> Result<Tested> {
        let (table, options) = (self.table, self.options);
        let trained = Trained::fit(table, &fold.train, self.target, self.regressor, options)?;
        let mut tested = Tested {
            outcomes: Vec::with_capacity(fold.test.len()),
            predicted: Vec::with_capacity(fold.test.len()),
        };
        for &index in &fold.test {
            let row = table.row(index);
            let z = trained.predict_transformed(&row.features)?;
            let value = trained.transform().backward(z);
            tested.predicted.push((index, value));
            let Some(observed) = row.target(self.target) else {
                continue;
            };
            tested.outcomes.push(Outcome {
                row: index,
                architecture: self.architectures.of_model(row.model),
                transformed: [trained.transform().forward(observed), z],
                natural: [observed, value],
                training_mean: trained.mean(),
            });
        }
        Ok(tested)
    }
}
