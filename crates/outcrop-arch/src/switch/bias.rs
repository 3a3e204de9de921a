use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::json;

use super::Switch;

pub(super) static SWITCH: Switch = Switch {
    key: "bias",
    about: "Which linear maps inside blocks have biases",
    default: "true",
    range: "true, false, or one of the words below",
    values: &[
        ("true", "all of them"),
        ("false", "none"),
        ("qkv", "query, key and value"),
        ("attention", "query, key, value and output of attention"),
        ("mlp", "the matrices of the MLP"),
        ("output", "output of attention"),
        (
            "qkv-mlp",
            "query, key and value, and the matrices of the MLP",
        ),
        (
            "output-mlp",
            "output of attention, and the matrices of the MLP",
        ),
    ],
    schema: || json!({ "enum": [true, false, "qkv", "attention", "mlp", "output", "qkv-mlp", "output-mlp"] }),
    check: |_| Ok(()),
    numbers: &[],
};

/// Which linear maps inside the blocks have biases; `true`, `false` or a word in TOML and JSON. The unembedding is
/// not meant, nor the shift of a LayerNorm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bias {
    /// All of them, as GPT-2 and GPT-NeoX: `true`.
    #[default]
    All,
    /// Query, key and value, as Qwen2: `"qkv"`.
    Qkv,
    /// Query, key, value and output of attention, none in the MLP: `"attention"`.
    Attention,
    /// None, as Llama: `false`.
    None,
    /// The matrices of the MLP, as GPT-J: `"mlp"`.
    Mlp,
    /// Output of attention: `"output"`.
    Output,
    /// All but the output of attention: `"qkv-mlp"`.
    QkvMlp,
    /// All but query, key and value: `"output-mlp"`.
    OutputMlp,
}

/// Every value with its word (those of `All` and `None` stand for true and false), and whether query, key and value,
/// the output of attention and the MLP have biases.
const ROWS: [(Bias, &str, [bool; 3]); 8] = [
    (Bias::All, "true", [true, true, true]),
    (Bias::None, "false", [false, false, false]),
    (Bias::Qkv, "qkv", [true, false, false]),
    (Bias::Attention, "attention", [true, true, false]),
    (Bias::Mlp, "mlp", [false, false, true]),
    (Bias::Output, "output", [false, true, false]),
    (Bias::QkvMlp, "qkv-mlp", [true, false, true]),
    (Bias::OutputMlp, "output-mlp", [false, true, true]),
];

impl Bias {
    /// Biases of query, key and value; of the output of attention; of the matrices of the MLP.
    ///
    /// ```
    /// use outcrop_arch::Bias;
    ///
    /// assert_eq!(Bias::of([true, true, false]), Bias::Attention);
    /// assert!(Bias::of([false, false, true]).mlp());
    /// ```
    pub fn of(has: [bool; 3]) -> Self {
        let row = ROWS.iter().find(|(_, _, row)| *row == has);
        row.map_or(Self::All, |(bias, _, _)| *bias)
    }

    fn row(self) -> (&'static str, [bool; 3]) {
        let row = ROWS.iter().find(|(bias, _, _)| *bias == self);
        row.map_or(("true", [true; 3]), |(_, word, has)| (word, *has))
    }

    /// Whether the query, key and value projections have biases.
    pub fn qkv(self) -> bool {
        self.row().1[0]
    }

    /// Whether the output projection of attention has a bias.
    pub fn attention_output(self) -> bool {
        self.row().1[1]
    }

    /// Whether the matrices of the MLP have biases.
    pub fn mlp(self) -> bool {
        self.row().1[2]
    }
}

impl From<bool> for Bias {
    fn from(all: bool) -> Self {
        if all { Self::All } else { Self::None }
    }
}

impl fmt::Display for Bias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.row().0)
    }
}

impl Serialize for Bias {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_bool(true),
            Self::None => serializer.serialize_bool(false),
            Self::Qkv
            | Self::Attention
            | Self::Mlp
            | Self::Output
            | Self::QkvMlp
            | Self::OutputMlp => serializer.serialize_str(self.row().0),
        }
    }
}

impl<'de> Deserialize<'de> for Bias {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Bias;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = ROWS[2..].iter().map(|(_, word, _)| *word).collect();
        write!(f, "true, false, or one of \"{}\"", words.join("\", \""))
    }

    fn visit_bool<E: de::Error>(self, all: bool) -> Result<Bias, E> {
        Ok(all.into())
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Bias, E> {
        let row = ROWS[2..].iter().find(|(_, known, _)| *known == word);
        row.map(|(bias, _, _)| *bias)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(word), &self))
    }
}
