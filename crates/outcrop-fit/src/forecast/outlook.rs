use outcrop_core::{Forecast, Trajectory};

use std::sync::Arc;

use super::trend::Trend;
use crate::average::akaike_weights;
use crate::hypotheses::{Fitted, Hypothesis, LogOnly};
use crate::{
    Emergence, Error, FitOptions, Interval, Observations, Posterior, Result, ScheduleTime, Series,
    ValueShape,
};

/// The view from the last step of a series onwards: the emergence curve and the one without decay,
/// averaged by their Akaike weights, with a band from the posterior.
///
/// Five parameters do not forecast better than the last value until about half of the training is
/// seen, so that the baseline always stands beside; the average leans on the curve without decay
/// as long as the data do not ask for more.
///
/// Where the learning rates of the run are known and all its ratios are above 0, the forecast is not theirs but the trend
/// in schedule time: the logarithm of the ratio over that of S, the sum of the learning rates, as a random walk with a
/// drift that fades. It knows that little is to come where the rate decays. What it takes from other runs is a
/// [`TrendCoefficients`](crate::TrendCoefficients); `docs/fitting.md` says how well it forecasts runs that it did not learn from.
#[derive(Clone, Debug)]
pub struct Outlook {
    emergence: Emergence,
    log_only: Fitted,
    weights: [f64; 2],
    posterior: Posterior,
    last: f64,
    last_value: f64,
    level: f64,
    trend: Option<(Trend, Arc<ScheduleTime>)>,
}

impl Outlook {
    /// Fits both curves.
    ///
    /// # Errors
    /// [`crate::Error::Solver`], should the optimiser fail.
    ///
    /// ```
    /// use outcrop_fit::{Observations, FitOptions, Outlook, Series};
    ///
    /// let steps: Vec<f64> = (0..30).map(|i| 100.0 * f64::from(i)).collect();
    /// let values: Vec<f64> = steps.iter().map(|t| 7.0 * (t + 80.0).ln() - 20.0).collect();
    /// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
    /// let outlook = Outlook::new(&Observations::new(&series, &options)?)?;
    /// assert!((outlook.average(9_000.0) - (7.0 * 9_080f64.ln() - 20.0)).abs() < 0.1);
    /// assert_eq!(outlook.last_value(), values[29]);
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    pub fn new(observations: &Observations<'_>) -> Result<Self> {
        let emergence = Emergence::fit(observations)?;
        let log_only = LogOnly.fit(observations)?;
        let scores = [emergence.goodness().aicc, log_only.goodness.aicc];
        let weights = akaike_weights(&scores);
        // without AICc of the larger curve (8 points or fewer) the smaller one stands alone
        let weight = |i: usize| weights[i].unwrap_or(0.0);
        let series = observations.series;
        let trend = series.schedule().and_then(|time| {
            let is_ratio = *series.shape() == ValueShape::ratio();
            let trend = is_ratio
                .then(|| Trend::new(series, time, &observations.options.trend))
                .flatten();
            trend.map(|trend| (trend, time.clone()))
        });
        Ok(Self {
            trend,
            posterior: Posterior::new(observations, &emergence),
            weights: if weights[1].is_some() {
                [weight(0), weight(1)]
            } else {
                [0.0, 1.0]
            },
            emergence,
            log_only,
            last: series.last(),
            last_value: series.values()[series.values().len() - 1],
            level: observations.options.level(),
        })
    }

    /// The average of the curves at step `t`, in units of the values.
    pub fn average(&self, t: f64) -> f64 {
        let [emergence, log_only] = self.weights;
        emergence * self.emergence.value(t) + log_only * self.log_only.curve.value(t)
    }

    /// The band at step `t`, of the option `level`, for a value that is observed there.
    pub fn band(&self, t: f64) -> Interval {
        self.posterior.observation(t, self.level)
    }

    /// The baseline: the last value of the series.
    pub fn last_value(&self) -> f64 {
        self.last_value
    }

    /// The fitted emergence curve.
    pub fn emergence(&self) -> &Emergence {
        &self.emergence
    }

    /// The forecast at step `t` that goes by the schedule, and its band; none where the schedule is not known, and before
    /// the last step of the series.
    pub fn scheduled(&self, t: f64) -> Option<(f64, Interval)> {
        let (trend, time) = self.trend.as_ref()?;
        trend
            .reaches(time, t)
            .then(|| trend.forecast(time, t, self.level))
    }

    /// What is forecast: by the schedule where it is known, else the average of the curves.
    fn foreseen(&self, t: f64) -> (f64, std::result::Result<Interval, &'static str>) {
        if let Some((value, band)) = self.scheduled(t) {
            return (value, Ok(band));
        }
        let (average, band) = (self.average(t), self.band(t));
        (average, checked(average, band))
    }

    /// Why a step is beyond the schedule.
    fn beyond(&self, t: f64) -> Option<String> {
        let (_, time) = self.trend.as_ref()?;
        let known = time.known_until();
        (t > known).then(|| format!("no learning rate known behind step {known}, taken to stay"))
    }

    /// Everything at step `t`, as a row without a name. Its band holds the average; where that of the
    /// posterior, which is of the emergence curve alone, does not, there is none, and the status says so.
    pub fn at(&self, t: f64) -> Forecast {
        let (average, band) = self.foreseen(t);
        let (reason, band) = match band {
            Ok(band) => (None, band),
            Err(reason) => (Some(reason), Interval { lo: None, hi: None }),
        };
        let times = t / self.last;
        let far = (t > Forecast::FAR * self.last)
            .then(|| format!("extrapolated to {times:.1} times the last step"));
        let impossible = (average <= 0.0).then(|| "impossible: no ratio is 0 or less".to_owned());
        let reason = reason.map(str::to_owned);
        let status: Vec<String> = [far, impossible, reason, self.beyond(t)]
            .into_iter()
            .flatten()
            .collect();
        Forecast {
            n: self.emergence.goodness().n,
            fitted_until: self.last,
            step: t,
            status: if status.is_empty() {
                "ok".into()
            } else {
                status.join("; ")
            },
            average: Some(average),
            lo: band.lo,
            hi: band.hi,
            emergence: Some(self.emergence.value(t)),
            log_only: Some(self.log_only.curve.value(t)),
            last_value: Some(self.last_value),
            ..Forecast::default()
        }
    }
}

/// `band` if it holds `average`, or why there is none.
fn checked(average: f64, band: Interval) -> std::result::Result<Interval, &'static str> {
    let Interval { lo, hi } = band;
    if lo.is_none() && hi.is_none() {
        return Err("no band: neither end is finite");
    }
    match lo.is_none_or(|lo| lo <= average) && hi.is_none_or(|hi| average <= hi) {
        true => Ok(band),
        false => Err("no band: the average lies outside the one of the emergence curve"),
    }
}

/// Forecasts a trajectory at each of `steps`, which may lie within it too. It never fails: a bad
/// series or step gives rows whose status is the reason.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{FitOptions, forecast};
///
/// let trajectory = Trajectory {
///     model: "m".into(),
///     layer: 1,
///     stage: None, steps: (0..30).map(|i| 100 * i).collect(),
///     ratios: (0..30).map(|i| 5.0 + f64::from(i).sqrt()).collect(),
///     sem: Vec::new(),
/// };
/// let rows = forecast(&trajectory, &[2_900.0, 6_000.0], &FitOptions::default());
/// assert_eq!((rows[1].step, rows[1].fitted_until), (6_000.0, 2_900.0));
/// assert!(rows[1].average > rows[0].average);
/// ```
pub fn forecast(trajectory: &Trajectory, steps: &[f64], options: &FitOptions) -> Vec<Forecast> {
    let outlook = || {
        let series = Series::from_trajectory(trajectory)?;
        let series = series.with_schedule(options.schedule_of(trajectory));
        Outlook::new(&Observations::new(&series, options)?)
    };
    let outlook = outlook();
    let at = |step: f64| match &outlook {
        Ok(outlook) if step.is_finite() && step >= 0.0 => Ok(outlook.at(step)),
        Ok(_) => Err(Error::ForecastStep {
            series: format!("model `{}`, layer {}", trajectory.model, trajectory.layer),
            step,
        }),
        Err(error) => Err(error.clone()),
    };
    let row = |&step: &f64| Forecast {
        model: trajectory.model.clone(),
        layer: trajectory.layer,
        ..at(step).unwrap_or_else(|error| Forecast {
            n: trajectory.steps.len(),
            step,
            status: format!("failed to {error}"),
            ..Forecast::default()
        })
    };
    steps.iter().map(row).collect()
}
