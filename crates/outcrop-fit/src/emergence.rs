use crate::basis::{EmergenceFamily, ExponentialFamily, Family, log_column, ramp_column};
use crate::goodness::above_rounding;
use crate::peak::critical_point;
use crate::summary::Curve;
use crate::weighting::{Fitted, Scaled, fit_family};
use crate::{Goodness, Note, Options, Parameters, Result, Series, Summary};

/// The emergence curve fitted to one series,
/// f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K with beta >= 0 and tau0 > 0.
///
/// It is kept in columns that stay regular at beta = 0 and tau0 = infinity, so that its values
/// lose nothing where the parameters run to infinity.
#[derive(Clone, Debug, PartialEq)]
pub struct Emergence {
    beta: f64,
    tau0: f64,
    kappa: f64,
    centre: f64,
    coefficients: [f64; 3],
    first: f64,
    last: f64,
    goodness: Goodness,
    notes: Vec<Note>,
}

/// beta, tau0, A1, A2, K and the noise variance.
const ESTIMATED: usize = 6;
/// What the curve may gain over a constant by chance, in units of the option `evidence`: the 99 %
/// point of chi-squared with four degrees of freedom over the 95 % point with one. It is the 99 %
/// point because a search over beta and tau0 finds more in noise than four fixed columns would.
const FLAT_EVIDENCE: f64 = 13.28 / 3.84;
/// The same for the logarithm, which goes with A1 and tau0: the 95 % point with two degrees.
const LOGARITHM_EVIDENCE: f64 = 5.99 / 3.84;
/// A point above this leverage decides part of the curve by itself.
const HIGH_LEVERAGE: f64 = 0.9;

/// Fits the emergence curve: the global optimum over (beta, tau0), the other three parameters
/// solved exactly at each point (variable projection; Golub and Pereyra, 1973, SIAM Journal on
/// Numerical Analysis 10:413; the Jacobian is Kaufman's, 1975, BIT 15:49).
///
/// # Errors
/// [`crate::Error::Solver`], should the optimiser fail.
///
/// ```
/// use outcrop_fit::{Options, Series, fit_emergence};
///
/// let steps: Vec<f64> = (0..40).map(|i| (1.35f64.powi(i)).floor()).collect();
/// # let steps = { let mut s = steps; s.dedup(); s };
/// let f = |t: f64| (-1e-4 * t).exp() * (20.0 * (t + 30.0).ln() - 60.0) + 12.0;
/// let values: Vec<f64> = steps.iter().map(|&t| f(t)).collect();
/// let curve = fit_emergence(&Series::new(&steps, &values)?, &Options::default())?;
/// assert!((curve.value(1e4) - f(1e4)).abs() < 1e-6);
/// assert!((curve.parameters().tau0.unwrap() - 30.0).abs() < 1e-3);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn fit_emergence(series: &Series, options: &Options) -> Result<Emergence> {
    let family = EmergenceFamily::new(series.last(), options.max_beta(), options.min_tau0());
    let (scaled, fitted) = fit_family(&family, series, options)?;
    let p = fitted.optimum.p;
    let mut curve = Emergence {
        beta: family.rate.rate(p[0]),
        tau0: family.offset.tau0(p[1]),
        kappa: family.offset.kappa(p[1]),
        centre: family.offset.centre(),
        coefficients: fitted.optimum.inner.coefficients.map(|c| c * scaled.unit),
        first: series.first(),
        last: series.last(),
        goodness: Goodness::new(series, &scaled, &fitted, ESTIMATED),
        notes: Vec::new(),
    };
    let mut notes = limits(&family, &scaled, &fitted, options)?;
    notes.extend(curve.bounds_and_peak(&family, &fitted, &notes));
    if !notes.contains(&Note::Flat) {
        notes.extend(leverage(series, &fitted));
    }
    curve.notes = notes;
    Ok(curve)
}

/// The limits of the curve that cannot be told from it.
fn limits(
    family: &EmergenceFamily,
    scaled: &Scaled<'_>,
    fitted: &Fitted,
    options: &Options,
) -> Result<Vec<Note>> {
    let bounds = family.bounds();
    let n = scaled.scales.len() as f64;
    let best = above_rounding(scaled, fitted.optimum.inner.sse);
    let stands = |sse: f64, share: f64| {
        n * (above_rounding(scaled, sse) / best).ln() < share * options.evidence()
    };
    let c = &fitted.optimum.inner.coefficients;
    let p = fitted.optimum.p;
    let at_limit = |coordinate: usize| -> Result<bool> {
        let limit = scaled.search(family, bounds.fixed(coordinate, 0.0), options)?;
        Ok(stands(limit.inner.sse, 1.0))
    };
    let (mut decay, mut logarithm, mut offset) = (p[0] == 0.0, c[2] == 0.0, p[1] == 0.0);
    if options.evidence() > 0.0 {
        if stands(scaled.total(), FLAT_EVIDENCE) {
            return Ok(vec![Note::Flat]);
        }
        let exponential = ExponentialFamily::new(scaled.last(), options.max_beta());
        let without_log = scaled.search(&exponential, exponential.bounds(), options)?;
        decay = decay || at_limit(0)?;
        logarithm = logarithm || stands(without_log.inner.sse, LOGARITHM_EVIDENCE);
        offset = offset || at_limit(1)?;
    }
    // without its logarithm the curve has no offset either
    let notes = [
        (decay, Note::Decay),
        (logarithm, Note::Logarithm),
        (offset && !logarithm, Note::Offset),
    ];
    Ok(notes
        .into_iter()
        .filter_map(|(stands, note)| stands.then_some(note))
        .collect())
}

/// The point that decides part of the curve by itself, if there is one.
fn leverage(series: &Series, fitted: &Fitted) -> Option<Note> {
    let points = series.steps().iter().zip(&fitted.leverage);
    let (&step, &most) = points.max_by(|a, b| a.1.total_cmp(b.1))?;
    (most > HIGH_LEVERAGE).then_some(Note::Leverage { step })
}

impl Emergence {
    fn bounds_and_peak(
        &self,
        family: &EmergenceFamily,
        fitted: &Fitted,
        limits: &[Note],
    ) -> Vec<Note> {
        let bounds = family.bounds();
        let p = fitted.optimum.p;
        let mut notes = Vec::new();
        if limits.contains(&Note::Flat) {
            return notes;
        }
        let has_offset = !limits.contains(&Note::Logarithm) && !limits.contains(&Note::Offset);
        if p[1] <= bounds.lower[1] && has_offset {
            notes.push(Note::OffsetBound);
        }
        if p[0] >= bounds.upper[0] {
            notes.push(Note::DecayBound);
        }
        let parameters = Parameters::new(self.beta, self.tau0, self.kappa, &self.coefficients);
        if limits.is_empty() && parameters.gamma.is_none() {
            notes.push(Note::Gamma);
        }
        if self.maximum().is_some_and(|t| t > self.last) {
            notes.push(Note::PeakBeyond);
        }
        notes
    }

    /// The curve at step `t` >= 0, in units of the values.
    pub fn value(&self, t: f64) -> f64 {
        let [c0, c2, c1] = self.coefficients;
        let log = log_column(t, self.centre, self.kappa, self.tau0).0;
        c0 + c1 * (-self.beta * t).exp() * log + c2 * ramp_column(t, self.beta).0
    }

    /// The decay rate at the optimum, per step; 0 or more, identified or not.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The time offset at the optimum, in steps; possibly infinite, identified or not.
    pub fn tau0(&self) -> f64 {
        self.tau0
    }

    /// The parameters that the data identify; the reasons for those they do not are in
    /// [`Emergence::notes`].
    pub fn parameters(&self) -> Parameters {
        let has = |note| self.notes.contains(&note);
        let mut p = Parameters::new(self.beta, self.tau0, self.kappa, &self.coefficients);
        if has(Note::Flat) {
            return Parameters::default();
        }
        if has(Note::Decay) {
            p = p.without_decay();
        }
        if has(Note::Logarithm) || has(Note::Offset) {
            p = p.without_offset();
        }
        p
    }

    /// What the data leave open.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// How well it fits.
    pub fn goodness(&self) -> Goodness {
        self.goodness
    }

    /// The summaries that stay identified where the parameters are not.
    pub fn summary(&self) -> Summary {
        Summary::new(self)
    }

    /// The step of the curve's maximum if that lies within the run, after the first step and no
    /// later than the last: t_peak = exp(W(1/lambda)) / gamma - tau0 where A1 > 0. With A1 < 0 the
    /// same formula gives a trough, which is no peak. Empty also where the series is flat.
    pub fn t_peak(&self) -> Option<f64> {
        let inside = |&t: &f64| self.first.max(0.0) < t && t <= self.last;
        let flat = self.notes.contains(&Note::Flat);
        self.maximum().filter(inside).filter(|_| !flat)
    }

    /// The step of the maximum, wherever it lies.
    fn maximum(&self) -> Option<f64> {
        self.turn().filter(|_| self.coefficients[2] > 0.0)
    }

    fn turn(&self) -> Option<f64> {
        let [_, c2, c1] = self.coefficients;
        critical_point(self.beta, self.kappa, self.centre, c1, c2)
    }
}

impl Curve for Emergence {
    fn value(&self, t: f64) -> f64 {
        self.value(t)
    }

    fn span(&self) -> (f64, f64) {
        (self.first, self.last)
    }

    fn turns(&self) -> Vec<f64> {
        let inside = |&t: &f64| self.first < t && t < self.last;
        self.turn().filter(inside).into_iter().collect()
    }
}
