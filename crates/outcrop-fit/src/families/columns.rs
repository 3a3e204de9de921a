//! The columns that the curves share, regular at beta = 0 and at tau0 = infinity, where the
//! textbook columns exp(-beta t) ln(t + tau0), exp(-beta t) and 1 run into each other and their
//! coefficients to plus and minus infinity.

/// ln(1 + kappa (t - t_c)) / kappa and its derivative by kappa.
pub(crate) fn log_column(t: f64, centre: f64, kappa: f64, tau0: f64) -> (f64, f64) {
    let h = t - centre;
    let x = kappa * h;
    if x.abs() < 1e-4 {
        let value = h * (1.0 - x * (1.0 / 2.0 - x * (1.0 / 3.0 - x / 4.0)));
        let slope = -h * h * (1.0 / 2.0 - x * (2.0 / 3.0 - x * (3.0 / 4.0 - x * 4.0 / 5.0)));
        return (value, slope);
    }
    // 1 + x = kappa (t + tau0); near -1 the sum would cancel
    let above = if x < -0.5 {
        kappa * (t + tau0)
    } else {
        1.0 + x
    };
    let log = if x < -0.5 { above.ln() } else { x.ln_1p() };
    let value = log / kappa;
    (value, (h / above - value) / kappa)
}

/// exp(-beta t), (1 - exp(-beta t)) / beta and the derivative of the latter by beta.
pub(crate) fn decay_columns(t: f64, beta: f64) -> [f64; 3] {
    let x = beta * t;
    let fallen = (-x).exp_m1();
    let decay = if x > 0.5 { (-x).exp() } else { 1.0 + fallen };
    let ramp = if x < 1e-8 {
        t * (1.0 - x / 2.0)
    } else {
        -fallen / beta
    };
    let slope = if x < 1e-3 {
        -t * t * (1.0 / 2.0 - x * (1.0 / 3.0 - x * (1.0 / 8.0 - x / 30.0)))
    } else {
        (t * decay - ramp) / beta
    };
    [decay, ramp, slope]
}

/// Fills `column` with ones.
pub(crate) fn ones(n: usize, column: &mut Vec<f64>) {
    column.clear();
    column.resize(n, 1.0);
}

/// Fills `column` with `f` of each step.
pub(crate) fn fill(steps: &[f64], column: &mut Vec<f64>, f: impl FnMut(f64) -> f64) {
    column.clear();
    column.extend(steps.iter().copied().map(f));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_the_closed_forms_and_their_limits() {
        let [decay, value, slope] = decay_columns(30.0, 0.02);
        assert!((decay - (-0.6f64).exp()).abs() < 1e-15);
        assert!((value - (1.0 - (-0.6f64).exp()) / 0.02).abs() < 1e-12);
        assert!((slope - (30.0 * (-0.6f64).exp() - value) / 0.02).abs() < 1e-9);
        assert_eq!(decay_columns(30.0, 0.0), [1.0, 30.0, -450.0]);
        let (value, _) = log_column(90.0, 10.0, 1.0 / 60.0, 50.0);
        assert!((value - 60.0 * (140.0f64 / 60.0).ln()).abs() < 1e-12);
        assert_eq!(log_column(90.0, 10.0, 0.0, f64::INFINITY), (80.0, -3_200.0));
    }
}
