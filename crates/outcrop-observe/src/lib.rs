//! Observables of a transformer's tensors beside massive activations: slices in, numbers out.
//!
//! An [`Observable`] computes a few numbers ([`Column`]) of one tensor ([`View`]: rows and columns of f32), such as the
//! hidden state of one sequence. All are in [`OBSERVABLES`]; [`select`] finds them by name or family. What a tensor
//! does not define has no value but a reason ([`Missing`]), never 0.
//!
//! A [`Sample`] is a tensor with what some observables need beside it: the tensor of another step or layer
//! ([`Companion`]), labels, sinks. A [`Collector`] observes sample after sample and keeps mean, standard error and
//! reasons of each number, in memory that does not grow with the samples.
//!
//! ```
//! use outcrop_observe::{Collector, Missing, Sample, Site, View, select};
//!
//! // Three positions of four channels; position 0 has a large scalar.
//! let hidden = [0.0, 90.0, 0.0, 0.0, 1.0, 2.0, 2.0, 0.0, 0.0, 3.0, 0.0, 0.0];
//! let sample = Sample::new(View::new(&hidden, 4)?);
//! let mut collector = Collector::new(select("token_norms,channel_turnover")?);
//! collector.observe(1, None, Site::ResidualStream, &sample);
//!
//! let value = |name: &str| {
//!     let row = collector.rows().find(|row| row.observable == name);
//!     row.expect("it is observed").tally.value()
//! };
//! assert_eq!(value("norm_first_over_mean"), Ok(30.0));
//! assert_eq!(value("jaccard_last_step"), Err(Missing::NotGiven));
//! # Ok::<(), outcrop_observe::Error>(())
//! ```

mod attention;
mod causal;
mod channels;
mod classes;
mod concepts;
mod eigen;
mod error;
mod geometry;
mod gram;
mod hsic;
mod information;
mod kernel;
mod labelled;
mod list;
mod logits;
mod magnitudes;
mod missing;
mod observable;
mod predictions;
mod ranks;
mod rounding;
mod sample;
mod site;
mod spectrum;
mod sublayers;
mod summary;
mod sums;
mod tails;
mod tally;
mod tokens;
mod view;
mod wide;

pub use attention::{SinkConvention, sink_keys, sink_keys_of};
pub use causal::CausalSums;
pub use channels::{jaccard, top_channels, top_channels_of};
pub use concepts::{ConceptSpeed, concept_speed};
pub use error::{Error, Result};
pub use information::{differential_entropy, mutual_information};
pub use kernel::Kernel;
pub use labelled::NO_LABEL;
pub use list::{OBSERVABLES, named, select};
pub use magnitudes::{MagnitudePart, MedianRange, TensorMagnitudes};
pub use missing::{Found, Missing};
pub use observable::{Column, Compute, Observable};
pub use sample::{Companion, Sample};
pub use site::Site;
pub use spectrum::{PrefixRank, prefix_ranks};
pub use sublayers::{LayerStep, layer_steps};
pub use tally::{Collector, Observed, Tally};
pub use view::View;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
