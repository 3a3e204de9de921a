//! Forward and backward pass of one transformer block on the CPU, over rows of f32, as an [`outcrop_arch::Plan`]
//! describes it.
//!
//! [`Block::new`] compiles a section of a plan. It refuses a step that it cannot compute, by name. The crate reads
//! plans only, never switches.
//!
//! | item | what it is |
//! |---|---|
//! | [`Block`] | a block; [`Block::inputs`] are the tensors that it takes |
//! | [`Block::forward`], [`Block::backward`] | over whole sequences, with or without a [`Tape`], for training |
//! | [`Stream`] | over long sequences, with weights loaded block by block; gives [`AttentionWeights`] and [`Routing`], and [`BlockRows`] at the places that it is asked for |
//! | [`Start`] | looking up tokens, and what is done to them before the first block |
//! | [`Loss`] | the last norm, the unembedding and the mean cross-entropy |
//!
//! Groups of rows go through a block on the current rayon pool, so that they stay in the cache. Results
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
mod experts;
mod extra;
mod forward;
mod frame;
mod gate;
mod heads;
mod input;
mod kept;
mod layout;
mod linear;
mod loss;
mod map;
mod memory;
mod norm;
mod op;
mod program;
mod rotary;
mod routing;
mod slices;
mod start;
mod stream;
mod sums;
mod turn;
mod weight;

pub use attend::AttentionSums;
pub use attention::{AttentionWeights, HeadPart};
pub use block::Block;
pub use error::{Error, Result};
pub use forward::{TapRows, Tape};
pub use input::{Columns, Input};
pub use kept::{BlockPlace, BlockRows, Watch};
pub use loss::{Gradients, Loss};
pub use outcrop_gemm::ProductKernel;
pub use routing::Routing;
pub use start::{Start, StartTape};
pub use stream::Stream;
pub use weight::Weight;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
