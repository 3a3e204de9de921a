use crate::{Error, Result, Tokenizer};

/// The token sequences on which a checkpoint is measured; [`sequences`](crate::sequences) makes them.
#[derive(Clone, Debug)]
pub struct Sequences {
    /// The ids, one list a sequence, BOS included.
    pub ids: Vec<Vec<u32>>,
    /// [`sha256_of`] the ids: two measurements are of the same tokens if and only if it is the same.
    pub sha256: String,
    /// Where the tokens come from, in words, such as `10 x 2048 tokens of text/ by tokenizer.json`.
    pub source: String,
    /// The token that was put before every sequence.
    pub bos: Option<u32>,
    /// What was left out of the files that were read, in words.
    pub notes: Vec<String>,
    tokenizer: Option<Tokenizer>,
}

impl Sequences {
    pub(crate) fn new(
        ids: Vec<Vec<u32>>,
        bos: Option<u32>,
        source: String,
        tokenizer: Option<&Tokenizer>,
    ) -> Self {
        Self {
            sha256: sha256_of(&ids),
            ids,
            source,
            bos,
            notes: Vec::new(),
            tokenizer: tokenizer.cloned(),
        }
    }

    pub(crate) fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// Sequences that were made elsewhere, with BOS in them if there is one; `source` says in words
    /// where they come from.
    ///
    /// ```
    /// let own = outcrop_tokens::Sequences::of(vec![vec![0, 5, 7]], Some(0), "three tokens".into());
    /// assert_eq!(own.sha256.len(), 64);
    /// ```
    pub fn of(ids: Vec<Vec<u32>>, bos: Option<u32>, source: String) -> Self {
        Self::new(ids, bos, source, None)
    }

    /// The text of a token (see [`Tokenizer::token_text`]); none without a tokenizer, or where it has
    /// no such token.
    pub fn token_text(&self, id: u32) -> Option<String> {
        self.tokenizer.as_ref()?.token_text(id)
    }

    /// Checks that a model with `vocab` tokens, and with learned positions for `context` tokens if
    /// its positions are learned, can take every sequence.
    ///
    /// # Errors
    /// [`Error::Context`] or [`Error::Vocabulary`] with the first sequence, position and token at
    /// fault.
    pub fn check(&self, vocab: usize, context: Option<usize>) -> Result<()> {
        for (sequence, ids) in self.ids.iter().enumerate() {
            let length = ids.len();
            if let Some(context) = context.filter(|&context| length > context) {
                return Err(Error::Context {
                    sequence,
                    length,
                    context,
                });
            }
            let beyond = |id: &u32| *id as usize >= vocab;
            if let Some(position) = ids.iter().position(beyond) {
                return Err(Error::Vocabulary {
                    sequence,
                    position,
                    token: ids[position],
                    vocab,
                });
            }
        }
        Ok(())
    }
}

/// The SHA-256 of sequences, as 64 lowercase hexadecimal digits: of each sequence its length and then
/// its ids, all as little-endian u32. In Python:
///
/// ```python
/// hashlib.sha256(b"".join(struct.pack(f"<{len(s) + 1}I", len(s), *s) for s in ids)).hexdigest()
/// ```
///
/// ```
/// let joined = outcrop_tokens::sha256_of(&[vec![1, 2, 3]]);
/// assert_ne!(joined, outcrop_tokens::sha256_of(&[vec![1, 2], vec![3]]));
/// ```
pub fn sha256_of(ids: &[Vec<u32>]) -> String {
    let words = ids.iter().flat_map(|sequence| {
        let length = u32::try_from(sequence.len()).unwrap_or(u32::MAX);
        std::iter::once(length).chain(sequence.iter().copied())
    });
    let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    outcrop_core::sha256_hex(&bytes)
}
