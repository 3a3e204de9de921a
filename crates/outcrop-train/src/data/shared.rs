use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Corpus, CorpusOptions, CorpusSpec, Error, TokenizerSpec};

/// Corpora that are held.
const HELD: usize = 4;

type Key = (CorpusSpec, TokenizerSpec, CorpusOptions);

/// The corpora that runs of this process opened last, which differ in nothing but their seeds: generated tables and text
/// are made and read once for all of them. Token ids, which are read from the disk as they are needed, are not held.
#[derive(Clone, Default)]
pub struct Corpora {
    held: Arc<Mutex<VecDeque<(Key, Corpus)>>>,
}

impl std::fmt::Debug for Corpora {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Corpora").finish_non_exhaustive()
    }
}

impl Corpora {
    /// As [`Corpus::open`].
    ///
    /// # Errors
    /// As [`Corpus::open`].
    pub fn open(
        &self,
        spec: &CorpusSpec,
        tokenizer: &TokenizerSpec,
        options: &CorpusOptions,
    ) -> Result<Corpus, Error> {
        let seedless = CorpusOptions {
            seed: 0,
            ..options.clone()
        };
        let key = (spec.clone(), *tokenizer, seedless);
        if let Some(corpus) = self.find(&key, options.seed) {
            return Ok(corpus);
        }
        let corpus = Corpus::open(spec, tokenizer, options)?;
        if let Some(copy) = corpus.with_seed(0) {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.push_back((key, copy));
            if held.len() > HELD {
                held.pop_front();
            }
        }
        Ok(corpus)
    }

    fn find(&self, key: &Key, seed: u64) -> Option<Corpus> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, corpus) = held.iter().find(|(of, _)| of == key)?;
        corpus.with_seed(seed)
    }
}
