use rand_chacha::ChaCha8Rng;

use super::Error;

/// How long a sequence is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Tokens that a model gets.
    pub(super) context: usize,
    /// Symbols of the corpus among them and the last target: one more than `context` without BOS.
    pub(super) length: usize,
}

impl Row {
    pub(super) fn new(context: usize, bos: bool) -> Self {
        Self {
            context,
            length: context + usize::from(!bos),
        }
    }

    /// Refuses rows that are too short for a task.
    pub(super) fn at_least(self, corpus: &str, least: usize) -> Result<(), Error> {
        let Self { context, length } = self;
        if length >= least {
            return Ok(());
        }
        Err(Error::ShortContext {
            corpus: corpus.into(),
            context,
            least: context + least - length,
        })
    }
}

/// Which sequences of a generated corpus are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    /// Those that are trained on.
    Training,
    /// Those that are held out; the same where a corpus has as many sequences as one likes.
    HeldOut,
}

/// A corpus that is generated, of symbols 0 to `symbols` - 1; BOS comes after them.
pub(super) trait Generated: Send + Sync {
    /// Symbols besides BOS.
    fn symbols(&self) -> usize;

    /// SHA-256 of what the sequences depend on besides the seed.
    fn sha256(&self) -> &str;

    /// Appends a sequence of `length` symbols.
    fn draw(&self, rng: &mut ChaCha8Rng, pool: Pool, length: usize, out: &mut Vec<u32>);

    /// The least that a model can lose on the symbol `at` (from 0) of a sequence of `length`, in nats, on average.
    fn optimal_loss_at(&self, at: usize, length: usize) -> f64;

    /// Whether the symbol `at` of a sequence of `length` is an answer: follows with certainty from those before it.
    fn is_answer(&self, at: usize, length: usize) -> bool {
        let _ = (at, length);
        false
    }
}
