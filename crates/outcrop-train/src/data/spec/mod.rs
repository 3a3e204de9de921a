mod allowed;
mod corpus;
mod tokenizer;

use super::Error;

pub(super) use allowed::{COPIED, IDS, PAIRED, SYMBOLS, VOCABULARY};
pub use corpus::CorpusSpec;
pub use tokenizer::TokenizerSpec;

/// How a corpus or a tokenizer is named.
#[derive(Clone, Copy)]
struct Form {
    /// What stands before the first colon.
    name: &'static str,
    /// What is meant where the name is misspelt.
    meant: &'static str,
    /// The name with all that may follow it.
    form: &'static str,
}

/// `TryFrom<String>` and `Into<String>` by way of the text form, for serde.
macro_rules! as_text {
    ($($spec:ty),*) => {$(
        impl TryFrom<String> for $spec {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }
        impl From<$spec> for String {
            fn from(spec: $spec) -> Self {
                spec.to_string()
            }
        }
    )*};
}
as_text!(CorpusSpec, TokenizerSpec);

fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    }
}

fn unknown(kind: &'static str, given: &str, forms: &[Form]) -> Error {
    let near = outcrop_core::nearest(split(given).0, forms.iter().map(|form| form.name));
    let meant = forms.iter().find(|form| Some(form.name) == near);
    let known: Vec<&str> = forms.iter().map(|form| form.form).collect();
    Error::UnknownName {
        kind,
        given: given.into(),
        nearest: meant.map(|form| form.meant.into()),
        known: known.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_survive_their_text_form() {
        for text in [
            "bigram-backcopy",
            "bigram-backcopy:100",
            "modular-addition",
            "modular-addition:113",
            "modular-addition:97:30",
            "modular-division:101",
            "permutations",
            "permutations:4:70",
            "copy",
            "copy:8",
            "induction",
            "induction:16",
            "crates",
            "text:a:b/c.jsonl",
            "tokens:a/b.bin",
        ] {
            assert_eq!(text.parse::<CorpusSpec>().unwrap().to_string(), text);
        }
        for text in ["bytes", "bpe:257", "bpe:65535"] {
            assert_eq!(text.parse::<TokenizerSpec>().unwrap().to_string(), text);
        }
        let json = serde_json::to_string(&TokenizerSpec::Bpe { vocab: 512 }).unwrap();
        assert_eq!(json, r#""bpe:512""#);
        assert!(serde_json::from_str::<CorpusSpec>(r#""crats""#).is_err());
    }

    #[test]
    fn misspelt_names_get_the_nearest_form() {
        for (given, meant) in [
            ("crats", "crates"),
            ("modular-divison:97", "modular-division"),
            ("permutation", "permutations"),
            ("inducton", "induction"),
            ("txt:a.md", "text:PATH"),
            ("text", "text:PATH"),
            ("text:", "text:PATH"),
        ] {
            let error = given.parse::<CorpusSpec>().unwrap_err().to_string();
            assert!(
                error.contains(&format!("did you mean `{meant}`?")),
                "{error}"
            );
        }
        let error = "byte".parse::<TokenizerSpec>().unwrap_err().to_string();
        assert!(error.contains("did you mean `bytes`?"), "{error}");
        let error = "zebra".parse::<CorpusSpec>().unwrap_err().to_string();
        assert!(
            error.contains("known: bigram-backcopy") && !error.contains("did you mean"),
            "{error}"
        );
    }

    #[test]
    fn numbers_outside_their_range_are_named() {
        for given in ["bpe:256", "bpe:65536", "bpe:many", "bpe:"] {
            let error = given.parse::<TokenizerSpec>().unwrap_err().to_string();
            assert!(error.contains("257 to 65535"), "{error}");
        }
        for (given, parts) in [
            (
                "bigram-backcopy:31",
                ["bigram-backcopy", "31", "32 to 1024"],
            ),
            ("modular-addition:1", ["modulus", "1", "2 to 1000"]),
            ("modular-addition:97:100", ["percent", "100", "1 to 99"]),
            ("modular-addition:97:0.3", ["percent", "0.3", "1 to 99"]),
            (
                "modular-addition:",
                ["modulus of corpus modular-addition", "=", "2 to 1000"],
            ),
            (
                "modular-division:98",
                ["98", "a prime number", "such as 97 or 101"],
            ),
            (
                "modular-division:1000",
                ["1000", "a prime number", "such as 997"],
            ),
            ("permutations:7", ["number of things", "7", "2 to 6"]),
            (
                "permutations:3:x",
                ["percent of corpus permutations", "x", "1 to 99"],
            ),
            ("copy:1", ["corpus copy", "1", "2 to 1024"]),
            ("induction:3", ["corpus induction", "3", "4 to 1024"]),
        ] {
            let error = given.parse::<CorpusSpec>().unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
