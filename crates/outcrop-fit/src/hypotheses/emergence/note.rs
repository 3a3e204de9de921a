use std::fmt;

/// What the data do not identify of an emergence curve; its text is part of the `status` of a fit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// `flat`: a constant fits as well; no parameter is reported.
    Flat,
    /// `decay not identified`: beta = 0 fits as well, so that A2 and K run to plus and minus
    /// infinity and cancel; beta, lambda, gamma, t0, K and A2 are empty.
    Decay,
    /// `logarithm not identified`: A1 = 0, a single exponential, fits as well; all but beta and K
    /// are empty.
    Logarithm,
    /// `offset not identified`: tau0 = infinity fits as well; all but beta and K are empty.
    Offset,
    /// `tau0 at its lower bound`: the data ask for less than the option `min_tau0`.
    OffsetBound,
    /// `beta at its upper bound`: the data ask for more than the option `max_beta`.
    DecayBound,
    /// `scale not identified`: lambda, gamma and t0 trade off against each other, so that the
    /// interval of gamma spans more than a factor of a thousand or gamma = exp(A2 / A1) is no finite
    /// number; they are empty, their intervals stand.
    Scale,
    /// `peak beyond the run`: the curve has its maximum after the last step, an extrapolation.
    PeakBeyond,
    /// `leverage above 0.9 at step S`: that one point decides part of the curve by itself.
    Leverage {
        /// Its step.
        step: f64,
    },
    /// `suspect value at step S`: the residual there is far beyond those of the other points (8
    /// standard deviations by their median); robust weights tell what that point does to the fit.
    Suspect {
        /// Its step.
        step: f64,
    },
    /// `outlier at step S`: the robust weighting gives that point no weight.
    Outlier {
        /// Its step.
        step: f64,
    },
    /// `residuals autocorrelated`: neighbouring residuals share their sign more often than chance
    /// allows (1 %), so that the run wanders or the form is wrong somewhere. Intervals allow for the former.
    Autocorrelated,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat => f.write_str("flat"),
            Self::Decay => f.write_str("decay not identified"),
            Self::Logarithm => f.write_str("logarithm not identified"),
            Self::Offset => f.write_str("offset not identified"),
            Self::OffsetBound => f.write_str("tau0 at its lower bound"),
            Self::DecayBound => f.write_str("beta at its upper bound"),
            Self::Scale => f.write_str("scale not identified"),
            Self::PeakBeyond => f.write_str("peak beyond the run"),
            Self::Suspect { step } => write!(f, "suspect value at step {step}"),
            Self::Outlier { step } => write!(f, "outlier at step {step}"),
            Self::Autocorrelated => f.write_str("residuals autocorrelated"),
            Self::Leverage { step } => write!(f, "leverage above 0.9 at step {step}"),
        }
    }
}
