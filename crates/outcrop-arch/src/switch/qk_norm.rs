use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::json;

use super::{Gain, NormProperties, Switch};

pub(super) static SWITCH: Switch = Switch {
    key: "qk_norm",
    about: "Which norm queries and keys pass, before the rotary embedding or after it",
    default: "false",
    range: "one of the words below",
    values: &[
        ("false", "none"),
        (
            "true",
            "RMSNorm of each head, with one gain of d_head for all queries and one for all keys",
        ),
        (
            "width",
            "RMSNorm over all heads together, with a gain for each channel",
        ),
        (
            "layer-norm",
            "LayerNorm of each head, with one gain and one shift of d_head",
        ),
        (
            "layer-norm-heads",
            "LayerNorm of each head, with a gain of its own for each head and without shift",
        ),
        (
            "after-rotation",
            "RMSNorm of each head as with `true`, but after the rotary embedding",
        ),
        ("after-rotation-plain", "the same without gain"),
    ],
    schema: || json!({ "enum": [false, true, "width", "layer-norm", "layer-norm-heads", "after-rotation", "after-rotation-plain"] }),
    check: |_| Ok(()),
    numbers: &[],
};

/// Which norm queries and keys pass, before the rotary embedding or after it; `false`, `true` or a word in TOML and JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QkNorm {
    /// None: `false`.
    #[default]
    None,
    /// RMSNorm of each head with gain, as in Qwen3: `true`. One gain of d_head for all queries of a block, one for
    /// all keys.
    Head,
    /// RMSNorm over all heads together with gain, as in OLMo 2: `"width"`.
    Width,
    /// LayerNorm of each head, one gain and shift of d_head, as Phi may have it: `"layer-norm"`.
    LayerNorm,
    /// LayerNorm of each head, a gain of its own for each and no shift, as StableLM may have it:
    /// `"layer-norm-heads"`.
    LayerNormHeads,
    /// As [`QkNorm::Head`], but after the rotary embedding, as in Hunyuan: `"after-rotation"`.
    AfterRotation,
    /// The same without gain, as in nanochat: `"after-rotation-plain"`.
    AfterRotationPlain,
}

/// What is normalised together, and how long a gain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Each head, all with one gain \[d_head\].
    Head,
    /// Each head, with a gain for each, [heads, d_head].
    Heads,
    /// All heads, with one gain [heads, d_head].
    Width,
}

/// What a plan reads of [`QkNorm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QkNormProperties {
    /// What is normalised together.
    pub over: Over,
    /// The norm.
    pub norm: NormProperties,
    /// Whether it follows the rotary embedding.
    pub after_rotation: bool,
}

const RMS: NormProperties = NormProperties {
    tanh: false,
    centred: false,
    gain: Gain::Channels,
    shift: false,
};

impl QkNorm {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Head,
        Self::Width,
        Self::LayerNorm,
        Self::LayerNormHeads,
        Self::AfterRotation,
        Self::AfterRotationPlain,
    ];

    /// What a plan reads of it; none where nothing is normalised.
    pub fn properties(self) -> Option<QkNormProperties> {
        let centred = |shift| NormProperties {
            centred: true,
            shift,
            ..RMS
        };
        let (over, norm) = match self {
            Self::None => return None,
            Self::Head => (Over::Head, RMS),
            Self::Width => (Over::Width, RMS),
            Self::LayerNorm => (Over::Head, centred(true)),
            Self::LayerNormHeads => (Over::Heads, centred(false)),
            Self::AfterRotation => (Over::Head, RMS),
            Self::AfterRotationPlain => (
                Over::Head,
                NormProperties {
                    gain: Gain::None,
                    ..RMS
                },
            ),
        };
        Some(QkNormProperties {
            over,
            norm,
            after_rotation: matches!(self, Self::AfterRotation | Self::AfterRotationPlain),
        })
    }

    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl From<bool> for QkNorm {
    fn from(head: bool) -> Self {
        if head { Self::Head } else { Self::None }
    }
}

impl Serialize for QkNorm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_bool(false),
            Self::Head => serializer.serialize_bool(true),
            Self::Width => serializer.serialize_str("width"),
            Self::LayerNorm => serializer.serialize_str("layer-norm"),
            Self::LayerNormHeads => serializer.serialize_str("layer-norm-heads"),
            Self::AfterRotation => serializer.serialize_str("after-rotation"),
            Self::AfterRotationPlain => serializer.serialize_str("after-rotation-plain"),
        }
    }
}

impl<'de> Deserialize<'de> for QkNorm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = QkNorm;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "true, false, \"width\", \"layer-norm\", \"layer-norm-heads\", \"after-rotation\" or \
             \"after-rotation-plain\"",
        )
    }

    fn visit_bool<E: de::Error>(self, head: bool) -> Result<QkNorm, E> {
        Ok(head.into())
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<QkNorm, E> {
        match word {
            "width" => Ok(QkNorm::Width),
            "layer-norm" => Ok(QkNorm::LayerNorm),
            "layer-norm-heads" => Ok(QkNorm::LayerNormHeads),
            "after-rotation" => Ok(QkNorm::AfterRotation),
            "after-rotation-plain" => Ok(QkNorm::AfterRotationPlain),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }
}
