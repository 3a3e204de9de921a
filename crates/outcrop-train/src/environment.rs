use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use outcrop_model::Backend;

use crate::data::{Corpora, Corpus, CratesSource};
use crate::{Result, RunSpec};

/// What a run needs from the machine; apart from the backend it does not change the results.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// What computes.
    pub backend: Backend,
    /// Where the text of the corpus `crates` is.
    pub crates: Option<CratesSource>,
    /// Where trained tokenizers are kept.
    pub cache: Option<PathBuf>,
    /// Corpora that runs share.
    pub corpora: Corpora,
    /// Version and git revision of the tool, for the provenance.
    pub git_revision: Option<String>,
    /// Set from outside to make the run write a checkpoint and stop after the current update.
    pub stop: Arc<AtomicBool>,
    /// The process that trains and since when: shown to a process that finds the run directory locked.
    pub holder: String,
    /// Whether to compute missing or damaged parts of a run again.
    pub repair: bool,
}

impl Environment {
    /// Whether the run shall stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Opens the corpus of a run, as it is opened to train it.
///
/// # Errors
/// [`crate::Error::Data`].
pub fn open_corpus(spec: &RunSpec, environment: &Environment) -> Result<Corpus> {
    let options = spec.corpus_options(environment.cache.clone(), environment.crates.clone());
    let (corpus, tokenizer) = (&spec.data.corpus, &spec.data.tokenizer);
    Ok(environment.corpora.open(corpus, tokenizer, &options)?)
}
