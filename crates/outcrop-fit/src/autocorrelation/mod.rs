//! Residuals of which each depends on the one before, AR(1): how much, and what a posterior makes of it.
//!
//! Neighbouring checkpoints deviate together, because a run wanders. Then n residuals say less than n independent ones, and
//! intervals that take them for independent are too narrow. Where autocorrelation is found the posterior is of the model
//! e_i = rho e_(i-1) + noise, in the order of the checkpoints, averaged over rho.

mod shares;
mod whitened;

pub(crate) use shares::shares;
pub(crate) use whitened::{Whitened, whitened};
