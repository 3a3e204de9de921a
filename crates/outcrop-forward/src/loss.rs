//! Next-token cross-entropy, the logits a few vocabulary rows and tokens at a time.

use std::ops::Range;

use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply_serial};
use outcrop_vector::{exp_sum, largest};
use rayon::prelude::*;

use crate::forward::{check, run};
use crate::given::pack_rows;
use crate::weights::Reader;
use crate::{Hook, Published, Result};

/// Tokens whose logits one task computes.
const ROWS: usize = 120;
/// Numbers of the unembedding that are read at a time.
const PIECE: usize = 1 << 20;

/// Runs `sequences` as [`crate::forward`] does and returns the mean next-token cross-entropy of each in
/// nats: over positions t = 1 to T - 1, the mean of -ln p(x_t | x_0 to x_t-1), from the residual stream
/// after the last block as the hook left it, through the final norm and the unembedding (the embedding
/// where they are tied). 0 or more; about ln vocab for a model that knows nothing.
///
/// Logits are f32, their exponentials are summed in f64 by pieces of the vocabulary; never are all of
/// them in memory, nor the whole unembedding.
///
/// # Errors
/// As [`crate::forward`]; [`crate::Error::Length`] for a sequence of fewer than two tokens,
/// [`crate::Error::Tensors`] for files without an unembedding, [`crate::Error::Images`] for a model of images.
///
/// ```
/// use outcrop_forward::{Published, next_token_loss};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/llama-grouped");
/// let model = Published::open(folder.as_ref())?;
/// let before = next_token_loss(&model, &[vec![7, 8, 9]], &mut ())?;
/// // without anything in the residual stream all tokens are equally likely
/// let mut erase = |_: usize, _: usize, hidden: &mut [f32]| hidden.fill(0.0);
/// let after = next_token_loss(&model, &[vec![7, 8, 9]], &mut erase)?;
/// assert!(before[0] != after[0] && (after[0] - 61f64.ln()).abs() < 1e-6);
/// # Ok::<(), outcrop_forward::Error>(())
/// ```
pub fn next_token_loss(
    model: &Published,
    sequences: &[Vec<u32>],
    hook: &mut impl Hook,
) -> Result<Vec<f64>> {
    check(model.arch(), sequences, 2)?;
    let loss = model.loss()?;
    let (tensor, vocab) = (model.unembedding()?, model.arch().vocab);
    let streams = run(model, sequences, hook)?;
    let streams = streams.without(loss.removed(), model.arch().d_model);
    let reader = Reader { model, layer: None };
    let read = loss.read(&reader.read(loss.before())?, streams.values);
    let bias = loss.bias().map(|bias| reader.vector(bias)).transpose()?;
    let mut rows = targets(sequences);
    let width = read.len() / rows.len().max(1);
    let mut piece = Packed::default();
    let step = (PIECE / width).max(1);
    for first in (0..vocab).step_by(step) {
        let range = first..vocab.min(first + step);
        let n = range.len();
        piece = pack_rows(model.weights(), tensor, range.clone(), piece)?;
        let bias = bias.as_ref().map(|bias| &bias[range]);
        let blocks = rows.par_chunks_mut(ROWS).zip(read.par_chunks(ROWS * width));
        blocks.for_each_init(Vec::new, |logits: &mut Vec<f32>, (rows, x)| {
            logits.resize(rows.len() * n, 0.0);
            multiply_serial(LeftMatrix::new(x, width), &piece, logits, n, Onto::ZERO);
            loss.finish(logits, bias);
            let lines = logits.chunks_exact(n);
            rows.iter_mut()
                .zip(lines)
                .for_each(|(row, line)| row.see(first, line));
        });
    }
    let mean = |range: &Range<usize>| {
        let predictions = &rows[range.start..range.end - 1];
        predictions.iter().map(Row::loss).sum::<f64>() / predictions.len() as f64
    };
    Ok(streams.ranges.iter().map(mean).collect())
}

/// What is known of one token's logits so far.
struct Row {
    /// The next token; the last token of a sequence has none and is its own.
    target: usize,
    logit: f32,
    most: f32,
    /// Sum of exp(logit - most).
    sum: f64,
}

fn targets(sequences: &[Vec<u32>]) -> Vec<Row> {
    let of = |tokens: &Vec<u32>| {
        let next = tokens.iter().skip(1).chain(tokens.last());
        let row = |&target: &u32| Row {
            target: target as usize,
            logit: 0.0,
            most: f32::NEG_INFINITY,
            sum: 0.0,
        };
        next.map(row).collect::<Vec<_>>()
    };
    sequences.iter().flat_map(of).collect()
}

impl Row {
    /// Takes in the logits of the vocabulary from `first` on.
    fn see(&mut self, first: usize, logits: &[f32]) {
        if let Some(&logit) = self.target.checked_sub(first).and_then(|at| logits.get(at)) {
            self.logit = logit;
        }
        let most = largest(logits).max(self.most);
        self.sum *= f64::from(self.most - most).exp();
        self.sum += f64::from(exp_sum(logits, most));
        self.most = most;
    }

    /// ln of the sum of exponentials less the target's logit.
    fn loss(&self) -> f64 {
        self.sum.ln() + f64::from(self.most) - f64::from(self.logit)
    }
}
