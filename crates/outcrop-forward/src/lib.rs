//! The forward pass of published transformers on the CPU, with a tap on the residual stream.
//!
//! [`Published::open`] reads the `config.json` and finds the weights of a checkpoint of GPT-NeoX
//! (Pythia), GPT-2, Llama, Mistral, Qwen2 or Qwen3, in safetensors or PyTorch files, sharded or not;
//! [`forward`] runs tokens through it block by block. Only one block's weights are in memory, so that a
//! model larger than the memory can be measured too. Everything is f32.
//!
//! ```
//! use outcrop_forward::{Published, forward};
//! use outcrop_measure::Meter;
//!
//! let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/neox-parallel");
//! let model = Published::open(folder.as_ref())?;
//! let (tokens, mut meter) = ([vec![3, 1, 4, 1, 5, 9]], Meter::new());
//! let mut ratios = Vec::new();
//! forward(&model, &tokens, |layer, _sequence, hidden| {
//!     let stats = meter.measure(hidden, model.arch().d_model);
//!     ratios.push((layer, stats.ok().and_then(|s| s.ratio())));
//! })?;
//! assert_eq!(ratios.len(), 2); // layers
//! assert!(ratios.iter().all(|(_, ratio)| *ratio > Some(1.0)));
//! # Ok::<(), outcrop_forward::Error>(())
//! ```

mod block;
mod error;
mod forward;
mod layer;
mod published;
mod rotary;
mod vector;

pub use error::{Error, Result};
pub use forward::forward;
pub use published::Published;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
