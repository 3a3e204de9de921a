//! Products on the tiles of AMX, which multiply bf16 and add up in f32.
//!
//! Each number of f32 is the exact sum of three of bf16, x = x0 + x1 + x2, 8 bits each. Of the nine products of the parts of two
//! numbers the three below 2^-22 of the whole are left out, which changes a product by 2^-24 on average, as rounding does. Numbers
//! that bf16 or f16 holds have one part or two, so that weights in these formats take three or five products.

mod block;
mod left;
mod right;
mod split;
mod tiles;

pub(crate) use block::{block, block_beside};
pub(crate) use left::Left;
pub(crate) use right::{Panel, Part, Right};
pub(crate) use split::parts;
pub(crate) use tiles::{SIDE as WIDTH, available};

/// In how many parts numbers of so many binary digits can be held exactly.
pub(crate) fn parts_of(digits: u32) -> usize {
    (digits.div_ceil(8) as usize).clamp(1, PARTS)
}

/// Parts of a number.
const PARTS: usize = 3;
/// Rows of B in a tile, and columns of A.
const DEEP: usize = 32;
/// Pairs of bf16 in a tile: 16 rows of 16.
const TILE: usize = 256;
/// Tiles of 32 rows of A, or of 32 columns of B, one after another: part, half, row, pair.
const STEP: usize = 2 * PARTS * TILE;
