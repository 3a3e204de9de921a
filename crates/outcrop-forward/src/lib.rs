//! The forward pass of published transformers on the CPU, with a hook on the residual stream.
//!
//! [`Published::open`] reads the `config.json` and finds the weights of a checkpoint of GPT-NeoX (Pythia), GPT-2,
//! Llama, Mistral, Qwen2 or Qwen3, in safetensors or PyTorch files, sharded or not; [`forward`] runs tokens through it
//! block by block. Only one block's weights are in memory, so a model may be larger than the memory. Everything is f32,
//! including rotary angles, as in transformers. Sliding windows mask earlier positions in the layers that have one.
//!
//! | item | what it is |
//! |---|---|
//! | [`Published`] | an opened checkpoint |
//! | [`measure()`] | the statistics of its residual stream, as rows of `measurements.csv` |
//! | [`forward`] | a forward pass; a [`Hook`] sees the residual stream and may change it |
//! | [`forward_patches`] | the same of the patches of images, through a Vision Transformer |
//! | [`measure_on`] | the same, computed and measured by an [`Engine`], such as a GPU |
//! | [`next_token_loss`] | a forward pass and the cross-entropy of each sequence |
//! | [`AttentionWeights`], [`AttentionSums`] | attention weights of each head, or what they add up to, for a hook that asks for them |
//! | [`Routing`] | which experts each token passed, for a hook that asks for it |
//! | [`BlockRows`] | what a block computes at the places that a hook asks for ([`BlockPlace`]): norms, writes, the MLP |
//! | [`LogitLens`] | the logits of any hidden state, with and without the final norm |
//! | `observe_checkpoint` | observables at the places of the forward pass, with the feature `observe` |
//! | [`find_massive`] | its massive activations: channels after each layer, means |
//! | [`evaluate_interventions`] | its loss while they are set to zero or to their mean ([`Intervene`]) |
//!
//! ```
//! use outcrop_forward::{Published, forward};
//! use outcrop_measure::Meter;
//!
//! let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/neox-parallel");
//! let model = Published::open(folder.as_ref())?;
//! let (tokens, mut meter) = ([vec![3, 1, 4, 1, 5, 9]], Meter::new());
//! let mut ratios = Vec::new();
//! forward(&model, &tokens, &mut |layer: usize, _sequence: usize, hidden: &mut [f32]| {
//!     let stats = meter.measure(hidden, model.arch().d_model);
//!     ratios.push((layer, stats.ok().and_then(|s| s.ratio())));
//! })?;
//! assert_eq!(ratios.len(), 2); // layers
//! assert!(ratios.iter().all(|(_, ratio)| *ratio > Some(1.0)));
//! # Ok::<(), outcrop_forward::Error>(())
//! ```

mod engine;
mod error;
mod experts;
#[cfg(feature = "observe")]
mod final_norm;
mod forward;
mod given;
mod hook;
mod intervention;
mod lens;
mod loss;
mod measure;
#[cfg(feature = "observe")]
mod observe;
mod patch;
mod published;
mod weights;

pub use engine::{Engine, EngineResult, LayerWeights, Pass};
pub use error::{Error, Result};
pub use forward::{forward, forward_patches};
pub use hook::Hook;
pub use intervention::{
    FindOptions, Intervene, Layers, MassiveActivations, MassiveChannel, Mean,
    evaluate_interventions, find_massive,
};
pub use lens::LogitLens;
pub use loss::next_token_loss;
pub use measure::{Measured, measure, measure_on, measure_with};
#[cfg(feature = "observe")]
pub use observe::{
    ACROSS_STEPS, Annotations, Earlier, FirstStep, LAST_STEP, LensPositions, ObserveOptions,
    ObservedStep, StepChannels, StepKernels, TargetRows, compare_with_last, observe_checkpoint,
    observe_step,
};
pub use outcrop_block::{
    AttentionSums, AttentionWeights, BlockPlace, BlockRows, HeadPart, ProductKernel, Routing, Watch,
};
pub use patch::random_patch;
pub use published::Published;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
