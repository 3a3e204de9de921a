use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with token sequences. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that could not be read, or a value outside its range.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// A file that does not hold the token ids that its name or header claims.
    #[error("read {} as token ids: {reason}", path.display())]
    Ids {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is not UTF-8 text.
    #[error(
        "read {} as text: {reason} at byte {offset}; token ids are given with --tokens",
        path.display()
    )]
    NotText {
        /// The file at fault.
        path: PathBuf,
        /// What was found there.
        reason: &'static str,
        /// Where, counted from 0.
        offset: u64,
    },
    /// A file that is known, and that is no text as it is.
    #[error("read {} as text: it is {what}; {way_out}", path.display())]
    Foreign {
        /// The file at fault.
        path: PathBuf,
        /// What it is, in words.
        what: &'static str,
        /// What its user can do.
        way_out: &'static str,
    },
    /// A file of JSON that does not hold the documents that it is taken for.
    #[error("read {}, {unit} {number}: {reason}", path.display())]
    Json {
        /// The file at fault.
        path: PathBuf,
        /// `line` or `document`.
        unit: &'static str,
        /// The number of the line or document, counted from 1.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Paths with no file of text in them.
    #[error("read {}: it has no visible file", path.display())]
    NoText {
        /// The first of the paths.
        path: PathBuf,
    },
    /// A `tokenizer.json` that is none, or that cannot be used to measure.
    #[error("use {} as a tokenizer: {reason}", path.display())]
    Tokenizer {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Text without a tokenizer.
    #[error(
        "tokenise {}: there is no tokenizer; name a tokenizer.json, or give token ids with --tokens",
        path.display()
    )]
    NoTokenizer {
        /// The text.
        path: PathBuf,
    },
    /// Fewer tokens than the windows need.
    #[error(
        "cut {count} windows of {length} tokens from {source_words}: it has {tokens} tokens; {way_out}"
    )]
    TooShort {
        /// The source of the tokens.
        source_words: String,
        /// Windows asked for.
        count: usize,
        /// Tokens a window, BOS included.
        length: usize,
        /// Tokens that there are.
        tokens: u64,
        /// Which windows can be cut.
        way_out: String,
    },
    /// A token that a model has not.
    #[error(
        "use token {token} at position {position} of sequence {sequence}: the vocabulary has {vocab} \
         tokens, so ids end at {}; were these ids made for another model, or are they of another type \
         (--tokens-type)?",
        vocab.saturating_sub(1)
    )]
    Vocabulary {
        /// The sequence, from 0.
        sequence: usize,
        /// The position in it, from 0.
        position: usize,
        /// The token at fault.
        token: u32,
        /// Size of the vocabulary.
        vocab: usize,
    },
    /// A table of labels or targets that is not of these sequences.
    #[error("read {} as {what}: {reason}", path.display())]
    Table {
        /// The file at fault.
        path: PathBuf,
        /// `labels` or `targets`.
        what: &'static str,
        /// Its line, the value and the way out.
        reason: String,
    },
    /// A sequence longer than a model's learned positions.
    #[error(
        "use sequence {sequence}: it has {length} tokens, and the model has learned positions for \
         {context}; --length {context} would do"
    )]
    Context {
        /// The sequence, from 0.
        sequence: usize,
        /// Its tokens.
        length: usize,
        /// Positions that the model has.
        context: usize,
    },
}
