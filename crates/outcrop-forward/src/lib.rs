//! The forward pass of published transformers on the CPU, with a tap on the residual stream.
//!
//! [`Published::open`] reads the `config.json` and finds the weights of a checkpoint of GPT-NeoX
//! (Pythia), GPT-2, Llama, Mistral, Qwen2 or Qwen3, in safetensors or PyTorch files, sharded or not;
//! [`forward`] runs tokens through it block by block. Only one block's weights are in memory, so that a
//! model larger than the memory can be measured too. Everything is f32.
//!
//! ```no_run
//! use outcrop_forward::{Published, forward};
//! use outcrop_measure::Meter;
//!
//! let model = Published::open("pythia-70m/step1000".as_ref())?;
//! let (tokens, mut meter) = (vec![(0..2048).collect()], Meter::new());
//! let mut ratios = Vec::new();
//! forward(&model, &tokens, |layer, sequence, hidden| {
//!     let stats = meter.measure(hidden, model.arch().d_model);
//!     ratios.push((layer, sequence, stats.map(|s| s.ratio())));
//! })?;
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
