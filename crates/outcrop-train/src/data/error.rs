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
        /// The known name closest to it, if one is close.
        nearest: Option<&'static str>,
        /// Every known form.
        known: &'static str,
    },
    /// A file that is not UTF-8 text.
    #[error("read {} as text: {reason} at byte {offset}", path.display())]
    NotText {
        /// The file at fault.
        path: PathBuf,
        /// What stands there.
        reason: &'static str,
        /// Where, counted from 0.
        offset: usize,
    },
    /// A file or folder without any text.
    #[error("read {}: it holds no text", path.display())]
    Empty {
        /// The file or folder at fault.
        path: PathBuf,
    },
    /// A line of a `.jsonl` file that holds no document.
    #[error("read {}, line {line}: {reason}", path.display())]
    Jsonl {
        /// The file at fault.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A corpus with fewer tokens than a run needs.
    #[error(
        "draw sequences from {corpus}: its {part} part has {available} tokens and {needed} are \
         needed (context {context}, {sequences} held-out sequences, 5 % of the text held out); \
         about {whole} bytes of text are enough, or lower the context"
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
        /// Bytes of text that would be enough, at the bytes per token seen.
        whole: usize,
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
    /// What the tokenizer library refused.
    #[error("{action}: {reason}")]
    Tokenizer {
        /// What was tried.
        action: &'static str,
        /// What the library said.
        reason: String,
    },
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest
        .map(|n| format!(" (did you mean `{n}`?)"))
        .unwrap_or_default()
}
