//! What is known of learning rates.

use std::sync::Arc;

use outcrop_core::Trajectory;

use super::FitOptions;
use crate::{Error, RateHistory, Result, ScheduleTime, TrendCoefficients};

impl FitOptions {
    /// Adds the learning rates of a model, by which its forecasts and the hypotheses in schedule time go. Without a rate
    /// above 0 they stay unknown.
    ///
    /// ```
    /// # use outcrop_fit::{FitOptions, RateHistory};
    /// let rates = RateHistory::new(&[1.0, 100.0, 1000.0], &[1e-5, 1e-3, 1e-4]);
    /// let options = FitOptions::default().with_schedule("tiny", &rates);
    /// assert!(options.schedule("tiny").is_some() && options.schedule("other").is_none());
    /// ```
    #[must_use]
    pub fn with_schedule(mut self, model: &str, rates: &RateHistory) -> Self {
        if let Some(time) = ScheduleTime::new(rates) {
            self.schedules.insert(model.to_owned(), Arc::new(time));
        }
        self
    }

    /// Sets what forecasts under a schedule take from other runs, such as those that [`learn_trend`](crate::learn_trend)
    /// learned from.
    ///
    /// # Errors
    /// [`Error::Option`] unless the drift is finite and the others are finite and above 0.
    ///
    /// ```
    /// # use outcrop_fit::{FitOptions, TrendCoefficients};
    /// let still = TrendCoefficients { drift: 0.0, ..TrendCoefficients::default() };
    /// assert!(FitOptions::default().with_trend(still).is_ok());
    /// let none = TrendCoefficients { memory: 0.0, ..still };
    /// assert!(FitOptions::default().with_trend(none).is_err());
    /// ```
    pub fn with_trend(mut self, trend: TrendCoefficients) -> Result<Self> {
        if let Some((name, value, allowed)) = trend.fault() {
            return Err(Error::Option {
                name,
                value,
                allowed,
            });
        }
        self.trend = trend;
        Ok(self)
    }

    /// The schedule of a model.
    pub fn schedule(&self, model: &str) -> Option<&Arc<ScheduleTime>> {
        self.schedules.get(model)
    }

    /// The schedule in whose updates the steps of a trajectory count: none for one stage of several.
    pub(crate) fn schedule_of(&self, trajectory: &Trajectory) -> Option<Arc<ScheduleTime>> {
        match trajectory.stage {
            Some(_) => None,
            None => self.schedule(&trajectory.model).cloned(),
        }
    }
}
