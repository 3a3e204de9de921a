//! Arguments of every command that fits.

use outcrop_fit::{FitOptions, Weighting};

use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Weighing {
    /// How residuals are weighted [default: irls].
    #[arg(long, value_enum)]
    weights: Option<Weights>,
    /// Lower bound of tau0, in steps: below one step the logarithm interpolates the point at step 0
    /// [default: 1].
    #[arg(long, value_name = "STEPS")]
    tau_min: Option<f64>,
    /// Upper bound of beta, per step.
    #[arg(long, default_value_t = 10.0, value_name = "RATE")]
    beta_max: f64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Weights {
    /// Plain least squares, as in the paper: the largest ratios dominate.
    Raw,
    /// Iteratively reweighted by 1/f^2: relative residuals.
    Irls,
    /// 1/(SEM^2 + s^2 f^2): the standard error of each ratio and an estimated scatter s.
    Sem,
    /// As irls, but robust against single bad checkpoints, which are named.
    Robust,
}

impl Weighing {
    /// The given options; all others as in `default`.
    pub(crate) fn options(&self, default: FitOptions) -> Result<FitOptions> {
        let mut options = default;
        if let Some(weights) = self.weights {
            options = options.with_weighting(match weights {
                Weights::Raw => Weighting::Raw,
                Weights::Irls => Weighting::Relative,
                Weights::Sem => Weighting::Sem,
                Weights::Robust => Weighting::Robust,
            });
        }
        if let Some(tau_min) = self.tau_min {
            options = options.with_min_tau0(tau_min)?;
        }
        Ok(options.with_max_beta(self.beta_max)?)
    }
}
