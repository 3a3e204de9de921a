use std::path::PathBuf;

/// What can go wrong with a corpus. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that could not be read or written, or a value outside its range.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// A name that no corpus or tokenizer has.
    #[error("recognise {kind} `{given}`{}; known: {known}", hint(nearest))]
    UnknownName {
        /// `corpus` or `tokenizer`.
        kind: &'static str,
        /// The text as given.
        given: String,
        /// The known form closest to it, if one is close.
        nearest: Option<String>,
        /// Every known form.
        known: String,
    },
    /// A file of text or of token ids.
    #[error(transparent)]
    Tokens(#[from] outcrop_tokens::Error),
    /// A file or folder without any text.
    #[error("read {}: it holds no text", path.display())]
    Empty {
        /// The file or folder at fault.
        path: PathBuf,
    },
    /// A token id that the vocabulary has not.
    #[error(
        "train on {}: id {id} at position {position} is outside of the vocabulary of {vocab} tokens; is data.vocab \
         that of the tokenizer which made the ids, and is their type the right one?",
        path.display()
    )]
    Vocabulary {
        /// The file at fault.
        path: PathBuf,
        /// The number of the id in it, counted from 0.
        position: u64,
        /// The id.
        id: u32,
        /// Different ids that there are.
        vocab: usize,
    },
    /// A corpus with fewer tokens than a run needs.
    #[error(
        "draw sequences from {corpus}: its {part} part has {available} tokens and {needed} are \
         needed (context {context}, {sequences} held-out sequences, 5 % held out); about {whole} {unit} are \
         enough, or lower the context"
    )]
    TooShort {
        /// The corpus at fault.
        corpus: String,
        /// `training` or `held-out`.
        part: &'static str,
        /// Tokens in that part.
        available: usize,
        /// Tokens it must have.
        needed: usize,
        /// Tokens per sequence.
        context: usize,
        /// Sequences in the held-out set.
        sequences: usize,
        /// How much would be enough: bytes of text, at the bytes per token seen, or tokens.
        whole: usize,
        /// `bytes of text` or `tokens`.
        unit: &'static str,
    },
    /// Sequences that are too short for a task.
    #[error(
        "draw sequences from `{corpus}`: the context is {context}, and a sequence needs {least} or more"
    )]
    ShortContext {
        /// The corpus.
        corpus: String,
        /// Tokens per sequence.
        context: usize,
        /// The least that there must be.
        least: usize,
    },
    /// `induction` with fewer keys than a sequence has pairs.
    #[error(
        "draw sequences from `induction:{symbols}`: half of the symbols are {keys} keys, and a context of {context} has \
         {pairs} pairs whose keys must differ; use `induction:{}` or more, or a context of {context_at_most} or less",
        2 * pairs
    )]
    FewKeys {
        /// Symbols of the corpus.
        symbols: usize,
        /// Keys that there are.
        keys: usize,
        /// Keys that a sequence needs.
        pairs: usize,
        /// Tokens per sequence.
        context: usize,
        /// The most for which there are enough keys.
        context_at_most: usize,
    },
    /// `data.loss = "answers"` for a corpus that has none.
    #[error(
        "count the loss of answers alone: `{corpus}` has no answers; those with answers are {known}, or leave out data.loss"
    )]
    NoAnswers {
        /// The corpus.
        corpus: String,
        /// Every corpus with answers.
        known: String,
    },
    /// The `crates` corpus without [`CratesSource`](super::CratesSource).
    #[error(
        "open corpus `crates`: the paths of a Cargo.lock and of the registry sources are not set"
    )]
    NoCratesSource,
    /// Packages of the lock file that are not unpacked.
    #[error(
        "find {missing} of the {packages} packages of {} under {} (such as {first}): run \
         `cargo fetch --locked` where the lock file is",
        lock.display(), sources.display()
    )]
    MissingCrates {
        /// The lock file.
        lock: PathBuf,
        /// Where the sources were looked for.
        sources: PathBuf,
        /// How many are missing.
        missing: usize,
        /// How many the lock file names.
        packages: usize,
        /// The first missing one, `name-version`.
        first: String,
    },
    /// A corpus in which too few pairs repeat to fill the vocabulary.
    #[error(
        "train tokenizer `bpe:{vocab}`: the text fills a vocabulary of {reached} only; use \
         `bpe:{reached}` or less, or `bytes`"
    )]
    SmallVocabulary {
        /// The vocabulary asked for, BOS included.
        vocab: usize,
        /// The largest that the text fills, BOS included.
        reached: usize,
    },
    /// A tokenizer for a corpus that has its own symbols.
    #[error("use tokenizer `{tokenizer}`: `{corpus}` has its own symbols, leave the tokenizer out")]
    OwnSymbols {
        /// The tokenizer asked for.
        tokenizer: String,
        /// The corpus.
        corpus: String,
    },
    /// The input that the tokenizer library refused.
    #[error("{action}: {reason}")]
    Tokenizer {
        /// The attempted operation.
        action: &'static str,
        /// The error of the library.
        reason: String,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|n| format!(" (did you mean `{n}`?)"))
        .unwrap_or_default()
}
