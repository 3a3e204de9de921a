//! A decoder-only transformer on Burn: the trainable parameters of an [`ArchSpec`](outcrop_arch::ArchSpec)'s
//! [`Plan`](outcrop_arch::Plan), with taps on the residual stream.
//!
//! [`Transformer::forward`] passes a [`Tap`] every hidden state that it asks for; the calls of [`NoTap`] are removed at
//! compile time. [`StatsTap`] measures massive activations. Weights are drawn by our own seeded generator, so a seed
//! means the same model on every [`Backend`], and are read and written under the names of the
//! [`family`](outcrop_arch::ArchSpec::family) of the architecture. On the CPU `outcrop-block` computes the passes,
//! elsewhere Burn's own operations. [`ResidualStreams`] takes the weights of a published model one block at a time and
//! measures on the device.
//!
//! Without any backend (`default-features = false`) nothing of Burn is compiled, and [`Backend`] is all there is.
//!
//! | tap point | tensor, [batch, positions, d_model] |
//! |---|---|
//! | [`TapPoint::ResidPre`] | the residual stream before block l (for l = 1 the embedding) |
//! | [`TapPoint::AttnWrite`] | the output of attention, which is added to it |
//! | [`TapPoint::MlpWrite`] | the output of the MLP, which is added to it |
//! | [`TapPoint::ResidPost`] | the residual stream after block l, the paper's h_l |
//!
#![cfg_attr(
    feature = "flex",
    doc = r"```
use outcrop_arch::ArchSpec;
use outcrop_model::{Backend, StatsTap, Transformer, ids};

let mut spec = ArchSpec::new(2, 32, 4);
(spec.vocab, spec.context) = (64, 16);
let device = Backend::Flex.device()?;
let model = Transformer::new(&spec, 1, &device)?;
let mut tap = StatsTap::new();
let tokens: Vec<u32> = (0..16).collect();
model.forward(ids(&tokens, [1, 16], &device), &mut tap);
let stats = tap.into_stats()?; // per layer, per sequence
assert_eq!((stats.len(), stats[0].len()), (2, 1));
assert!(stats[1][0].ratio().is_some_and(|r| r > 1.0));
# Ok::<(), outcrop_model::Error>(())
```"
)]

mod backend;
#[cfg(feature = "burn")]
mod composed;
mod error;
#[cfg(feature = "flex")]
mod fused;
#[cfg(feature = "burn")]
mod hidden;
#[cfg(feature = "burn")]
mod init;
#[cfg(feature = "burn")]
mod loss;
#[cfg(feature = "burn")]
mod numbers;
#[cfg(feature = "burn")]
mod objective;
#[cfg(feature = "burn")]
mod parameters;
#[cfg(feature = "burn")]
mod stats_tap;
#[cfg(feature = "burn")]
mod stored;
#[cfg(feature = "burn")]
mod streams;
#[cfg(feature = "burn")]
mod tap;
#[cfg(feature = "burn")]
mod training;
#[cfg(feature = "burn")]
mod transformer;
#[cfg(feature = "burn")]
mod weights;

pub use backend::Backend;
pub use error::{Error, Result};
#[cfg(feature = "burn")]
pub use {
    loss::cross_entropy,
    numbers::{Numbers, in_memory},
    objective::{HiddenNoise, Objective},
    parameters::ParameterMap,
    stats_tap::StatsTap,
    streams::{MeasuredLayer, ResidualStreams},
    tap::{HiddenSequences, NoTap, Tap, TapPoint, TapSequences},
    training::TrainingLoss,
    transformer::{Transformer, ids},
};

#[cfg(all(doctest, feature = "flex"))]
#[doc = include_str!("../README.md")]
struct Readme;
