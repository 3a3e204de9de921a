//! Learning what forecasts in schedule time take from other runs.

use outcrop_core::Trajectory;

use super::simplex::lowest;
use super::student::students_quantile;
use super::trend::{Trend, points};
use crate::{Error, FitOptions, Result, Series, TrendCoefficients};

/// The shares of the steps behind which the end is forecast.
const SHARES: [f64; 6] = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/// Fewest trajectories that teach anything.
const ENOUGH: usize = 20;

/// Learns from finished runs how a ratio goes on under its schedule: the coefficients of the forecasts of other runs.
///
/// Four coefficients minimise the mean error |ln(forecast / observed)| of the last step, over that of the last value, from
/// the first 40, 50, ... 90 % of the steps (Nelder and Mead, 1965). The other two are of Student's distribution that has
/// half and 90 % of these errors where they are, in units of the size that each series itself shows. Trajectories without
/// a schedule in the options, and those that cannot be fitted, are left out.
///
/// # Errors
/// [`Error::TooFewToLearn`] with fewer than 20 trajectories that are left.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{FitOptions, RateHistory, TrendCoefficients, learn_trend};
///
/// let none: Vec<Trajectory> = Vec::new();
/// let error = learn_trend(&none, &FitOptions::default()).unwrap_err();
/// assert!(error.to_string().contains("at least 20"));
/// assert!(TrendCoefficients::default().memory > 0.0);
/// ```
pub fn learn_trend(runs: &[Trajectory], options: &FitOptions) -> Result<TrendCoefficients> {
    let ends: Vec<Finished> = runs
        .iter()
        .filter_map(|run| Finished::new(run, options))
        .collect();
    if ends.len() < ENOUGH {
        return Err(Error::TooFewToLearn {
            known: ends.len(),
            all: runs.len(),
            least: ENOUGH,
        });
    }
    let found = lowest(|p| mean_error(&at(p), &ends), START, EDGE);
    Ok(banded(at(&found), &ends))
}

/// A trajectory to its end, and where the forecasts begin.
struct Finished {
    /// u and ln f.
    points: Vec<[f64; 2]>,
    /// For each share, how many of the points are seen.
    seen: [usize; SHARES.len()],
}

impl Finished {
    fn new(run: &Trajectory, options: &FitOptions) -> Option<Self> {
        let time = options.schedule_of(run)?;
        let series = Series::from_trajectory(run).ok()?;
        let points = points(&series, &time);
        let hidden = series.steps().len() - points.len();
        let seen = SHARES.map(|share| {
            let until = share * series.last();
            let seen = series.steps().partition_point(|t| *t <= until);
            seen.saturating_sub(hidden)
        });
        (seen[0] > 0).then_some(Self { points, seen })
    }

    /// For each share the error of the forecast, of the last value, and the size that the series shows; none where too
    /// little is seen.
    fn errors(&self, coefficients: &TrendCoefficients) -> [Option<[f64; 3]>; SHARES.len()] {
        let [u, end] = self.points[self.points.len() - 1];
        let mut trend = Trend::begin(self.points[0], coefficients);
        let mut found = [None; SHARES.len()];
        for (i, point) in self.points.iter().enumerate() {
            if i > 0 {
                trend = trend.seen(*point);
            }
            for (found, _) in found.iter_mut().zip(self.seen).filter(|(_, n)| *n == i + 1) {
                let (centre, size) = trend.ahead(u);
                let errors = [(end - centre).abs(), (end - point[1]).abs(), size];
                *found = trend.is_usable().then_some(errors);
            }
        }
        found
    }
}

/// The mean error over that of the last value, averaged over the shares.
fn mean_error(coefficients: &TrendCoefficients, ends: &[Finished]) -> f64 {
    let mut sums = [[0.0; 2]; SHARES.len()];
    for run in ends {
        for (sum, errors) in sums.iter_mut().zip(run.errors(coefficients)) {
            let [forecast, last, _] = errors.unwrap_or_default();
            *sum = [sum[0] + forecast, sum[1] + last];
        }
    }
    let known = sums.iter().filter(|[_, last]| *last > 0.0);
    let ratios: Vec<f64> = known.map(|[forecast, last]| forecast / last).collect();
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

/// Coefficients at a point of the search: the drift, and logarithms of the other three.
fn at(p: &[f64; 4]) -> TrendCoefficients {
    TrendCoefficients {
        drift: p[0],
        memory: p[1].exp(),
        drift_variance: p[2].exp(),
        noise: p[3].exp(),
        ..TrendCoefficients::default()
    }
}

/// Where the search begins.
const START: [f64; 4] = [0.2, 0.0, 1.5, -5.0];
const EDGE: f64 = 0.5;

/// With Student's distribution that has half and 90 % of the errors where they are.
fn banded(coefficients: TrendCoefficients, ends: &[Finished]) -> TrendCoefficients {
    let errors = ends.iter().flat_map(|run| run.errors(&coefficients));
    let sizes = errors.flatten().map(|[error, _, size]| error / size);
    let mut sizes: Vec<f64> = sizes.filter(|z| z.is_finite()).collect();
    if sizes.is_empty() {
        return coefficients; // no series scatters
    }
    sizes.sort_by(f64::total_cmp);
    let quantile = |share: f64| sizes[((sizes.len() - 1) as f64 * share).round() as usize];
    let (half, most) = (quantile(0.5), quantile(0.9));
    let ratio = |freedom| students_quantile(0.95, freedom) / students_quantile(0.75, freedom);
    let (mut low, mut high) = (2.0, 100.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        match ratio(middle) > most / half {
            true => low = middle,
            false => high = middle,
        }
    }
    TrendCoefficients {
        freedom: high,
        spread: most / students_quantile(0.95, high),
        ..coefficients
    }
}
