//! Fits the curve by which massive activations emerge while a model trains.
//!
//! The ratio of a layer follows (Eq. 9 of "Hidden Dynamics of Massive Activations in Transformer
//! Training", arXiv 2508.03616, and its reparametrised twin)
//!
//! ```text
//! f(t) = A exp(-lambda x) ln(x) + K,  x = gamma t + t0
//!      = exp(-beta t) (A1 ln(t + tau0) + A2) + K,
//! beta = lambda gamma, tau0 = t0 / gamma, A1 = A exp(-lambda t0), A2 = A1 ln(gamma)
//! ```
//!
//! Given (beta, tau0) it is linear in the other three, so the fit is a search of a plane, each of
//! whose points is solved exactly. The plane is compact, beta = 0 and tau0 = infinity being part of
//! its border; a grid covers it and every local minimum of the grid is polished by a bounded
//! Levenberg-Marquardt method. What the data do not identify is left empty, with the reason.
//!
//! | item | what it is |
//! |---|---|
//! | [`fit`], [`fit_all`] | every hypothesis for one or many [`outcrop_core::Trajectory`], as table rows |
//! | [`Options`] | weighting, bounds and grid; [`Options::paper`] for the paper's way |
//! | [`Series`] | a checked series of values at steps |
//! | [`fit_emergence`] | the [`Emergence`] curve of one series |
//! | [`fit_first_order_step`], [`fit_second_order_step`] | the rivals, [`FirstOrderStep`] and [`SecondOrderStep`] |
//! | [`paper`] | the paper's own procedure, successes and failures alike |
//! | [`Parameters`], [`Summary`], [`Goodness`], [`Note`] | what a fit says |
//!
//! ```
//! use outcrop_core::Trajectory;
//! use outcrop_fit::{Options, fit};
//!
//! let steps: Vec<u64> = (0..18).map(|i| (1u64 << i) - 1).collect();
//! let f = |t: f64| (-2e-5 * t).exp() * (90.0 * (t + 40.0).ln() - 250.0) + 30.0;
//! let trajectory = Trajectory {
//!     model: "tiny".into(),
//!     layer: 2,
//!     ratios: steps.iter().map(|&t| f(t as f64)).collect(),
//!     steps,
//!     sem: Vec::new(),
//! };
//! let found = fit(&trajectory, &Options::default());
//! let emergence = &found.fits[0];
//! assert!(emergence.best);
//! assert_eq!(emergence.status, "leverage above 0.9 at step 131071");
//! assert!((emergence.tau0.unwrap() - 40.0).abs() < 1e-3);
//! assert!(emergence.t_peak.is_some());
//! ```

mod basis;
mod coordinates;
mod emergence;
mod error;
mod goodness;
mod grid;
mod note;
mod options;
mod oscillator;
pub mod paper;
mod parallel;
mod parameters;
mod peak;
mod projection;
mod search;
mod series;
mod solver;
mod step_response;
mod summary;
mod table;
mod weighting;

pub use emergence::{Emergence, fit_emergence};
pub use error::{Error, Result};
pub use goodness::Goodness;
pub use note::Note;
pub use options::{Options, Weighting};
pub use parallel::fit_all;
pub use parameters::Parameters;
pub use peak::lambert_w_of_exp;
pub use series::{MIN_POINTS, Series};
pub use step_response::{
    FirstOrderStep, SecondOrderStep, fit_first_order_step, fit_second_order_step,
};
pub use summary::Summary;
pub use table::{EMERGENCE, FIRST_ORDER_STEP, SECOND_ORDER_STEP, TrajectoryFit, fit};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
