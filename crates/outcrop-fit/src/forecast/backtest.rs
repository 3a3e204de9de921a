use outcrop_core::{Forecast, Trajectory};

use super::outlook::forecast;
use crate::parallel::map_ordered;
use crate::{FitOptions, Series};

/// How much of a trajectory is fitted. "The first 30 %" means two things: with checkpoints at
/// doubling steps half of them lie in the first percent of the training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// The checkpoints up to this share of the last step.
    Steps(f64),
    /// This share of the checkpoints, the first ones.
    Checkpoints(f64),
}

/// How well the ends of trajectories would have been known from their beginnings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backtest {
    /// One row for each trajectory: the forecast of its last step, with the observed value.
    pub forecasts: Vec<Forecast>,
}

/// Fits the first share of each trajectory and forecasts its last step; in parallel, in order.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{FitOptions, Share, backtest};
///
/// let trajectory = |layer| Trajectory {
///     model: "m".into(),
///     layer,
///     stage: None, steps: (0..40).map(|i| 100 * i).collect(),
///     ratios: (0..40).map(|i| 5.0 + (f64::from(layer) + f64::from(i)).ln()).collect(),
///     sem: Vec::new(),
/// };
/// let found = backtest(&[trajectory(1), trajectory(2)], Share::Steps(0.5), &FitOptions::default());
/// assert_eq!(found.forecasts[1].fitted_until, 1_900.0);
/// assert!(found.median_error(|f| f.average) < found.median_error(|f| f.last_value));
/// ```
pub fn backtest(trajectories: &[Trajectory], share: Share, options: &FitOptions) -> Backtest {
    let mut forecasts = Vec::with_capacity(trajectories.len());
    map_ordered(
        trajectories.iter(),
        |trajectory| hindsight(trajectory, share, options),
        |found| {
            forecasts.push(found);
            std::ops::ControlFlow::Continue(())
        },
    );
    Backtest { forecasts }
}

/// Shares are decimal fractions: 0.29 of 100 is 29, not the 28.999999999999996 of binary ones.
const ROUNDING: f64 = 1.0 + 1e-12;

fn hindsight(trajectory: &Trajectory, share: Share, options: &FitOptions) -> Forecast {
    let last = trajectory.steps.last().map_or(0.0, |&step| step as f64);
    let n = match share {
        // of what is no series no share is the first: the forecast names the reason
        _ if Series::from_trajectory(trajectory).is_err() => trajectory.steps.len(),
        Share::Steps(share) => {
            let until = share * last * ROUNDING;
            trajectory.steps.partition_point(|&t| t as f64 <= until)
        }
        Share::Checkpoints(share) => {
            (share * trajectory.steps.len() as f64 * ROUNDING).floor() as usize
        }
    };
    let row = forecast(&trajectory.first(n), &[last], options).pop();
    Forecast {
        observed: trajectory.ratios.last().copied(),
        ..row.unwrap_or_default()
    }
}

impl Backtest {
    /// Number of trajectories with a forecast.
    pub fn count(&self) -> usize {
        let known = self.forecasts.iter().filter(|f| f.average.is_some());
        known.count()
    }

    /// Median of |ln(forecast / observed)| over the trajectories that have both; a forecast of 0
    /// or less counts as infinitely wrong. NaN without any.
    pub fn median_error(&self, of: impl Fn(&Forecast) -> Option<f64>) -> f64 {
        let error = |f: &Forecast| {
            let (forecast, observed) = (of(f)?, f.observed?);
            Some(if forecast > 0.0 {
                (forecast / observed).ln().abs()
            } else {
                f64::INFINITY
            })
        };
        let mut errors: Vec<f64> = self.forecasts.iter().filter_map(error).collect();
        errors.sort_by(f64::total_cmp);
        match errors.len() {
            0 => f64::NAN,
            n => 0.5 * (errors[(n - 1) / 2] + errors[n / 2]),
        }
    }

    /// Share of the trajectories whose band covers the observed value; NaN without any band.
    pub fn coverage(&self) -> f64 {
        let held = |f: &Forecast| {
            let observed = f.observed?;
            Some(f.lo? <= observed && observed <= f.hi?)
        };
        let held: Vec<bool> = self.forecasts.iter().filter_map(held).collect();
        held.iter().filter(|h| **h).count() as f64 / held.len() as f64
    }
}
