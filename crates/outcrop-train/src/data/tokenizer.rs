use std::path::Path;

use tokenizers::decoders::byte_level::ByteLevel;
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer, Vocab};
use tokenizers::{AddedToken, Tokenizer as Library};

use super::documents::Part;
use super::spec::VOCABULARY;
use super::{Error, TokenizerSpec};

const BYTES: usize = 256;
/// BOS in a `tokenizer.json`; within the text it is ordinary text.
const BOS_TEXT: &str = "<|bos|>";
/// Pieces encoded at once, which bounds the memory that encoding takes.
const PIECES_AT_ONCE: usize = 64;

/// Turns text into ids below [`Tokenizer::bos`], which is the last id of the vocabulary.
pub(super) enum Tokenizer {
    Bytes,
    Bpe { library: Box<Library>, vocab: usize },
}

impl Tokenizer {
    /// The tokenizer of `spec`. One that must be trained is taken from `cache`, where a folder is
    /// given and holds it, or else trained on `text` and put there.
    pub(super) fn open(
        spec: TokenizerSpec,
        text: &Part<'_>,
        cache: Option<&Path>,
    ) -> Result<Self, Error> {
        let TokenizerSpec::Bpe { vocab } = spec else {
            return Ok(Self::Bytes);
        };
        let vocab = VOCABULARY.check(vocab)?;
        let file = cache.map(|folder| folder.join(cache_name(vocab, text)));
        if let Some(cached) = file.as_ref().and_then(|f| read_cached(f, vocab)) {
            return Ok(cached);
        }
        if let Some(folder) = cache {
            outcrop_core::check_writable(folder)?;
        }
        let library = train(vocab, text)?;
        if let Some(file) = file {
            outcrop_core::write_atomic(&file, json(&library)?.as_bytes())?;
        }
        Ok(Self::bpe(library, vocab))
    }

    fn bpe(mut library: Library, vocab: usize) -> Self {
        library.set_encode_special_tokens(true);
        Self::Bpe {
            library: Box::new(library),
            vocab,
        }
    }

    /// Size of the vocabulary, BOS included.
    pub(super) fn vocab(&self) -> usize {
        match self {
            Self::Bytes => BYTES + 1,
            Self::Bpe { vocab, .. } => *vocab,
        }
    }

    /// The tokens of `pieces`, which are encoded one by one; ids fit, as a vocabulary is at most
    /// 65535.
    pub(super) fn encode<'a>(
        &self,
        pieces: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<u16>, Error> {
        let mut ids = Vec::new();
        match self {
            Self::Bytes => pieces.for_each(|p| ids.extend(p.bytes().map(u16::from))),
            Self::Bpe { library, .. } => {
                let mut pieces = pieces.peekable();
                while pieces.peek().is_some() {
                    let some: Vec<&str> = pieces.by_ref().take(PIECES_AT_ONCE).collect();
                    for encoding in library
                        .encode_batch_fast(some, false)
                        .map_err(|e| refused("encode the corpus", e))?
                    {
                        ids.extend(encoding.get_ids().iter().map(|id| *id as u16));
                    }
                }
            }
        }
        Ok(ids)
    }

    /// The files in which Python's transformers, and `outcrop measure`, look for a tokenizer beside a
    /// checkpoint, for a model of `context` tokens.
    pub(super) fn files(&self, context: usize) -> Result<Vec<(&'static str, String)>, Error> {
        let tokenizer = match self {
            Self::Bytes => json(&of_bytes()?)?,
            Self::Bpe { library, .. } => json(library)?,
        };
        let config = serde_json::json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": BOS_TEXT,
            "model_max_length": context,
            "clean_up_tokenization_spaces": false,
            // where the name of BOS stands in the text it is text
            "split_special_tokens": true,
        });
        Ok(vec![
            ("tokenizer.json", tokenizer),
            ("tokenizer_config.json", format!("{config:#}\n")),
        ])
    }
}

/// Bytes as the library has them: byte-level BPE without merges, in which the id of a byte is its value.
fn of_bytes() -> Result<Library, Error> {
    let letters = byte_letters().into_iter().zip(0..);
    let vocab: Vocab = letters
        .map(|(letter, byte)| (letter.to_string(), byte))
        .collect();
    let model = BPE::builder().vocab_and_merges(vocab, Vec::new()).build();
    let model = model.map_err(|e| refused("write the tokenizer", e))?;
    with_bos(byte_level(model))
}

/// The letters by which byte-level BPE writes the 256 bytes, as GPT-2's tokenizer has them: a printable
/// character of Latin-1 stands for its own byte, and those from U+0100 on for the others in order.
fn byte_letters() -> Vec<char> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut others = '\u{100}'..;
    let letter = |byte: u8| match printable(byte) {
        true => char::from(byte),
        false => others.next().unwrap_or_default(),
    };
    (0..=u8::MAX).map(letter).collect()
}

fn byte_level(model: BPE) -> Library {
    let byte_level = ByteLevel::new(false, false, true);
    let mut library = Library::new(model);
    library.with_pre_tokenizer(Some(byte_level));
    library.with_decoder(Some(byte_level));
    library
}

fn with_bos(mut library: Library) -> Result<Library, Error> {
    library
        .add_special_tokens([AddedToken::from(BOS_TEXT, true)])
        .map_err(|e| refused("add BOS to the tokenizer", e))?;
    Ok(library)
}

/// The name holds what the result depends on: vocabulary and text.
fn cache_name(vocab: usize, text: &Part<'_>) -> String {
    format!("bpe-{vocab}-{}.json", &text.sha256()[..16])
}

/// The tokenizer in `file`, if it holds a whole one of this vocabulary.
fn read_cached(file: &Path, vocab: usize) -> Option<Tokenizer> {
    let library = rebuilt(&serde_json::from_slice(&std::fs::read(file).ok()?).ok()?)?;
    let whole = library.get_vocab_size(true) == vocab
        && library.token_to_id(BOS_TEXT) == Some(vocab as u32 - 1);
    whole.then(|| Tokenizer::bpe(library, vocab))
}

/// The tokenizer of a file that [`json`] made, from its vocabulary and merges: the library's own reader is of every
/// tokenizer that there is, and a tenth of what this crate would have to compile.
fn rebuilt(file: &serde_json::Value) -> Option<Library> {
    let model = &file["model"];
    let id = |(token, id): (&String, &serde_json::Value)| {
        Some((token.clone(), u32::try_from(id.as_u64()?).ok()?))
    };
    let vocab: Option<Vocab> = model["vocab"].as_object()?.iter().map(id).collect();
    let merge = |pair: &serde_json::Value| {
        let [left, right] = pair.as_array()?.as_slice() else {
            return None;
        };
        Some((left.as_str()?.to_owned(), right.as_str()?.to_owned()))
    };
    let merges: Option<Vec<_>> = model["merges"].as_array()?.iter().map(merge).collect();
    let model = BPE::builder().vocab_and_merges(vocab?, merges?);
    with_bos(byte_level(model.build().ok()?)).ok()
}

/// Byte-level BPE as GPT-2's; a merge must occur twice at least.
fn train(vocab: usize, text: &Part<'_>) -> Result<Library, Error> {
    let mut library = byte_level(BPE::default());
    let mut trainer: TrainerWrapper = BpeTrainer::builder()
        .show_progress(false)
        .vocab_size(vocab - 1)
        .min_frequency(2)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build()
        .into();
    library
        .train(&mut trainer, text.pieces())
        .map_err(|e| refused("train the tokenizer", e))?;
    let reached = library.get_vocab_size(true) + 1;
    if reached != vocab {
        return Err(Error::SmallVocabulary { vocab, reached });
    }
    with_bos(library)
}

fn json(library: &Library) -> Result<String, Error> {
    library
        .to_string(false)
        .map_err(|e| refused("write the tokenizer", e))
}

fn refused(action: &'static str, source: tokenizers::Error) -> Error {
    Error::Tokenizer {
        action,
        reason: source.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::documents::Documents;
    use super::*;
    use proptest::prelude::*;

    fn documents() -> Documents {
        let mut documents = Documents::default();
        for i in 0..400 {
            documents.push(&format!(
                "fn f{i}(x: u{}) -> usize {{ x * {i} + {i} }} // été\n",
                i % 7
            ));
        }
        documents
    }

    fn bpe(vocab: usize, cache: Option<&Path>) -> Result<Tokenizer, Error> {
        let documents = documents();
        let (training, _) = documents.split();
        Tokenizer::open(TokenizerSpec::Bpe { vocab }, &training, cache)
    }

    fn saved(tokenizer: &Tokenizer) -> String {
        let files = tokenizer.files(64).unwrap();
        files.into_iter().next().unwrap().1
    }

    /// What is saved beside a checkpoint gives the ids that were trained on, whatever the text.
    #[test]
    fn a_saved_tokenizer_gives_the_same_ids() {
        for tokenizer in [Tokenizer::Bytes, bpe(400, None).unwrap()] {
            let folder = tempfile::tempdir().unwrap();
            let [(model, text), (config, how)] = &tokenizer.files(64).unwrap()[..] else {
                panic!("a tokenizer and its config");
            };
            std::fs::write(folder.path().join(model), text).unwrap();
            let again = outcrop_tokens::Tokenizer::open(folder.path()).unwrap();
            let bos = tokenizer.vocab() as u32 - 1;
            assert_eq!(again.id(BOS_TEXT), Some(bos));
            assert_eq!(again.encode("<|bos|>").unwrap(), [bos]);
            std::fs::write(folder.path().join(config), how).unwrap();
            let again = outcrop_tokens::Tokenizer::open(folder.path()).unwrap();
            let all: String = (0..0x800).filter_map(char::from_u32).collect();
            for text in [&*all, "fn f3(x) <|bos|>\r\n  \t été 🦀", ""] {
                let ids = tokenizer.encode(std::iter::once(text)).unwrap();
                let ids: Vec<u32> = ids.into_iter().map(u32::from).collect();
                assert_eq!(again.encode(text).unwrap(), ids);
            }
        }
    }

    fn decode(tokenizer: &Tokenizer, ids: &[u16]) -> String {
        match tokenizer {
            Tokenizer::Bytes => {
                String::from_utf8(ids.iter().map(|id| u8::try_from(*id).unwrap()).collect())
                    .unwrap()
            }
            Tokenizer::Bpe { library, .. } => {
                let ids: Vec<u32> = ids.iter().map(|id| u32::from(*id)).collect();
                library.decode(&ids, false).unwrap()
            }
        }
    }

    #[test]
    fn tokens_turn_back_into_any_text() {
        let tokenizers = [Tokenizer::Bytes, bpe(400, None).unwrap()];
        proptest!(|(text in "(\\PC|[a-z \\n\\t]|<\\|bos\\|>){0,60}", wild in any::<String>())| {
            for tokenizer in &tokenizers {
                for text in [&text, &wild] {
                    let ids = tokenizer.encode(std::iter::once(text.as_str())).unwrap();
                    prop_assert!(ids.iter().all(|id| usize::from(*id) < tokenizer.vocab() - 1));
                    prop_assert_eq!(&decode(tokenizer, &ids), text);
                }
            }
        });
    }

    #[test]
    fn the_vocabulary_is_as_asked_and_merges_shorten_the_text() {
        for vocab in [257, 258, 400] {
            let tokenizer = bpe(vocab, None).unwrap();
            let json: serde_json::Value = serde_json::from_str(&saved(&tokenizer)).unwrap();
            assert_eq!(json["model"]["vocab"].as_object().unwrap().len(), vocab - 1);
            assert_eq!(json["added_tokens"][0]["id"], vocab - 1);
        }
        let text = "fn f(x: u3) -> usize";
        let count = |t: &Tokenizer| t.encode(std::iter::once(text)).unwrap().len();
        assert_eq!(count(&Tokenizer::Bytes), text.len());
        assert_eq!(count(&bpe(257, None).unwrap()), text.len());
        assert!(count(&bpe(400, None).unwrap()) <= text.len() / 2);
    }

    #[test]
    fn training_twice_gives_the_same_tokenizer() {
        let json = || saved(&bpe(400, None).unwrap());
        let model = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
        assert_eq!(model(json())["model"], model(json())["model"]);
    }

    #[test]
    fn a_cached_tokenizer_is_read_and_a_broken_one_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("cache");
        let ids = |t: &Tokenizer| t.encode(std::iter::once("fn usize été")).unwrap();
        let trained = bpe(300, Some(&folder)).unwrap();
        let files: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        assert_eq!(files.len(), 1);
        let whole = std::fs::read(&files[0]).unwrap();
        let cached = read_cached(&files[0], 300).unwrap();
        assert_eq!(ids(&cached), ids(&trained));
        let saved = [&trained, &cached].map(|of| of.files(64).unwrap());
        assert_eq!(saved[0], saved[1]);
        assert!(read_cached(&files[0], 301).is_none());
        std::fs::write(&files[0], &whole[..whole.len() / 2]).unwrap();
        assert_eq!(ids(&bpe(300, Some(&folder)).unwrap()), ids(&trained));
        assert!(read_cached(&files[0], 300).is_some());
    }

    #[test]
    fn a_text_too_small_for_the_vocabulary_says_what_it_fills() {
        let error = bpe(60_000, None).map(|_| ()).unwrap_err();
        let Error::SmallVocabulary { reached, .. } = error else {
            panic!("{error}");
        };
        assert!(bpe(reached, None).is_ok());
    }
}
