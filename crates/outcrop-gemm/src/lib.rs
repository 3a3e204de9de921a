//! Products of f32 matrices on the CPU, C = A B and C += A B, with B packed once and used often: the weights of a layer
//! are packed when they are loaded and multiplied with every token.
//!
//! A [`ProductKernel`] is chosen at run time, by machine and size. On vectors a tile of C stays in registers (12 x 32 with AVX-512,
//! 6 x 16 with AVX2), through `pulp`. On the tiles of AMX numbers of f32 are multiplied as sums of three of bf16, as exactly as
//! rounding in f32 allows, and two to three times as fast; its instructions are the only unsafe code (`amx/tiles.rs`). Each element
//! is summed in the same order for any number of threads, so results are the same bits. The two kernels round differently;
//! [`ProductKernel::avoid_tiles`] asks for vectors.
//!
//! | item | what it is |
//! |---|---|
//! | [`Packed`] | the right-hand matrix, in the order in which the kernel reads it |
//! | [`PackedPart`] | its first rows and columns |
//! | [`multiply`] | C = A B, C += A B or with a bias, rows in parallel on the current rayon pool |
//! | [`ProductKernel`] | how products are computed |
//! | [`Onto`] | what a product is added to: nothing, C or a bias |
//! | [`multiply_serial`] | the same on the current thread |
//! | [`multiply_beside`] | C += A B, and A B itself |
//! | [`multiply_packing`] | the same for a B that is used once and packed while computing |
//! | [`LeftMatrix`] | the left-hand matrix by rows with a stride, a part of a larger one, or transposed |
//! | [`Aligned`] | numbers that begin on a cache line |
//! | [`transpose`] | rows to columns, through vector registers |
//! | [`Left`] | a left-hand matrix packed once, for right-hand sides of [`panel_width`] columns |
//!
//! ```
//! use outcrop_gemm::{Onto, Packed, LeftMatrix, multiply};
//!
//! // y = x W' for x of 2 x 3 and W of 4 x 3, as a linear layer stores it
//! let x = [1.0, 2.0, 3.0, 0.0, 1.0, 0.0];
//! let w = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
//! let packed = Packed::transposed(&w, 4, 3);
//! let mut y = [0.0; 8];
//! multiply(LeftMatrix::new(&x, 3), &packed, &mut y, 4, Onto::ZERO);
//! assert_eq!(y, [1.0, 2.0, 3.0, 6.0, 0.0, 1.0, 0.0, 1.0]);
//! ```
//!
//! ## References
//! Henry, Tang and Heinecke (2019), Proceedings of the 26th IEEE Symposium on Computer Arithmetic, 69-76 (f32 by parts of bf16).
//! Goto and van de Geijn (2008), ACM Transactions on Mathematical Software 34:12; Van Zee and van de
//! Geijn (2015), ACM Transactions on Mathematical Software 41:14.

mod aligned;
mod amx;
mod beside;
mod block;
mod choice;
mod copy;
mod given;
mod kernel;
mod pack;
mod panel;
mod product;
mod rows;
mod tile;
mod transpose;

pub use aligned::Aligned;
pub use choice::ProductKernel;
pub use kernel::Onto;
pub use pack::{Packed, PackedPart};
pub use panel::{Left, panel_width};
pub use product::{multiply, multiply_beside, multiply_packing, multiply_serial};
pub use rows::LeftMatrix;
pub use transpose::transpose;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
