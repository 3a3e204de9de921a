//! One block of a transformer over rows of f32 on the CPU, as an [`outcrop_arch::Plan`] describes it.
//!
//! [`Block::new`] makes a section of a plan ready, or says what it lacks; [`Block::inputs`] are the tensors
//! that it takes. [`Loss`] is the section after the blocks.
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

mod block;
mod compile;
mod error;
mod heads;
mod input;
mod loss;
mod op;
mod rotary;

pub use block::Block;
pub use error::{Error, Result};
pub use input::{Columns, Input};
pub use loss::Loss;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
