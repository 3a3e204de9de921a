//! The emergence curve: its columns, its parameters in both forms, its peak, its fit, its posterior.

mod about;
mod covariance;
mod curve;
mod fit;
mod hypothesis;
mod identify;
mod note;
mod parameters;
mod peak;
mod posterior;

pub use about::EMERGENCE;
pub use covariance::Covariance;
pub use curve::EmergenceCurve;
pub use fit::{Emergence, fit_emergence};
pub use hypothesis::EmergenceHypothesis;
pub use note::Note;
pub use parameters::EmergenceParameters;
pub use peak::lambert_w_of_exp;
pub use posterior::{Intervals, Posterior};
