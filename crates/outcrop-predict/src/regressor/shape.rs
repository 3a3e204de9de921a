use std::collections::BTreeSet;

use super::linear::{Linear, Ridge};
use super::training::{Data, fitted};
use crate::Feature;

/// Penalty where the weights of all rows sum up to the number of architectures: a feature of shape is
/// held back as by four architectures in which it has no effect. Not chosen from data: of 1, 4, 8
/// and 16, 4 makes the narrowest bands but for 1 where the signal is strong, and narrower ones than 1
/// where there is none.
pub(crate) const ALPHA: f64 = 4.0;
/// Features of depth have every layer to learn from, and a penalty smaller by the square of this.
const FREE: f64 = 10.0;

/// What a scaled feature is multiplied by: the less it is penalised, the more.
pub(crate) fn factor(feature: &Feature) -> f64 {
    match feature.varies_within_model() {
        true => FREE,
        false => 1.0,
    }
}

/// Ridge with a fixed penalty; `data` has weights of mean 1.
pub(super) fn fit(
    mut data: Data,
    features: &[Feature],
    architectures: &[usize],
) -> Result<Linear, String> {
    let distinct: BTreeSet<usize> = architectures.iter().copied().collect();
    let alpha = ALPHA * data.targets.len() as f64 / distinct.len().max(1) as f64;
    let factors: Vec<f64> = features.iter().map(factor).collect();
    for (mut column, factor) in data.records.columns_mut().into_iter().zip(&factors) {
        column *= *factor;
    }
    let linear = fitted(&Ridge { alpha }, &data)?;
    Ok(linear.scaled(&factors))
}
