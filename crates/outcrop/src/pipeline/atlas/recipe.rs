use outcrop_core::table::Row;
use outcrop_train::RunSpec;
use serde::{Deserialize, Serialize};

use crate::pipeline::Cost;

/// How a model was trained, and on what: a row of `recipes.csv`. All of it is known before the training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Name of the model.
    pub model: String,
    /// Seed of the initialisation and of the order of the data.
    pub seed: u64,
    /// The corpus, such as `crates`.
    pub corpus: String,
    /// Its tokenizer, such as `bytes`.
    pub tokenizer: String,
    /// Different tokens, BOS included.
    pub vocab: usize,
    /// Entropy of a token, nats.
    pub unigram_entropy: f64,
    /// Entropy of a token after the one before it, nats.
    pub bigram_entropy: f64,
    /// Updates.
    pub steps: u64,
    /// Sequences of an update.
    pub batch: usize,
    /// Tokens of a sequence.
    pub context: usize,
    /// Tokens of the training: steps x batch x context.
    pub tokens: u64,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Updates until it is reached.
    pub warmup: u64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Parameters of the model, embeddings included.
    pub parameters: u64,
    /// Floating-point operations of the training.
    pub flops: f64,
}

impl Recipe {
    /// That of `run`, on a corpus with these entropies of a token alone and after the one before it.
    pub(super) fn of(run: &RunSpec, [unigram_entropy, bigram_entropy]: [f64; 2]) -> Self {
        let cost = Cost::of(run);
        Self {
            model: run.model.clone(),
            seed: run.train.seed,
            corpus: run.data.corpus.to_string(),
            tokenizer: run.data.tokenizer.to_string(),
            vocab: run.arch.vocab,
            unigram_entropy,
            bigram_entropy,
            steps: run.train.steps,
            batch: run.train.batch,
            context: run.arch.context,
            tokens: cost.tokens,
            learning_rate: run.train.learning_rate,
            warmup: run.train.warmup,
            weight_decay: run.train.weight_decay,
            parameters: cost.parameters,
            flops: cost.flops,
        }
    }
}

impl Recipe {
    /// What predictions are learned from.
    pub fn learned(&self) -> outcrop_predict::Recipe {
        outcrop_predict::Recipe {
            corpus: format!("{} {}", self.corpus, self.tokenizer),
            vocab: Some(self.vocab as u64),
            unigram_entropy: Some(self.unigram_entropy),
            bigram_entropy: Some(self.bigram_entropy),
            steps: self.steps,
            batch: self.batch as u64,
            context: self.context as u64,
            learning_rate: self.learning_rate,
            warmup: self.warmup,
        }
    }

    /// What it says of a run, as keys of its TOML: tables `data` and `train`.
    ///
    /// # Errors
    /// For a number that TOML cannot hold.
    pub(crate) fn keys(&self) -> Result<toml::Table, toml::ser::Error> {
        #[derive(Serialize)]
        struct Data<'a> {
            corpus: &'a str,
            tokenizer: &'a str,
        }
        #[derive(Serialize)]
        struct Train {
            steps: u64,
            batch: usize,
            learning_rate: f64,
            warmup: u64,
            weight_decay: f64,
        }
        #[derive(Serialize)]
        struct Keys<'a> {
            data: Data<'a>,
            train: Train,
        }
        toml::Table::try_from(Keys {
            data: Data {
                corpus: &self.corpus,
                tokenizer: &self.tokenizer,
            },
            train: Train {
                steps: self.steps,
                batch: self.batch,
                learning_rate: self.learning_rate,
                warmup: self.warmup,
                weight_decay: self.weight_decay,
            },
        })
    }
}

impl Row for Recipe {
    const REQUIRED: &'static [&'static str] = Self::HEADER;
    const HEADER: &'static [&'static str] = &[
        "model",
        "seed",
        "corpus",
        "tokenizer",
        "vocab",
        "unigram_entropy",
        "bigram_entropy",
        "steps",
        "batch",
        "context",
        "tokens",
        "learning_rate",
        "warmup",
        "weight_decay",
        "parameters",
        "flops",
    ];
    const NAMED: &'static [&'static str] = &["model", "corpus", "tokenizer"];

    fn key(&self) -> String {
        format!("model {:?}", self.model)
    }
}
