//! The emergence curve: its columns, its parameters in both forms, its peak, its fit.

mod covariance;
mod curve;
mod fit;
mod identify;
mod note;
mod parameters;
mod peak;

pub use covariance::Covariance;
pub use curve::EmergenceCurve;
pub use fit::{Emergence, EmergenceHypothesis, fit_emergence};
pub use note::Note;
pub use parameters::EmergenceParameters;
pub use peak::lambert_w_of_exp;
