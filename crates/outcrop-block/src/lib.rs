//! One block of a transformer over rows of f32 on the CPU, as an [`outcrop_arch::Plan`] describes it.
//!
//! [`Block::new`] compiles a section of a plan, or says what it lacks; no code here asks for a switch.
//!
//! | item | what it is |
//! |---|---|
//! | [`Block`] | a block; [`Block::inputs`] are the tensors that it takes |
//! | [`Block::forward`], [`Block::backward`] | over whole sequences, with or without a [`Tape`], for training |
//! | [`Stream`] | over long sequences, with weights that come block by block; shows [`Attention`] |
//! | [`Loss`] | the last norm, the unembedding and the mean cross-entropy |
//!
//! Rows go through a block some at a time, so that they stay in the cache, on the current rayon pool. Results
//! are the same bits on any number of threads.
//!
//! ```
//! use outcrop_arch::{ArchSpec, Plan};
//! use outcrop_block::Block;
//!
//! let plan = Plan::new(&ArchSpec::pythia("70m")?);
//! let block = Block::new(plan.block(1)).expect("a block of Pythia");
//! assert_eq!(block.inputs().len(), 12); // gain and shift of two norms, weight and bias of four maps
//! # Ok::<(), outcrop_arch::Error>(())
//! ```

mod activate;
mod attend;
mod attention;
mod backward;
mod block;
mod compile;
mod error;
mod forward;
mod frame;
mod heads;
mod input;
mod layout;
mod loss;
mod map;
mod memory;
mod norm;
mod op;
mod program;
mod rotary;
mod stream;
mod sums;
mod turn;
mod weight;

pub use attention::Attention;
pub use block::Block;
pub use error::{Error, Result};
pub use forward::{TapRows, Tape};
pub use input::{Columns, Input};
pub use loss::{Gradients, Loss};
pub use stream::Stream;
pub use weight::Weight;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
