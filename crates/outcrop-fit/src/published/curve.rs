//! Curves from rows of a fits table.

use outcrop_core::{CurvePoint, Fit};

use crate::lambert_w_of_exp;
use crate::paper::PaperCurve;

/// The curve of a row, by the form whose parameters it has all of.
pub(super) fn of(fit: &Fit) -> Option<PaperCurve> {
    let k = fit.value("K")?;
    let original = || {
        Some(PaperCurve::Original {
            a: fit.value("A")?,
            lambda: fit.value("lambda")?,
            gamma: fit.value("gamma")?,
            t0: fit.value("t0")?,
            k,
        })
    };
    let reparametrised = || {
        Some(PaperCurve::Reparametrised {
            a1: fit.value("A1")?,
            a2: fit.value("A2")?,
            beta: fit.value("beta")?,
            tau0: fit.value("tau0")?,
            k,
        })
    };
    // where a row has both, the second loses fewer digits
    reparametrised().or_else(original)
}

/// The step at which the curve has its maximum: x = gamma t + t0 = exp(W(1 / lambda)), for which
/// ln x = W(1 / lambda). None where it has a minimum there, or where a logarithm has no value.
pub(super) fn peak(curve: &PaperCurve) -> Option<f64> {
    let (amplitude, log_lambda, log_gamma, tau0) = match *curve {
        PaperCurve::Original {
            a,
            lambda,
            gamma,
            t0,
            ..
        } => (a, lambda.ln(), gamma.ln(), t0 / gamma),
        // gamma = exp(A2 / A1), lambda = beta / gamma
        PaperCurve::Reparametrised {
            a1, a2, beta, tau0, ..
        } => (a1, beta.ln() - a2 / a1, a2 / a1, tau0),
    };
    let t = (lambert_w_of_exp(-log_lambda) - log_gamma).exp() - tau0;
    Some(t).filter(|t| t.is_finite() && amplitude > 0.0)
}

/// The curve of `hypothesis` at step `t` by a straight line in ln(1 + t) between its points; not a
/// number outside them.
pub(super) fn between(points: &[CurvePoint], hypothesis: &str, t: f64) -> f64 {
    let points: Vec<&CurvePoint> = points
        .iter()
        .filter(|p| p.hypothesis == hypothesis)
        .collect();
    let after = points.partition_point(|p| p.step < t);
    match (after.checked_sub(1).map(|i| points[i]), points.get(after)) {
        (_, Some(there)) if there.step == t => there.value,
        (Some(before), Some(after)) => {
            let (start, end) = (before.step.ln_1p(), after.step.ln_1p());
            let share = (t.ln_1p() - start) / (end - start);
            before.value + share * (after.value - before.value)
        }
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_points_the_curve_is_straight_in_the_logarithm() {
        let f = |t: f64| 3.0 * t.ln_1p() - 1.0;
        let point = |hypothesis: &str, step: f64| CurvePoint {
            hypothesis: hypothesis.into(),
            step,
            value: f(step),
            ..CurvePoint::default()
        };
        let points = [0.0, 10.0, 500.0].map(|step| point("a", step));
        let points = [&points[..], &[point("b", 1000.0)]].concat();
        for t in [0.0, 1.0, 10.0, 77.0, 500.0] {
            assert!((between(&points, "a", t) - f(t)).abs() < 1e-12);
        }
        for (hypothesis, t) in [("a", 501.0), ("a", -0.5), ("b", 999.0), ("c", 1.0)] {
            assert!(between(&points, hypothesis, t).is_nan());
        }
    }

    /// At the peak the derivative A gamma exp(-lambda x) (1/x - lambda ln x) vanishes.
    #[test]
    fn both_forms_peak_where_their_derivative_vanishes() {
        let (a, lambda, gamma, t0, k) = (3.0, 0.25, 2e-3, 1.5, 7.0);
        let original = PaperCurve::Original {
            a,
            lambda,
            gamma,
            t0,
            k,
        };
        let a1 = a * (-lambda * t0).exp();
        let reparametrised = PaperCurve::Reparametrised {
            a1,
            a2: a1 * f64::ln(gamma),
            beta: lambda * gamma,
            tau0: t0 / gamma,
            k,
        };
        for curve in [original, reparametrised] {
            let x = gamma * peak(&curve).unwrap() + t0;
            assert!((1.0 / x - lambda * x.ln()).abs() < 1e-12, "{x}");
        }
        let trough = PaperCurve::Original {
            a: -a,
            lambda,
            gamma,
            t0,
            k,
        };
        assert_eq!(peak(&trough), None);
        let no_logarithm = PaperCurve::Original {
            a,
            lambda,
            gamma: -1.0,
            t0,
            k,
        };
        assert_eq!(peak(&no_logarithm), None);
    }
}
