use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::json;

use super::Switch;

pub(super) static SWITCH: Switch = Switch {
    key: "bias",
    about: "Which linear maps inside blocks have biases",
    default: "true",
    range: "true, false, `qkv`, `attention`",
    values: &[
        ("true", "all of them"),
        ("false", "none"),
        ("qkv", "query, key and value"),
        ("attention", "query, key, value and output of attention"),
    ],
    schema: || json!({ "enum": [true, false, "qkv", "attention"] }),
    check: |_| Ok(()),
    numbers: &[],
};

/// Which linear maps inside the blocks have biases; `true`, `false`, `"qkv"` or `"attention"` in
/// TOML and JSON. The unembedding never has one, the shift of a LayerNorm is not meant.
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
}

impl Bias {
    /// Whether the query, key and value projections have biases.
    pub fn qkv(self) -> bool {
        self != Self::None
    }

    /// Whether the output projection of attention has a bias.
    pub fn attention_output(self) -> bool {
        matches!(self, Self::All | Self::Attention)
    }

    /// Whether the matrices of the MLP have biases.
    pub fn mlp(self) -> bool {
        self == Self::All
    }
}

impl From<bool> for Bias {
    fn from(all: bool) -> Self {
        if all { Self::All } else { Self::None }
    }
}

impl fmt::Display for Bias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::All => "true",
            Self::Qkv => "qkv",
            Self::Attention => "attention",
            Self::None => "false",
        })
    }
}

impl Serialize for Bias {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_bool(true),
            Self::None => serializer.serialize_bool(false),
            Self::Qkv => serializer.serialize_str("qkv"),
            Self::Attention => serializer.serialize_str("attention"),
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
        f.write_str("true, false, \"qkv\" or \"attention\"")
    }

    fn visit_bool<E: de::Error>(self, all: bool) -> Result<Bias, E> {
        Ok(all.into())
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Bias, E> {
        match word {
            "qkv" => Ok(Bias::Qkv),
            "attention" => Ok(Bias::Attention),
            _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }
}
