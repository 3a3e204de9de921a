//! Statistics of a hidden state: the largest magnitudes with their places, and the exact lower median of |h|.
//!
//! A hidden state h is a slice of positions times d_model scalars, row-major, the output of a layer for one sequence.
//! [`Meter::measure`] gives its [`LayerStats`](outcrop_core::LayerStats), [`Meter::top_k`] any number of its largest
//! magnitudes. Both are exact. As a rule they read the input once and in order; they never sort or copy it. A [`Meter`]
//! reuses a buffer for the few scalars near the median; [`Meters`] is one for many layers in turn.
//!
//! [`Meter::measure_detail`] adds the spread of the scalars (RMS, kurtosis over scalars and over
//! channels), the number of those that are massive by the rule of Sun et al., and the statistics
//! without the first position. [`MassiveRule`] says which scalars are massive and where.
//! [`PlaceCounts`] and [`Places`] track the places of the largest scalars over layers and steps;
//! [`received`] and [`Sinks`] measure attention sinks, [`Routers`] how many tokens the experts of a mixture get.
//!
//! Scalars that are NaN or infinite are counted, and the place of the first is reported; they are never ranked.
//!
//! ```
//! use outcrop_measure::Meter;
//!
//! // Two positions of three channels.
//! let hidden = [0.5, -1.0, 0.25, 2.0, -800.0, 1.5];
//! let stats = Meter::new().measure(&hidden, 3)?;
//! let top = stats.top[0].expect("the state has finite scalars");
//! assert_eq!((top.magnitude, top.place.position, top.place.channel), (800.0, 1, 1));
//! // 0.25 0.5 [1.0] 1.5 2.0 800.0: of the two in the middle, the lower.
//! assert_eq!(stats.median, Some(1.0));
//! assert_eq!(stats.ratio(), Some(800.0));
//! # Ok::<(), outcrop_measure::Error>(())
//! ```

mod bits;
mod bracket;
mod detail;
mod error;
mod expected;
mod massive;
mod meter;
mod meters;
mod pass;
mod peaks;
mod places;
mod routing;
mod select;
mod shape;
mod sink;
mod top;

pub use detail::spread;
pub use error::{Error, Result};
pub use massive::MassiveRule;
pub use meter::Meter;
pub use meters::Meters;
pub use places::{PlaceCounts, Places};
pub use routing::Routers;
pub use sink::{SINK_ALPHA, Sinks, received};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
