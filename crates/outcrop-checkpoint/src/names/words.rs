//! The words and signs of which names of checkpoints are made.

/// What a number in a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Steps of the optimiser.
    Steps,
    /// Saves, epochs, or nobody says what.
    Other,
}

/// What stands before a number in a name.
pub(super) struct Word {
    pub(super) word: &'static str,
    pub(super) counts: Counts,
}

const fn steps(word: &'static str) -> Word {
    Word {
        word,
        counts: Counts::Steps,
    }
}

const fn other(word: &'static str) -> Word {
    Word {
        word,
        counts: Counts::Other,
    }
}

/// The words that are understood; one that ends in another stands before it.
pub(super) const WORDS: [Word; 9] = [
    steps("global_step"),
    steps("checkpoint"),
    steps("step"),
    steps("iter"),
    steps("ba"),
    steps(MODEL),
    other("ckpt"),
    other("epoch"),
    other("ep"),
];

/// As llm.c and nanochat call a file of weights, `model_00001000.bin` and `model_000100.pt`; any other model may have
/// a number that is no step.
pub(super) const MODEL: &str = "model";
/// Digits of such a number, at least.
pub(super) const MODEL_DIGITS: usize = 6;

/// Between a word and its number.
pub(super) const SEPARATORS: [char; 4] = ['-', '_', '=', '.'];
/// Around both: revisions may be nested.
pub(super) const BOUNDARIES: [char; 5] = ['-', '_', '.', '/', ' '];
/// Endings of weight files, which belong to no name.
pub(crate) const ENDINGS: [&str; 5] = [".safetensors", ".ckpt", ".pt", ".pth", ".bin"];
/// How folders are named while they are written: transformers' Trainer, Orbax, others.
const UNFINISHED: [&str; 4] = ["tmp-", ".tmp", "-tmp", ".incomplete"];

/// Whether a folder is named as one that is not whole.
pub(crate) fn is_unfinished(name: &str) -> bool {
    UNFINISHED.iter().any(|mark| match mark.strip_suffix('-') {
        Some(_) => name.starts_with(mark),
        None => name.contains(mark),
    })
}

/// A name without the ending of a weight file, and that ending.
pub(super) fn split_ending(name: &str) -> (&str, &str) {
    let ending = ENDINGS.iter().find(|ending| name.ends_with(**ending));
    name.split_at(name.len() - ending.map_or(0, |ending| ending.len()))
}

/// Whether a part of a name counts tokens: `tokens4B`, `105b`, `3T`.
pub(super) fn counts_tokens(part: &str) -> bool {
    let count = part.strip_prefix("tokens").unwrap_or(part);
    let count = count.strip_suffix(['b', 'B', 't', 'T']);
    count.is_some_and(|count| {
        !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    })
}

/// Whether a part of a name tells apart no runs: a form of storage, a metric (`val_loss=2.5`), a word for
/// every checkpoint but the last.
pub(super) fn says_nothing(part: &str) -> bool {
    matches!(part, "" | "unsharded" | "hf" | "intermediate") || part.contains('=')
}
