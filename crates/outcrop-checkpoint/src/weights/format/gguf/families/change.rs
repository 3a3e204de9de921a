//! How tensors of llama.cpp are turned into those of transformers.

use super::super::super::super::stored::Stored;
use super::Result;

/// Heads, as the metadata count them.
pub(super) struct Heads {
    pub(super) queries: usize,
    pub(super) keys: usize,
}

/// As it is.
pub(super) fn as_it_is(_: &Heads, _: &str, stored: Stored) -> Result<Stored> {
    Ok(stored)
}

/// Rows of queries and keys, which llama.cpp has in pairs.
pub(super) fn unpair(heads: &Heads, module: &str, stored: Stored) -> Result<Stored> {
    match module {
        "self_attn.q_proj" => stored.unpaired(heads.queries),
        "self_attn.k_proj" => stored.unpaired(heads.keys),
        _ => Ok(stored),
    }
}

/// Matrices of blocks, which are [in, out] in GPT-2.
pub(super) fn transpose(_: &Heads, _: &str, stored: Stored) -> Result<Stored> {
    match stored.info.shape.len() {
        2 => stored.transposed(),
        _ => Ok(stored),
    }
}

/// Queries, keys and values in one matrix, which are laid out by head in GPT-NeoX and BLOOM, and one after another
/// here.
pub(super) fn by_head(fused: &str, heads: &Heads, module: &str, stored: Stored) -> Result<Stored> {
    if module != fused {
        return Ok(stored);
    }
    let shape = stored.info.shape.clone();
    let rows = shape.first().copied().unwrap_or(0);
    let rest = shape.iter().skip(1).product();
    let each = rows.checked_div(heads.queries).unwrap_or(0) / 3;
    let made = stored.reordered(&[3, heads.queries, each, rest], &[1, 0, 2, 3], 3)?;
    made.reshaped(shape)
}

/// Gains of norms less 1: some families store them so, and llama.cpp adds it.
pub(super) fn less_one(_: &Heads, module: &str, stored: Stored) -> Result<Stored> {
    match module.ends_with("norm") && stored.info.shape.len() == 1 {
        true => stored.plus(-1.0),
        false => Ok(stored),
    }
}
