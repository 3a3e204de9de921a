//! Attention weights of one head: how spread they are, and which keys receive them.

mod argmax;
mod entropy;
mod received;

pub(crate) use argmax::ARGMAX;
pub(crate) use entropy::ENTROPY;
pub(crate) use received::RECEIVED;
pub use received::{SinkConvention, sink_keys};

use crate::{Missing, View, sums};

/// By how much the weights of a query may exceed 1 in sum: those in bfloat16 do.
const ROUNDING: f64 = 0.02;

/// The weights of each query on the keys up to its own position.
///
/// They may add up to less than 1, where a head can attend to nothing (arXiv 2309.17453).
fn causal<'a>(attention: View<'a>) -> Result<impl Iterator<Item = &'a [f32]> + Clone, Missing> {
    let rows = attention
        .iter()
        .enumerate()
        .map(|(query, row)| &row[..=query]);
    if attention.rows() != attention.columns() {
        return Err(Missing::NotAttention);
    }
    let sound = |row: &[f32]| {
        let negative = sums::count(row, |weight| weight < 0.0);
        negative == 0 && sums::total(row, |weight| weight) <= 1.0 + ROUNDING
    };
    match rows.clone().all(sound) {
        true => Ok(rows),
        false => Err(Missing::NotAttention),
    }
}
