//! Where the emergence curve turns.

/// The principal branch of Lambert's W at exp(`l`): the w > 0 with w + ln w = l. In the logarithm
/// neither 1/lambda nor W overflows.
///
/// Newton's method on w + ln w, from w = l for large and w = exp(l) for small arguments; it
/// converges quadratically from either side.
///
/// ```
/// use outcrop_fit::lambert_w_of_exp;
///
/// assert!((lambert_w_of_exp(1.0) - 1.0).abs() < 1e-15); // W(e) = 1
/// let w = lambert_w_of_exp(1e6);
/// assert!((w + w.ln() - 1e6).abs() < 1e-9);
/// ```
pub fn lambert_w_of_exp(l: f64) -> f64 {
    if l < -37.0 {
        return l.exp(); // W(x) = x - x^2 + ...
    }
    // log1p(exp(l)) is within a third of W everywhere that exp(l) is finite
    let mut w = if l > 1.0 { l } else { l.exp().ln_1p() };
    for _ in 0..50 {
        let next = w * (1.0 + l - w.ln()) / (1.0 + w);
        // each pass squares the error, so that what is left is below rounding
        let done = (next - w).abs() <= 1e-9 * w;
        w = next.max(f64::MIN_POSITIVE);
        if done {
            break;
        }
    }
    w
}

/// The single critical point of
/// c0 + c1 exp(-beta t) ln(1 + kappa (t - t_c)) / kappa + c2 (1 - exp(-beta t)) / beta
/// right of -tau0: a maximum where c1 > 0, a minimum where c1 < 0. `None` where there is none.
///
/// The derivative vanishes where 1/u - m ln u + r = 0 with u = 1 + kappa (t - t_c) > 0,
/// m = beta / kappa, r = c2 / c1; v = ln u - r/m turns this into v exp(v) = exp(-r/m) / m.
pub(crate) fn critical_point(beta: f64, kappa: f64, centre: f64, c1: f64, c2: f64) -> Option<f64> {
    if c1 == 0.0 {
        return None;
    }
    let r = c2 / c1;
    let t = if kappa == 0.0 {
        centre + (1.0 + r) / beta
    } else if beta == 0.0 {
        if r >= 0.0 {
            return None;
        }
        centre + (-1.0 / r - 1.0) / kappa
    } else {
        let (m, s) = (beta / kappa, r * kappa / beta);
        let v = lambert_w_of_exp(-s - m.ln());
        // u = exp(v + s) = 1 / (m v); the sum cancels where v is large, the quotient where small
        let log_u = if v > 1.0 { -(m * v).ln() } else { v + s };
        centre + log_u.exp_m1() / kappa
    };
    t.is_finite().then_some(t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lambert_solves_its_equation(l in -36.0..1e8f64, small in -700.0..2.0f64) {
            for l in [l, small] {
                let w = lambert_w_of_exp(l);
                prop_assert!((w + w.ln() - l).abs() <= 4e-15 * l.abs().max(1.0), "{l} {w}");
            }
        }
    }

    #[test]
    fn lambert_at_one_is_the_omega_constant() {
        assert!((lambert_w_of_exp(0.0) - 0.567_143_290_409_783_8).abs() < 1e-15);
    }

    #[test]
    fn the_limits_are_continuous() {
        let near = |x: Option<f64>, y: Option<f64>| {
            let (x, y) = (x.unwrap(), y.unwrap());
            assert!((x / y - 1.0).abs() < 1e-6, "{x} {y}");
        };
        let no_kappa = critical_point(1e-3, 0.0, 50.0, 1.0, 0.5);
        near(critical_point(1e-3, 1e-12, 50.0, 1.0, 0.5), no_kappa);
        let no_beta = critical_point(0.0, 1e-2, 50.0, 1.0, -0.25);
        near(critical_point(1e-14, 1e-2, 50.0, 1.0, -0.25), no_beta);
        assert_eq!(no_beta, Some(350.0));
        assert_eq!(critical_point(0.0, 1e-2, 50.0, 1.0, 0.25), None);
        assert_eq!(critical_point(1e-3, 1e-2, 50.0, 0.0, 1.0), None);
    }
}
