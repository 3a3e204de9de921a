//! Attention, forward and backward, head by head and a panel of columns at a time: forward
//! the columns are queries, backward keys (Dao et al. 2022 keep the same numbers).

mod backward;
mod extra;
mod forward;
mod sums;
mod weigh;

use outcrop_gemm::{Aligned, Left, Packed, panel_width, transpose};

use extra::Lines;
use weigh::Known;

pub(crate) use backward::Kept;
pub(crate) use forward::{Beside, Past, Queries};
pub use sums::AttentionSums;

/// Memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    past: Past,
    /// Columns [d_head, panel], and scores or weights [tokens, panel].
    columns: [Aligned; 2],
    weights: [Aligned; 2],
    /// Weights that are clipped; and by panel, what the others are made of, where they are looked at twice.
    clipped: Aligned,
    panels: Vec<[Aligned; 2]>,
    /// Slopes of the bound of scores.
    capped: Aligned,
    /// Backward: queries and the gradients of what was read, each by token and by channel.
    by_token: [Left; 2],
    by_channel: [Left; 2],
    keys: Packed,
    /// Rows [tokens, d_head], last token first.
    queries: Vec<f32>,
    dread: Vec<f32>,
    dqueries: Vec<f32>,
    /// By token, last first: also dread' read, where the gradients of scores need it.
    known: Known,
    extra: Lines,
    /// Rows of some keys.
    added: Vec<f32>,
}

/// Makes columns [d, panel] of `count` rows of d numbers, `stride` apart; the other columns are 0.
fn gather(rows: &[f32], stride: usize, count: usize, d: usize, columns: &mut Aligned) {
    let panel = panel_width();
    columns.resize(d * panel);
    if count < panel {
        columns.fill(0.0);
    }
    transpose(rows, stride, [count, d], columns, panel);
}
