//! Scores of predictions.

/// One prediction of a row that was not trained on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Observed and predicted, in transformed space.
    pub(crate) transformed: [f64; 2],
    /// Observed and predicted, in the unit of the target.
    pub(crate) natural: [f64; 2],
    /// What the prediction is held against, in transformed space: the mean of the training rows.
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

/// Mean absolute error in the unit of the target.
pub(crate) fn mae(outcomes: &[Outcome]) -> f64 {
    let errors = outcomes.iter().map(|o| (o.natural[0] - o.natural[1]).abs());
    errors.sum::<f64>() / outcomes.len().max(1) as f64
}

/// Root mean squared error in the unit of the target.
pub(crate) fn rmse(outcomes: &[Outcome]) -> f64 {
    let errors = outcomes
        .iter()
        .map(|o| (o.natural[0] - o.natural[1]).powi(2));
    (errors.sum::<f64>() / outcomes.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// r2_score([3, -0.5, 2, 7], [2.5, 0, 2, 8]) is 0.9486 in scikit-learn's documentation, its
    /// mean absolute error 0.5, its mean squared error 0.375.
    #[test]
    fn scores_of_a_published_example() {
        let pairs = [[3.0, 2.5], [-0.5, 0.0], [2.0, 2.0], [7.0, 8.0]];
        let outcomes = pairs.map(|pair| Outcome {
            transformed: pair,
            natural: pair,
            training_mean: 2.0,
        });
        assert!((r2(&outcomes).unwrap() - 0.948_608_137).abs() < 1e-9);
        assert_eq!(mae(&outcomes), 0.5);
        assert!((rmse(&outcomes) - 0.375f64.sqrt()).abs() < 1e-15);
        // squares about 2: 1 + 6.25 + 0 + 25
        assert!((q2(&outcomes).unwrap() - (1.0 - 1.5 / 32.25)).abs() < 1e-15);
        assert_eq!(r2(&outcomes[..1]), None);
    }
}
