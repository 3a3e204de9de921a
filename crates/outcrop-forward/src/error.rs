use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a forward pass. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A config that cannot be read, or has unsupported settings.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// An architecture, or what describes one.
    #[error(transparent)]
    Arch(#[from] outcrop_arch::Error),
    /// An architecture with a step that this forward pass does not have.
    #[error(transparent)]
    Block(#[from] outcrop_block::Error),
    /// Weights that cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] outcrop_checkpoint::Error),
    /// A residual stream that cannot be measured.
    #[error(transparent)]
    Measure(#[from] outcrop_measure::Error),
    /// A tensor that cannot be observed.
    #[cfg(feature = "observe")]
    #[error(transparent)]
    Observe(#[from] outcrop_observe::Error),
    /// What an [`Engine`](crate::Engine) refused or failed at.
    #[error("{0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Labels or targets that are not of these sequences.
    #[error("use {what}{}: there are {found}, of {expected} are needed", sequence.map_or_else(String::new, |s| format!(" of sequence {s}")))]
    Annotations {
        /// What they are, in words.
        what: &'static str,
        /// The sequence, from 0; none where it is about all.
        sequence: Option<usize>,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// Weights that are not those of the architecture.
    #[error("load {}: {reason}", path.display())]
    Tensors {
        /// The checkpoint at fault.
        path: PathBuf,
        /// Which tensors are missing, superfluous or of another shape.
        reason: String,
    },
    /// A token that the embedding does not have.
    #[error(
        "run sequence {sequence}: token {token} at position {position} is beyond the vocabulary of \
         {vocab}"
    )]
    Token {
        /// Number of the sequence, from 0.
        sequence: usize,
        /// Its position.
        position: usize,
        /// The token.
        token: u32,
        /// Rows of the embedding.
        vocab: usize,
    },
    /// An image that has not as many numbers as the patches of the model.
    #[error("run image {image}: its patches have {found} numbers; allowed are {wanted}")]
    Patches {
        /// Number of the image, from 0.
        image: usize,
        /// How many numbers it has.
        found: usize,
        /// Patches times numbers of a patch; 0 for a model of text.
        wanted: usize,
    },
    /// A loss or logits of a model of images.
    #[error(
        "compute logits of a model of images: it has no unembedding; measure its residual stream"
    )]
    Images,
    /// A sequence that is too short for what is asked, or longer than the positions that were
    /// learned.
    #[error("run sequence {sequence}: it has {tokens} tokens; allowed is {least} to {most}")]
    Length {
        /// Number of the sequence, from 0.
        sequence: usize,
        /// Its length.
        tokens: usize,
        /// The shortest that is allowed: 1, or 2 where a next token is wanted.
        least: usize,
        /// The longest that is allowed.
        most: usize,
    },
    /// A layer that the model does not have.
    #[error("intervene after layer {layer}: allowed is 1 to {layers}")]
    Layer {
        /// The layer as given.
        layer: usize,
        /// Number of layers.
        layers: usize,
    },
    /// Nothing to find massive activations in, or to compute a loss of.
    #[error("intervene on no sequences: at least one is needed")]
    NoSequences,
}
