//! Arguments of every command that fits.

use outcrop_fit::{Options, Weighting};

use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Weighing {
    /// How residuals are weighted.
    #[arg(long, value_enum, default_value_t)]
    weights: Weights,
    /// Lower bound of tau0, in steps: below one step the logarithm interpolates the point at step 0.
    #[arg(long, default_value_t = 1.0, value_name = "STEPS")]
    tau_min: f64,
    /// Upper bound of beta, per step.
    #[arg(long, default_value_t = 10.0, value_name = "RATE")]
    beta_max: f64,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Weights {
    /// Plain least squares, as in the paper: the largest ratios decide.
    Raw,
    /// Iteratively reweighted by 1/f^2: relative residuals.
    #[default]
    Irls,
    /// 1/(SEM^2 + s^2 f^2): the standard error of each ratio and a scatter s that is estimated.
    Sem,
    /// As irls, against single bad checkpoints, which are named.
    Robust,
}

impl Weighing {
    pub(crate) fn options(&self) -> Result<Options> {
        let weighting = match self.weights {
            Weights::Raw => Weighting::Raw,
            Weights::Irls => Weighting::Relative,
            Weights::Sem => Weighting::Sem,
            Weights::Robust => Weighting::Robust,
        };
        let options = Options::default().with_weighting(weighting);
        let options = options.with_min_tau0(self.tau_min)?;
        Ok(options.with_max_beta(self.beta_max)?)
    }
}
