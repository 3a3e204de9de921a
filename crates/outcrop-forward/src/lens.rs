use outcrop_block::{Loss, Weight};
use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply_serial};

use crate::given::pack_rows;
use crate::weights::Reader;
use crate::{Published, Result};

/// The end of a model, applied to any hidden state (nostalgebraist 2020): its whole unembedding is in memory.
#[derive(Debug)]
pub struct LogitLens<'a> {
    model: &'a Published,
    loss: &'a Loss,
    before: Vec<Weight>,
    bias: Option<Vec<f32>>,
    unembedding: Packed,
}

impl<'a> LogitLens<'a> {
    /// Reads the final norm and the unembedding.
    ///
    /// ```
    /// use outcrop_forward::{LogitLens, Published};
    ///
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/llama-grouped");
    /// let model = Published::open(folder.as_ref())?;
    /// let (lens, mut logits) = (LogitLens::new(&model)?, Vec::new());
    /// lens.logits(&[0.0; 24], true, &mut logits);
    /// assert_eq!(logits, [0.0; 61]); // one position, the whole vocabulary
    /// # Ok::<(), outcrop_forward::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Tensors`] for files without an unembedding, [`crate::Error::Images`] for a model of images; [`crate::Error::Checkpoint`].
    pub fn new(model: &'a Published) -> Result<Self> {
        let loss = model.loss()?;
        let (tensor, vocab) = (model.unembedding()?, model.arch().vocab);
        let reader = Reader { model, layer: None };
        Ok(Self {
            before: reader.read(loss.before())?,
            bias: loss.bias().map(|bias| reader.vector(bias)).transpose()?,
            unembedding: pack_rows(model.weights(), tensor, 0..vocab, Packed::default())?,
            model,
            loss,
        })
    }

    /// Puts the logits of `hidden` [positions, d_model], by rows, into `logits`: [positions, vocabulary]. With `norm` as the
    /// model ends; without it the unembedding alone reads the hidden state (arXiv 2502.03628). On this thread, but for the
    /// norm.
    pub fn logits(&self, hidden: &[f32], norm: bool, logits: &mut Vec<f32>) {
        let loss = self.loss;
        let read = match norm {
            true => loss.read(&self.before, hidden.to_vec()),
            false => self.projected(hidden),
        };
        let (width, vocab) = (self.unembedding.k(), self.unembedding.n());
        logits.resize(read.len() / width * vocab, 0.0);
        let rows = LeftMatrix::new(&read, width);
        multiply_serial(rows, &self.unembedding, logits, vocab, Onto::ZERO);
        loss.finish(logits, self.bias.as_deref());
    }

    /// What the unembedding reads where there is no norm: the projection before it, if there is one.
    fn projected(&self, hidden: &[f32]) -> Vec<f32> {
        let matrix = self.before.iter().find_map(|weight| match weight {
            Weight::Matrix(parts) => Some(parts),
            Weight::Vector(_) => None,
        });
        let Some(parts) = matrix else {
            return hidden.to_vec();
        };
        let (inputs, outputs) = (self.model.arch().d_model, self.unembedding.k());
        let mut read = vec![0.0; hidden.len() / inputs * outputs];
        let mut first = 0;
        for part in parts {
            let rows = LeftMatrix::new(hidden, inputs);
            multiply_serial(rows, part, &mut read[first..], outputs, Onto::ZERO);
            first += part.n();
        }
        read
    }

    /// Tokens of the vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.unembedding.n()
    }
}
