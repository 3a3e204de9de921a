//! Phases of training: an autoregressive hidden Markov model over several observables.
//!
//! In each phase every observable follows x_t = c + a x_(t-1) + noise of its own, and the phase changes by a Markov
//! chain over checkpoints. a and the noise are those of the phase, or the same in all phases ([`PhaseNoise`]). [`fit_phases`] estimates both by expectation and maximisation (Hamilton 1990) and chooses the
//! number of phases, and which of the two, by BIC; [`forward_backward`] is the inference alone, for any chain.

mod chain;
mod em;
mod emission;
mod fit;
mod options;
mod segments;

pub use chain::{Smoothed, forward_backward};
pub use emission::PhaseDynamics;
pub use fit::{Phases, fit_phases};
pub use options::{PhaseNoise, PhaseOptions};
