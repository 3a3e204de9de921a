//! Scores of predictions.

use std::collections::BTreeMap;

use crate::Target;

/// Beyond any logarithm of a ratio or a step, and its square finite after the exponential.
const LARGEST_LN: f64 = 300.0;

/// One prediction of a row that was not trained on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Index of the row.
    pub(crate) row: usize,
    /// Index of its architecture.
    pub(crate) architecture: usize,
    /// Observed and predicted, in transformed space.
    pub(crate) transformed: [f64; 2],
    /// Observed and predicted, in the unit of the target.
    pub(crate) natural: [f64; 2],
    /// The reference of a prediction, in transformed space: the mean of the training rows.
    pub(crate) training_mean: f64,
}

/// R2 of scikit-learn's `r2_score`, against the mean of the outcomes themselves; none where they do
/// not vary.
pub(crate) fn r2(outcomes: &[Outcome]) -> Option<f64> {
    let observed = outcomes.iter().map(|o| o.transformed[0]);
    let mean = observed.sum::<f64>() / outcomes.len() as f64;
    explained(outcomes, |_| mean)
}

/// Q2 = 1 - sum (observed - predicted)^2 / sum (observed - mean of its training rows)^2.
pub(crate) fn q2(outcomes: &[Outcome]) -> Option<f64> {
    explained(outcomes, |o| o.training_mean)
}

fn explained(outcomes: &[Outcome], baseline: impl Fn(&Outcome) -> f64) -> Option<f64> {
    let squares = |value: &dyn Fn(&Outcome) -> f64| -> f64 {
        let square = |o: &Outcome| (o.transformed[0] - value(o)).powi(2);
        outcomes.iter().map(square).sum()
    };
    let (error, total) = (squares(&|o| o.transformed[1]), squares(&baseline));
    (total > 0.0).then(|| 1.0 - error / total)
}

/// 1 - error / error of the baseline, each a mean over architectures of the mean squared error of
/// their rows, in transformed space: an architecture counts once, however many layers and seeds it
/// has. None where the baseline makes no error.
pub(crate) fn gain(outcomes: &[Outcome], baseline: &[Outcome]) -> Option<f64> {
    let (error, total) = (balanced_error(outcomes), balanced_error(baseline));
    (total > 0.0).then(|| 1.0 - error / total)
}

/// Mean over architectures of the mean squared error of their rows, in transformed space.
pub(crate) fn balanced_error(outcomes: &[Outcome]) -> f64 {
    let mut errors: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for o in outcomes {
        let (sum, rows) = errors.entry(o.architecture).or_default();
        *sum += (o.transformed[0] - o.transformed[1]).powi(2);
        *rows += 1.0;
    }
    let means = errors.values().map(|(sum, rows)| sum / rows);
    means.sum::<f64>() / errors.len().max(1) as f64
}

/// Mean absolute error, root mean squared error and mean error (predicted - observed) of pairs
/// (observed, predicted).
pub(crate) fn errors(pairs: &[[f64; 2]]) -> [f64; 3] {
    let mean = |f: fn(f64) -> f64| {
        let errors = pairs
            .iter()
            .map(|[observed, predicted]| f(predicted - observed));
        errors.sum::<f64>() / pairs.len().max(1) as f64
    };
    [mean(f64::abs), mean(|e| e * e).sqrt(), mean(|e| e)]
}

/// Observed and predicted in the unit of the target.
pub(crate) fn natural(outcomes: &[Outcome]) -> Vec<[f64; 2]> {
    outcomes.iter().map(|o| o.natural).collect()
}

/// Observed and predicted without the logarithm that is part of some targets: ratios and steps.
pub(crate) fn original(outcomes: &[Outcome], target: Target) -> Vec<[f64; 2]> {
    let value = |v: f64| match target.is_logarithm() {
        true => v.clamp(-LARGEST_LN, LARGEST_LN).exp(),
        false => v,
    };
    outcomes.iter().map(|o| o.natural.map(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(pairs: &[[f64; 2]], architectures: &[usize]) -> Vec<Outcome> {
        let outcome = |(pair, architecture): (&[f64; 2], &usize)| Outcome {
            row: 0,
            architecture: *architecture,
            transformed: *pair,
            natural: *pair,
            training_mean: 2.0,
        };
        pairs.iter().zip(architectures).map(outcome).collect()
    }

    /// r2_score([3, -0.5, 2, 7], [2.5, 0, 2, 8]) is 0.9486 in scikit-learn's documentation, its
    /// mean absolute error 0.5, its mean squared error 0.375.
    #[test]
    fn scores_of_a_published_example() {
        let pairs = [[3.0, 2.5], [-0.5, 0.0], [2.0, 2.0], [7.0, 8.0]];
        let outcomes = outcomes(&pairs, &[0; 4]);
        assert!((r2(&outcomes).unwrap() - 0.948_608_137).abs() < 1e-9);
        let [mae, rmse, bias] = errors(&natural(&outcomes));
        assert_eq!((mae, bias), (0.5, 0.25));
        assert!((rmse - 0.375f64.sqrt()).abs() < 1e-15);
        // squares about 2: 1 + 6.25 + 0 + 25
        assert!((q2(&outcomes).unwrap() - (1.0 - 1.5 / 32.25)).abs() < 1e-15);
        assert_eq!(r2(&outcomes[..1]), None);
    }

    /// Three rows of one architecture with error 1, one of another with error 3: (1 + 9) / 2.
    #[test]
    fn an_architecture_counts_once() {
        let pairs = [[0.0, 1.0], [0.0, 1.0], [0.0, -1.0], [0.0, 3.0]];
        let uneven = outcomes(&pairs, &[4, 4, 4, 7]);
        assert_eq!(balanced_error(&uneven), 5.0);
        let baseline = outcomes(&pairs.map(|[o, p]| [o, 2.0 * p]), &[4, 4, 4, 7]);
        assert_eq!(gain(&uneven, &baseline), Some(0.75));
        assert_eq!(gain(&uneven, &[]), None);
    }

    #[test]
    fn logarithms_are_undone() {
        let pair = outcomes(&[[0.0, 2f64.ln()]], &[0]);
        let [[observed, predicted]] = original(&pair, Target::LnFMax)[..] else {
            panic!("one pair");
        };
        assert_eq!(observed, 1.0);
        assert!((predicted - 2.0).abs() < 1e-15);
        assert_eq!(original(&pair, Target::K), natural(&pair));
        let wild = outcomes(&[[0.0, 1e9]], &[0]);
        assert!(
            errors(&original(&wild, Target::LnFMax))
                .iter()
                .all(|e| e.is_finite())
        );
    }
}
