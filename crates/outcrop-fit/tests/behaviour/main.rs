//! What users rely on: peaks, limits, weights, intervals, forecasts, and no surprise from any input.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod autocorrelated;
mod covariance;
mod extremes;
mod forecast;
mod hostile;
mod limits;
mod peaks;
mod posterior;
mod simulate;
mod weights;
