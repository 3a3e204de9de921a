use std::collections::BTreeSet;

use outcrop_core::{ArchSpec, Position, TensorPart, TensorRole};

use crate::block::Blocks;
use crate::layer::Layer;
use crate::rotary::Rotary;
use crate::{Error, Published, Result};

/// Runs `sequences` of token ids through a model, block by block, and shows `tap` the residual stream
/// after each: (layer from 1, sequence from 0, hidden state [tokens, d_model] by rows). That is the
/// tensor that "massive activations" are about: after both residual additions, before the next norm;
/// the last layer too is shown before the final norm.
///
/// The weights of one block are in memory at a time, and the residual streams of all sequences.
/// Results do not depend on the number of threads, which is that of the current rayon pool.
///
/// # Errors
/// [`Error::Token`] and [`Error::Length`] before anything is computed; [`Error::Checkpoint`] for
/// weights that cannot be read.
pub fn forward(
    model: &Published,
    sequences: &[Vec<u32>],
    mut tap: impl FnMut(usize, usize, &[f32]),
) -> Result<()> {
    let arch = model.arch();
    check(arch, sequences)?;
    let mut streams = embed(model, sequences)?;
    let longest = sequences.iter().map(Vec::len).max().unwrap_or(0);
    let rotary = match arch.position {
        Position::Rotary { base, .. } => Some(Rotary::new(arch.rotary_dims(), base, longest)),
        _ => None,
    };
    let mut blocks = Blocks::new(arch, rotary);
    for layer in 1..=arch.layers {
        let weights = Layer::read(model, layer)?;
        for (sequence, stream) in streams.iter_mut().enumerate() {
            blocks.apply(&weights, stream);
            tap(layer, sequence, stream);
        }
    }
    Ok(())
}

fn check(arch: &ArchSpec, sequences: &[Vec<u32>]) -> Result<()> {
    let allowed = match arch.position {
        Position::Learned => arch.context,
        _ => usize::MAX,
    };
    for (sequence, tokens) in sequences.iter().enumerate() {
        if tokens.is_empty() || tokens.len() > allowed {
            return Err(Error::Length {
                sequence,
                tokens: tokens.len(),
                allowed,
            });
        }
        let beyond = tokens.iter().position(|&t| t as usize >= arch.vocab);
        if let Some(position) = beyond {
            return Err(Error::Token {
                sequence,
                position,
                token: tokens[position],
                vocab: arch.vocab,
            });
        }
    }
    Ok(())
}

/// The residual streams before the first block.
fn embed(model: &Published, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
    let used: BTreeSet<u32> = sequences.iter().flatten().copied().collect();
    let rows = model.embed(&used)?;
    let role = TensorRole::PositionEmbedding;
    let positions = model.read(None, role, TensorPart::Weight)?;
    let stream = |tokens: &Vec<u32>| {
        let found = tokens.iter().filter_map(|token| rows.get(token));
        let mut stream: Vec<f32> = found.flatten().copied().collect();
        if let Some((positions, _)) = &positions {
            stream.iter_mut().zip(positions).for_each(|(x, p)| *x += p);
        }
        stream
    };
    Ok(sequences.iter().map(stream).collect())
}
