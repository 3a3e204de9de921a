use std::collections::BTreeMap;

use outcrop_core::Error as CoreError;
use outcrop_train::data::Corpus;
use outcrop_train::{Environment, RunSpec, open_corpus};

use crate::Result;

/// Tokens of a sequence from which entropies are estimated, whatever the context of a run.
const CONTEXT: usize = 64;
/// Sequences of a batch, and batches: 2^20 tokens.
const SEQUENCES: usize = 64;
const BATCHES: u64 = 256;

/// Entropies of corpora, each computed once.
#[derive(Default)]
pub(super) struct Entropies(BTreeMap<String, [f64; 2]>);

impl Entropies {
    /// Entropy of a token of the training text of `run`, alone and after the one before it, nats: those of the frequencies
    /// in 2^20 tokens, which for pairs are slightly too low.
    ///
    /// # Errors
    /// [`crate::Error::Train`] for a corpus that cannot be opened; [`crate::Error::Core`] where its SHA-256 is not
    /// `trained_on`.
    pub(super) fn of(
        &mut self,
        run: &RunSpec,
        trained_on: &str,
        environment: &Environment,
    ) -> Result<[f64; 2]> {
        let data = &run.data;
        let key = format!(
            "{} {} {} {}",
            data.corpus, data.tokenizer, data.max_bytes, trained_on
        );
        if let Some(known) = self.0.get(&key) {
            return Ok(*known);
        }
        let mut run = run.clone();
        run.train.seed = 0;
        run.arch.context = CONTEXT;
        let corpus = open_corpus(&run, environment)?;
        if corpus.sha256() != trained_on {
            let reason = format!(
                "it is not the corpus that `{}` was trained on (SHA-256 {} instead of {trained_on}); use the Cargo.lock \
                 of that training",
                run.model,
                corpus.sha256()
            );
            return Err(CoreError::parse(run.data.corpus.to_string(), reason).into());
        }
        let found = entropies(&corpus)?;
        self.0.insert(key, found);
        Ok(found)
    }
}

fn entropies(corpus: &Corpus) -> Result<[f64; 2]> {
    let mut pairs: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for step in 0..BATCHES {
        let batch = corpus
            .batch(step, SEQUENCES)
            .map_err(outcrop_train::Error::from)?;
        let all = batch.inputs.iter().zip(&batch.targets);
        for (before, token) in all.filter(|(before, _)| **before != corpus.bos()) {
            *pairs.entry((*before, *token)).or_default() += 1;
        }
    }
    let (mut before, mut tokens) = (BTreeMap::new(), BTreeMap::new());
    for ((first, second), count) in &pairs {
        *before.entry(*first).or_insert(0u32) += *count;
        *tokens.entry(*second).or_insert(0u32) += *count;
    }
    Ok([
        entropy(tokens.values()),
        entropy(pairs.values()) - entropy(before.values()),
    ])
}

/// Of the distribution with these counts, nats.
fn entropy<'a>(counts: impl Iterator<Item = &'a u32> + Clone) -> f64 {
    let total: f64 = counts.clone().map(|c| f64::from(*c)).sum();
    let term = |count: &u32| {
        let p = f64::from(*count) / total;
        -p * p.ln()
    };
    counts.map(term).sum()
}

#[cfg(test)]
mod tests {
    use outcrop_train::data::{CorpusOptions, CorpusSpec, TokenizerSpec};

    use super::*;

    #[test]
    fn of_even_counts_it_is_the_logarithm_of_their_number() {
        assert!((entropy([5, 5, 5, 5].iter()) - 4f64.ln()).abs() < 1e-15);
        assert_eq!(entropy([7].iter()), 0.0);
    }

    /// Random symbols that repeat after half of the sequence: neither the token before nor none tells the next.
    #[test]
    fn copied_random_symbols_have_the_entropy_of_random_symbols() {
        let spec: CorpusSpec = "copy:16".parse().unwrap();
        let options = CorpusOptions {
            context: CONTEXT,
            ..CorpusOptions::default()
        };
        let corpus = Corpus::open(&spec, &TokenizerSpec::Bytes, &options).unwrap();
        let [unigram, bigram] = entropies(&corpus).unwrap();
        assert!((unigram - 16f64.ln()).abs() < 1e-3, "{unigram}");
        assert!((bigram - 16f64.ln()).abs() < 1e-3, "{bigram}");
    }
}
