//! Predicts the emergence curve of massive activations from an architecture, with scores on architectures that were
//! left out.
//!
//! | step | type | what it does |
//! |---|---|---|
//! | learn from | [`Table`] | joins `emergence` fits with the architectures of their models, from any number of [`TableSource`]s |
//! | describe | [`Feature`] | numbers of (architecture, layer): the paper's sixteen, a depth spline, logarithms |
//! | ask for | [`Target`] | the five parameters of Eq. 9, and six identified summaries |
//! | with | [`Regressor`] | nine regressors and three baselines, settings fixed and listed |
//! | score | [`evaluate`], [`Protocol`] | the paper's random split beside leave-one-model-out |
//! | judge | [`Verdict`] | does the architecture predict more than depth alone? |
//! | predict | [`Predictor`], [`Predicted`] | an unseen architecture: targets, curves, what is extrapolated |
//! | explain | [`Explainer`] | Shapley values, dependence, importance across architectures |
//! | design | [`design()`], [`Request`] | architectures whose prediction meets a target |
//!
//! Rows are (model, layer), but a table of twelve models and fifty layers holds twelve samples of an architecture, not
//! fifty. A random split of rows scores high even if the architecture has no effect, since models differ and each has
//! layers on both sides. Leaving out whole models, and comparing with the mean and the depth profile, tells the two
//! cases apart. Everything that is learned from data (scaling, transforms, which constant features to drop) is learned
//! inside the fold.
//!
//! ```
//! use outcrop_arch::ArchSpec;
//! use outcrop_core::{Fit, NamedArch};
//! use outcrop_predict::{PredictOptions, Protocol, Regressor, Table, Target, evaluate};
//!
//! // The last ratio of a layer grows with the width.
//! let archs = [64, 128, 256, 512, 1024].map(|d| NamedArch {
//!     model: format!("d{d}"),
//!     arch: ArchSpec::new(2, d, 4),
//! });
//! let fits: Vec<Fit> = archs
//!     .iter()
//!     .flat_map(|named| [1, 2].map(|layer| (named, layer)))
//!     .map(|(named, layer)| Fit {
//!         model: named.model.clone(),
//!         layer,
//!         hypothesis: "emergence".into(),
//!         quantities: [("f_last", named.arch.d_model as f64 * f64::from(layer))].into(),
//!         ..Fit::default()
//!     })
//!     .collect();
//! let table = Table::new(&archs, &fits)?;
//! let evaluation = evaluate(&table, &PredictOptions::default())?;
//! let q2 = |regressor: Regressor| {
//!     let mut scores = evaluation.scores.iter();
//!     let found = scores.find(|s| {
//!         s.regressor == regressor.name()
//!             && s.target == Target::LnFLast.name()
//!             && s.protocol == Protocol::LeaveOneModelOut.name()
//!     });
//!     found.and_then(|s| s.r2)
//! };
//! assert!(q2(Regressor::Ridge) > Some(0.7));
//! assert!(q2(Regressor::DepthProfile) < Some(0.3));
//! # Ok::<(), outcrop_predict::Error>(())
//! ```

mod bands;
mod calibration;
mod columns;
mod curve;
mod design;
mod error;
mod explain;
mod feature;
#[cfg(test)]
mod fixture;
mod measured;
mod named;
mod options;
mod origin;
mod predicted;
mod predictor;
mod random;
mod range;
mod recipe;
mod regression;
mod regressor;
mod saved;
mod score;
mod stats;
mod table;
mod target;
mod trained;
mod transform;
mod yeo_johnson;

pub use calibration::SummaryCoverage;
pub use design::{
    Budget, Candidate, Cost, Design, Field, Goal, Knob, LayerAggregate, RandomSearch, Request,
    Trial, design,
};
pub use error::{Error, Result};
pub use explain::{Explainer, MOST_GROUPS, Shapley, Together, individual_curves, shapley};
pub use feature::{Feature, Group};
pub use measured::Coverage;
pub use options::PredictOptions;
pub use origin::{Notes, Origin};
pub use predicted::{Predicted, PredictedLayer};
pub use predictor::Predictor;
pub use range::{FeatureRange, Outside};
pub use recipe::Recipe;
pub use regressor::Regressor;
pub use score::{Ceiling, Conclusion, Evaluation, LeftOut, Protocol, Verdict, evaluate};
pub use table::{FeatureGroup, MissingLayers, ModelShare, NotIdentified, Table, TableSource};
pub use target::{Target, Unidentified};

/// The example of README.md, kept true by the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;

/// The example of the guide, kept true by the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/predicting.md")]
struct Guide;
