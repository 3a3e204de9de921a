use outcrop_core::{Attribution, Fit, NamedArch};
use outcrop_predict::{Explainer, PredictOptions, Regressor, Table, Target};

/// The quantities whose predictions the paper explains (figures 9 and 10 of arXiv 2508.03616).
const TARGETS: [Target; 2] = [Target::K, Target::Lambda];

/// Shapley values of the predictions of every layer, for architectures in order; none of a quantity that too few models
/// identify.
pub(super) fn explained(archs: &[NamedArch], fits: &[Fit]) -> Vec<Attribution> {
    let table = Table::new(archs, fits);
    let of = |table: &Table| {
        let each = TARGETS.iter().filter_map(|target| shares(table, *target));
        each.flatten().collect()
    };
    table.as_ref().map_or_else(|_| Vec::new(), of)
}

fn shares(table: &Table, target: Target) -> Option<Vec<Attribution>> {
    let options = PredictOptions::default();
    let explainer = Explainer::train(table, target, Regressor::Shape, &options).ok()?;
    let rows = explainer.rows().into_iter();
    let shares = rows.map(|(model, layer)| explainer.shapley(model, layer));
    let shares: Vec<Vec<Attribution>> = shares.collect::<Result<_, _>>().ok()?;
    Some(shares.concat())
}
