//! The rivals: step responses of first and second order.

use crate::basis::{ExponentialFamily, ramp_column};
use crate::oscillator::{Oscillator, OscillatorFamily};
use crate::summary::Curve;
use crate::weighting::fit_family;
use crate::{Goodness, Options, Result, Series, Summary};

/// The first-order step fitted to one series, f(t) = c + K (1 - exp(-t / tau)), with an offset c
/// because no ratio starts at 0. It falls where K < 0.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstOrderStep {
    offset: f64,
    /// K / tau, which stays finite as tau grows.
    speed: f64,
    rate: f64,
    span: (f64, f64),
    goodness: Goodness,
}

/// Fits the first-order step, over 1/tau in 0 to the option `max_beta`; c, K, tau and the noise
/// variance are estimated (k = 4).
///
/// # Errors
/// [`crate::Error::Solver`], should the optimiser fail.
///
/// ```
/// use outcrop_fit::{Options, Series, fit_first_order_step};
///
/// let steps: Vec<f64> = (0..12).map(|i| 10.0 * f64::from(i)).collect();
/// let f = |t: f64| 5.0 + 40.0 * (1.0 - (-t / 25.0).exp());
/// let values: Vec<f64> = steps.iter().map(|&t| f(t)).collect();
/// let curve = fit_first_order_step(&Series::new(&steps, &values)?, &Options::default())?;
/// assert!((curve.tau() - 25.0).abs() < 1e-6 && (curve.amplitude() - 40.0).abs() < 1e-6);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn fit_first_order_step(series: &Series, options: &Options) -> Result<FirstOrderStep> {
    let family = ExponentialFamily::new(series.last(), options.max_beta());
    let (scaled, fitted) = fit_family(&family, series, options)?;
    let [offset, speed, _] = fitted.optimum.inner.coefficients;
    Ok(FirstOrderStep {
        offset: offset * scaled.unit,
        speed: speed * scaled.unit,
        rate: family.rate.rate(fitted.optimum.p[0]),
        span: (series.first(), series.last()),
        goodness: Goodness::new(series, &scaled, &fitted, 4),
    })
}

impl FirstOrderStep {
    /// The curve at step `t` >= 0, in units of the values.
    pub fn value(&self, t: f64) -> f64 {
        self.offset + self.speed * ramp_column(t, self.rate).0
    }

    /// Offset c, the value at step 0.
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// Amplitude K, in units of the values; infinite where tau is.
    pub fn amplitude(&self) -> f64 {
        self.speed / self.rate
    }

    /// Time constant tau, in steps; infinite where the curve is a straight line.
    pub fn tau(&self) -> f64 {
        1.0 / self.rate
    }

    /// How well it fits.
    pub fn goodness(&self) -> Goodness {
        self.goodness
    }

    /// Its values and its half-way step.
    pub fn summary(&self) -> Summary {
        Summary::new(self)
    }
}

impl Curve for FirstOrderStep {
    fn value(&self, t: f64) -> f64 {
        self.value(t)
    }

    fn span(&self) -> (f64, f64) {
        self.span
    }

    fn turns(&self) -> Vec<f64> {
        Vec::new()
    }
}

/// The second-order step fitted to one series, f(t) = c + K s(t), s being the response of a damped
/// oscillator at rest to a unit step: with x = omega t and damping ratio zeta,
///
/// - zeta < 1: s = 1 - exp(-zeta x) (cos(d x) + zeta / d sin(d x)), d = sqrt(1 - zeta^2);
/// - zeta = 1: s = 1 - (1 + x) exp(-x);
/// - zeta > 1: s = 1 - (r2 exp(-r1 x) - r1 exp(-r2 x)) / (r2 - r1),
///   r1, r2 = zeta -+ sqrt(zeta^2 - 1).
#[derive(Clone, Debug, PartialEq)]
pub struct SecondOrderStep {
    offset: f64,
    amplitude: f64,
    oscillator: Oscillator,
    span: (f64, f64),
    goodness: Goodness,
}

/// Fits the second-order step, over zeta in 0.05 to 100 and tau = 2 zeta / omega from 1 over the
/// option `max_beta` to a hundred times the last step; c, K, omega, zeta and the noise variance
/// are estimated (k = 5).
///
/// # Errors
/// [`crate::Error::Solver`], should the optimiser fail.
///
/// ```
/// use outcrop_fit::{Options, Series, fit_second_order_step};
///
/// let steps: Vec<f64> = (0..15).map(|i| 10.0 * f64::from(i)).collect();
/// let f = |t: f64| 5.0 + 40.0 * (1.0 - (1.0 + 0.05 * t) * (-0.05 * t).exp());
/// let values: Vec<f64> = steps.iter().map(|&t| f(t)).collect();
/// let curve = fit_second_order_step(&Series::new(&steps, &values)?, &Options::default())?;
/// assert!((curve.zeta() - 1.0).abs() < 1e-4 && (curve.omega() - 0.05).abs() < 1e-5);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn fit_second_order_step(series: &Series, options: &Options) -> Result<SecondOrderStep> {
    let family = OscillatorFamily::new(series.last(), options.max_beta());
    let (scaled, fitted) = fit_family(&family, series, options)?;
    let [offset, _, amplitude] = fitted.optimum.inner.coefficients;
    Ok(SecondOrderStep {
        offset: offset * scaled.unit,
        amplitude: amplitude * scaled.unit,
        oscillator: family.oscillator(&fitted.optimum.p),
        span: (series.first(), series.last()),
        goodness: Goodness::new(series, &scaled, &fitted, 5),
    })
}

impl SecondOrderStep {
    /// The curve at step `t` >= 0, in units of the values.
    pub fn value(&self, t: f64) -> f64 {
        self.offset + self.amplitude * self.oscillator.response(t)
    }

    /// Offset c, the value at step 0.
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// Amplitude K, in units of the values.
    pub fn amplitude(&self) -> f64 {
        self.amplitude
    }

    /// Natural frequency omega, per step.
    pub fn omega(&self) -> f64 {
        self.oscillator.omega
    }

    /// Damping ratio zeta: below 1 underdamped, 1 critically damped, above 1 overdamped.
    pub fn zeta(&self) -> f64 {
        self.oscillator.zeta
    }

    /// How well it fits.
    pub fn goodness(&self) -> Goodness {
        self.goodness
    }

    /// Its values and its half-way step.
    pub fn summary(&self) -> Summary {
        Summary::new(self)
    }

    /// The step of the first overshoot after the first step of the series, if it is a maximum and
    /// lies within the run.
    pub fn t_peak(&self) -> Option<f64> {
        let is_maximum = |&t: &f64| {
            let beside = 1e-3 * t;
            self.value(t) >= self.value(t - beside) && self.value(t) >= self.value(t + beside)
        };
        self.turns().into_iter().find(is_maximum)
    }
}

impl Curve for SecondOrderStep {
    fn value(&self, t: f64) -> f64 {
        self.value(t)
    }

    fn span(&self) -> (f64, f64) {
        self.span
    }

    fn turns(&self) -> Vec<f64> {
        let turns = self.oscillator.turns(self.span.0);
        let turns = turns.into_iter().flatten();
        turns.filter(|&t| t <= self.span.1).collect()
    }
}
