use crate::regressor::training::FitError;

/// Steps of the search.
const STEPS: usize = 15;
/// The first step of each parameter, and the range of later ones.
const FIRST: f64 = 0.3;
const RANGE: [f64; 2] = [1e-3, 1.0];
/// What a step is multiplied by where the sign of its derivative stays, and where it changes.
const FACTORS: [f64; 2] = [1.2, 0.5];

/// The best of the points that resilient backpropagation without weight backtracking visits from `start` on (iRprop-,
/// Igel and Huesken 2003; for Gaussian processes Blum and Riedmiller 2013), where `function` gives value and gradient.
/// Points at which the function fails end the search.
pub(super) fn least(
    start: Vec<f64>,
    function: impl Fn(&[f64]) -> Result<(f64, Vec<f64>), FitError>,
) -> Vec<f64> {
    let mut point = start;
    let mut best = (f64::INFINITY, point.clone());
    let mut steps = vec![FIRST; point.len()];
    let mut last = vec![0.0; point.len()];
    for _ in 0..STEPS {
        let Ok((value, gradient)) = function(&point) else {
            break;
        };
        if !value.is_finite() {
            break;
        }
        if value < best.0 {
            best = (value, point.clone());
        }
        for (i, slope) in gradient.into_iter().enumerate() {
            let turn = slope * last[i];
            let factor = match turn {
                turn if turn > 0.0 => FACTORS[0],
                turn if turn < 0.0 => FACTORS[1],
                _ => 1.0,
            };
            steps[i] = (steps[i] * factor).clamp(RANGE[0], RANGE[1]);
            last[i] = if turn < 0.0 { 0.0 } else { slope };
            if last[i] != 0.0 {
                point[i] -= last[i].signum() * steps[i];
            }
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_bowl_is_approached() {
        let bowl = |p: &[f64]| {
            let off = [p[0] - 1.0, p[1] + 0.5];
            Ok((
                off[0].powi(2) + 9.0 * off[1].powi(2),
                vec![2.0 * off[0], 18.0 * off[1]],
            ))
        };
        let found = least(vec![0.0, 0.0], bowl);
        assert!(
            (found[0] - 1.0).abs() < 0.2 && (found[1] + 0.5).abs() < 0.1,
            "{found:?}"
        );
        let fails = |_: &[f64]| Err(FitError::Library("no".into()));
        assert_eq!(least(vec![3.0], fails), [3.0]);
    }
}
