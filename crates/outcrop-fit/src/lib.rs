//! Fits the curve by which massive activations emerge while a model trains.
//!
//! The ratio of a layer follows Eq. 9 of "Hidden Dynamics of Massive Activations in Transformer Training" (arXiv
//! 2508.03616), here in its original and its reparametrised form:
//!
//! ```text
//! f(t) = A exp(-lambda x) ln(x) + K,  x = gamma t + t0
//!      = exp(-beta t) (A1 ln(t + tau0) + A2) + K,
//! beta = lambda gamma, tau0 = t0 / gamma, A1 = A exp(-lambda t0), A2 = A1 ln(gamma)
//! ```
//!
//! Given (beta, tau0) the curve is linear in the other three parameters, which are solved exactly. So the search has
//! two dimensions. In suitable coordinates its domain is a rectangle whose border includes beta = 0 and tau0 =
//! infinity. A grid covers it, and a bounded Levenberg-Marquardt descent starts from every local minimum of the grid.
//! Parameters that the data do not identify are left empty, with the reason.
//!
//! | item | what it is |
//! |---|---|
//! | [`fit`], [`fit_all`], [`fit_each`] | every hypothesis for one, many or a stream of [`outcrop_core::Trajectory`], as table rows |
//! | [`FitOptions`], [`Weighting`] | weights, bounds, grid, intervals; [`FitOptions::paper_like`] for the paper's objective |
//! | [`Series`], [`Observations`] | a checked series of values at steps; the same with its weights |
//! | [`HYPOTHESES`], [`DEFAULT_HYPOTHESES`], [`Hypothesis`], [`Fitted`], [`FittedRow`] | the curve, its limits and its rivals behind one trait, and the result of a fit |
//! | [`About`], [`QuantityAbout`], [`quantity_columns`] | what a hypothesis declares, and the columns of `fits.csv` that follow |
//! | [`fit_observable`], [`ValueShape`], [`ValueScale`] | the same for any observable: its bounds, and on which scale its curve is fitted |
//! | [`fit_among`] | the same with hypotheses of your own |
//! | [`fit_emergence`], [`Emergence`] | the curve of one series: [`EmergenceParameters`], [`CurveSummary`], [`Goodness`], [`Note`]s, [`Covariance`], leverage |
//! | [`Posterior`], [`Intervals`] | curves drawn from the posterior, and intervals from them |
//! | [`ScheduleTime`] | the learning rate as time, for hypotheses and forecasts that know the schedule |
//! | [`forecast`], [`Outlook`], [`backtest`] | forecasts of unfinished trajectories, and tests of such forecasts |
//! | [`TransitionNull`], [`onset()`], [`onset_over_seeds`], [`synchrony`] | whether and when any observable changes its level, over seeds, and together with others |
//! | [`fit_phases`], [`Phases`], [`forward_backward`] | phases of training: a hidden Markov model over several observables |
//! | [`training_events`], [`loss_spikes`], [`RateHistory`], [`stage_starts`] | what happened in training at the same steps |
//! | [`paired_effects`], [`Effect`] | what a change of the recipe does, from runs paired by seed |
//! | [`compare_published`] | the paper's published fits compared with ours |
//! | [`paper`] | the paper's own procedure, including its failures |
//! | [`separable`] | the solver, for any curve that is linear in some of its parameters |
//!
//! ```
//! use outcrop_core::Trajectory;
//! use outcrop_fit::{FitOptions, fit};
//!
//! let steps: Vec<u64> = (0..18).map(|i| (1u64 << i) - 1).collect();
//! let f = |t: f64| (-2e-5 * t).exp() * (90.0 * (t + 40.0).ln() - 250.0) + 30.0;
//! let trajectory = Trajectory {
//!     model: "tiny".into(),
//!     layer: 2,
//!     ratios: steps.iter().map(|&t| f(t as f64)).collect(),
//!     stage: None, steps,
//!     sem: Vec::new(),
//! };
//! let found = fit(&trajectory, &FitOptions::default());
//! let emergence = &found.fits[0];
//! assert!(emergence.best);
//! assert_eq!(emergence.status, "leverage above 0.9 at step 131071");
//! assert!((emergence.value("tau0").unwrap() - 40.0).abs() < 1e-3);
//! assert!(emergence.value("t_peak").is_some());
//! ```

mod autocorrelation;
mod average;
mod curve;
mod effects;
mod error;
mod events;
mod families;
mod forecast;
mod goodness;
mod hypotheses;
mod interval;
mod jacobi;
mod observations;
mod onset;
mod options;
pub mod paper;
mod parallel;
mod phases;
mod published;
mod random;
mod robust;
mod schedule;
pub mod separable;
mod series;
mod shape;
mod table;
mod weights;

pub use average::akaike_weights;
pub use curve::{Curve, CurveSummary};
pub use effects::{Effect, EffectOptions, paired_effects};
pub use error::{Error, Result};
pub use events::{
    LossSpike, RateChange, RateHistory, events_between, loss_spikes, stage_starts, training_events,
    training_events_with,
};
pub use forecast::{Backtest, Outlook, Share, backtest, forecast, learn_trend};
pub use goodness::Goodness;
pub use hypotheses::{
    About, CRITICALLY_DAMPED, Covariance, CriticallyDamped, DEEP_LINEAR_MODE, DEFAULT_HYPOTHESES,
    DOUBLE_RISE, DeepLinearMode, DoubleRise, EMERGENCE, Emergence, EmergenceCurve,
    EmergenceHypothesis, EmergenceParameters, F_FIRST, F_LAST, F_MAX, FIRST_ORDER_STEP,
    FirstOrderStep, Fitted, FittedRow, HYPOTHESES, Hypothesis, Intervals, LOG_ONLY, LOGISTIC,
    LogOnly, Logistic, Note, POWER_LAW, Posterior, PowerLaw, QuantityAbout, SCHEDULE_ANNEALING,
    SCHEDULE_DIP, SCHEDULE_EMERGENCE, SCHEDULE_LOG, SECOND_ORDER_STEP, ScheduleAnnealing,
    ScheduleDip, ScheduleEmergence, ScheduleLog, SecondOrderStep, T_HALF, T_PEAK, fit_emergence,
    hypothesis, lambert_w_of_exp, quantity_columns,
};
pub use interval::Interval;
pub use observations::Observations;
pub use onset::{
    Crossing, LayerAgreement, MIN_CHECKPOINTS, ONSET_LEVEL, Onset, OnsetPair, SeedLead, SeedOnset,
    SeedRange, SeedWidth, Synchrony, TransitionNull, TransitionTest, Untested, Width,
    lead_over_seeds, onset, onset_over_seeds, over_seeds, synchrony,
};
pub use options::{FitOptions, TrendCoefficients, Weighting};
pub use parallel::{fit_all, fit_each};
pub use phases::{
    PhaseDynamics, PhaseNoise, PhaseOptions, Phases, Smoothed, fit_phases, forward_backward,
};
pub use published::compare_published;
pub use schedule::ScheduleTime;
pub use series::{MIN_POINTS, Series};
pub use shape::{ValueScale, ValueShape};
pub use table::{
    PAPER_ORIGINAL, PAPER_REPARAMETRISED, TrajectoryFit, fit, fit_among, fit_observable,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
