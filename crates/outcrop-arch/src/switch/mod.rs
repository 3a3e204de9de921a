//! The switches of an architecture, one a file. The list at the end of this file is the only one of all switches:
//! fields and keys, their defaults, checks, schema and reference follow from it.

mod activation;
mod alibi;
mod attention;
mod attention_gate;
mod attention_gate_init;
mod bias;
mod bidirectional;
mod clip_qkv;
mod clipping;
mod context;
mod d_ff;
mod d_model;
mod embedding_dim;
mod embedding_norm;
mod embedding_projection;
mod experts;
mod head_dim;
mod heads;
mod init;
mod kv_bias;
mod kv_heads;
mod layer_list;
mod layer_scale;
mod layers;
mod local_base;
mod norm;
mod norm_eps;
mod norm_placement;
mod number;
mod one_of;
mod patches;
mod position;
mod qk_norm;
mod registers;
mod residual;
mod rotary_pairs;
mod rotary_scaling;
mod scale;
mod sink_logits;
mod softcap;
mod tied;
mod unembedding_bias;
mod unrotated_layers;
mod vocab;
mod window;

use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

pub use self::activation::{Activation, ActivationProperties};
pub use self::alibi::{Alibi, AlibiOrder};
pub use self::attention::{Attention, AttentionProperties};
pub use self::attention_gate::{AttentionGate, GateOver};
pub use self::bias::Bias;
pub use self::clipping::Clipping;
pub use self::experts::Experts;
pub use self::init::Init;
pub use self::kv_bias::KvBias;
pub use self::norm::{Gain, Norm, NormProperties};
pub use self::norm_placement::{NormPlacement, NormPlacementProperties};
pub use self::number::{FeatureName, Number, NumberKind};
pub use self::one_of::Word;
pub use self::patches::Patches;
pub use self::position::{Position, Rotary};
pub use self::qk_norm::{Over, QkNorm, QkNormProperties};
pub use self::residual::{Residual, ResidualProperties};
pub use self::rotary_pairs::RotaryPairs;
pub use self::rotary_scaling::RotaryScaling;
pub use self::scale::Scale;
pub use self::softcap::Softcap;
pub use self::window::Window;
use crate::{Error, Result};

/// The description of one key of an [`ArchSpec`]: a row of [`SWITCHES`].
#[derive(Debug)]
pub struct Switch {
    /// The key in TOML and JSON.
    pub key: &'static str,
    /// Its meaning, in words.
    pub about: &'static str,
    /// Its default, in words.
    pub default: &'static str,
    /// Its range, in words.
    pub range: &'static str,
    /// Its words or kinds with their meanings, if it has any.
    pub values: &'static [(&'static str, &'static str)],
    /// The JSON schema of its value.
    pub schema: fn() -> serde_json::Value,
    /// Checks its range.
    pub check: fn(&ArchSpec) -> Result<()>,
    /// The numbers that it gives: columns of `architectures.csv`, features of predictions, knobs of designs.
    pub numbers: &'static [Number],
}

fn whole(low: usize, high: usize) -> serde_json::Value {
    json!({ "type": "integer", "minimum": low, "maximum": high })
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

fn within(field: &str, value: usize, low: usize, high: usize) -> Result<()> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => {
            let allowed = format!("{low} to {high}");
            Err(Error::range(format!("arch.{field}"), value, allowed))
        }
    }
}

/// The numbers that switches give, in the order of [`SWITCHES`].
pub fn numbers() -> impl Iterator<Item = &'static Number> {
    SWITCHES.iter().flat_map(|switch| switch.numbers)
}

/// The JSON schema of an architecture: keys, types, words and ranges. [`ArchSpec::check`] checks what one key requires
/// of another.
pub fn schema() -> serde_json::Value {
    let property = |switch: &&Switch| {
        let mut schema = (switch.schema)();
        schema["description"] = format!("{}. Default: {}.", switch.about, switch.default).into();
        (switch.key.to_owned(), schema)
    };
    let properties: Map<String, serde_json::Value> = SWITCHES.iter().map(property).collect();
    json!({
        "type": "object",
        "required": REQUIRED,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// The reference of all keys, as Markdown.
pub fn reference() -> String {
    let mut page = String::from("| key | default | range | what it says |\n|---|---|---|---|\n");
    for s in SWITCHES {
        page += &format!(
            "| `{}` | {} | {} | {} |\n",
            s.key, s.default, s.range, s.about
        );
    }
    for switch in SWITCHES.iter().filter(|switch| !switch.values.is_empty()) {
        page += &format!("\n`{}`:\n\n", switch.key);
        for (word, about) in switch.values {
            page += &format!("- `{word}`: {about}\n");
        }
    }
    page
}

/// Declares the architecture, its form in files, and the list of switches, each in the module of its name.
macro_rules! switches {
    (
        $(#[$doc:meta])*
        required { $($(#[$required_meta:meta])* $required:ident: $required_type:ty;)* }
        optional { $($(#[$meta:meta])* $field:ident: $type:ty = $default:expr;)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        pub struct ArchSpec {
            $($(#[$required_meta])* pub $required: $required_type,)*
            $($(#[$meta])* pub $field: $type,)*
        }

        /// An architecture in a file; missing fields get their defaults.
        #[derive(Deserialize)]
        struct Given {
            $($required: $required_type,)*
            $($field: Option<$type>,)*
        }

        /// All switches, in the order of the keys in canonical JSON.
        pub static SWITCHES: [&Switch; KEYS.len()] =
            [$(&$required::SWITCH,)* $(&$field::SWITCH,)*];

        /// The keys of an [`ArchSpec`] in TOML and JSON, in order.
        pub const KEYS: [&str; [$(stringify!($required),)* $(stringify!($field),)*].len()] =
            [$(stringify!($required),)* $(stringify!($field),)*];

        /// The keys that must be given, in order.
        pub const REQUIRED: [&str; 3] = [$(stringify!($required),)*];

        impl ArchSpec {
            /// An architecture of this shape, everything else as in Pythia.
            pub fn new($($required: $required_type),*) -> Self {
                $(let $field = $default;)*
                Self { $($required,)* $($field,)* }
            }
        }

        impl Given {
            fn resolve(self) -> ArchSpec {
                let mut spec = ArchSpec::new($(self.$required),*);
                $(if let Some(given) = self.$field { spec.$field = given; })*
                let head_dim = spec.head_dim;
                spec.with_head_dim(head_dim)
            }
        }
    };
}

switches! {
    /// The architecture of a decoder-only transformer. Defaults are those of Pythia (GPT-NeoX).
    ///
    ///
    /// [`SWITCHES`] has the default and range of each field, [`reference`](reference()) a table of them.
    required {
        /// Number of blocks, L.
        layers: usize;
        /// Width of the residual stream, d.
        d_model: usize;
        /// Number of attention heads, H.
        heads: usize;
    }
    optional {
        /// Number of key-value heads; fewer than `heads` is grouped-query attention.
        kv_heads: usize = heads;
        /// Width of one head if it is not d_model / heads; see [`ArchSpec::d_head`].
        #[serde(skip_serializing_if = "Option::is_none")]
        head_dim: Option<usize> = None;
        /// Width of the MLP.
        d_ff: usize = d_model.saturating_mul(4);
        /// Number of rows of the embedding.
        vocab: usize = 50304;
        /// Longest sequence.
        context: usize = 2048;
        /// The normalisation.
        norm: Norm = Norm::default();
        /// Its placement.
        norm_placement: NormPlacement = NormPlacement::default();
        /// Added to the variance in the normalisation.
        norm_eps: f64 = 1e-5;
        /// How sublayers are added.
        residual: Residual = Residual::default();
        /// How positions enter.
        position: Position = Position::default();
        /// Which channels of a head a rotary embedding turns together.
        #[serde(skip_serializing_if = "RotaryPairs::is_default")]
        rotary_pairs: RotaryPairs = RotaryPairs::default();
        /// How the wavelengths of a rotary embedding are stretched.
        #[serde(skip_serializing_if = "Option::is_none")]
        rotary_scaling: Option<RotaryScaling> = None;
        /// Base of the rotary embedding in layers that have a window, where it is another.
        #[serde(skip_serializing_if = "Option::is_none")]
        local_base: Option<f64> = None;
        /// Layers whose queries and keys are not rotated, from 1, ascending.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        unrotated_layers: Vec<usize> = Vec::new();
        /// How scores become weights.
        attention: Attention = Attention::default();
        /// How clipped softmax stretches weights.
        #[serde(skip_serializing_if = "Clipping::is_default")]
        clipping: Clipping = Clipping::default();
        /// Whether softmax has one more logit a head, whose weight falls away: the weights of a query add up to less than
        /// 1.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        sink_logits: bool = false;
        /// The gate that multiplies what heads read.
        #[serde(skip_serializing_if = "AttentionGate::is_none")]
        attention_gate: AttentionGate = AttentionGate::default();
        /// The mean of the gates before training, above 0 and below 1; their bias starts at ln(mean / (1 - mean)). None where
        /// they have no bias.
        #[serde(skip_serializing_if = "Option::is_none")]
        attention_gate_init: Option<f64> = None;
        /// Which learned key and value every query sees beside those of positions.
        #[serde(skip_serializing_if = "KvBias::is_default")]
        kv_bias: KvBias = KvBias::default();
        /// Layers that see only the latest positions.
        #[serde(skip_serializing_if = "Option::is_none")]
        window: Option<Window> = None;
        /// Which norm queries and keys pass before the rotary embedding.
        #[serde(skip_serializing_if = "QkNorm::is_none")]
        qk_norm: QkNorm = QkNorm::None;
        /// Nonlinearity of the MLP.
        activation: Activation = Activation::default();
        /// Whether the unembedding shares the embedding's weights.
        tied: bool = false;
        /// Which linear maps inside blocks have biases.
        bias: Bias = Bias::default();
        /// Width of the embedding where it is not d_model: matrices lead into the residual stream and out of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        embedding_dim: Option<usize> = None;
        /// Whether square matrices, which start as random rotations, follow the embedding and precede the unembedding.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        embedding_projection: bool = false;
        /// Whether the residual stream is normalised before the first block, as in BLOOM.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        embedding_norm: bool = false;
        /// Whether the unembedding has a bias, as in Phi.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        unembedding_bias: bool = false;
        /// Largest magnitude of queries, keys and values.
        #[serde(skip_serializing_if = "Option::is_none")]
        clip_qkv: Option<f64> = None;
        /// What numbers are multiplied by on their way.
        #[serde(skip_serializing_if = "Scale::is_default")]
        scale: Scale = Scale::default();
        /// Bounds of scores and logits.
        #[serde(skip_serializing_if = "Softcap::is_default")]
        softcap: Softcap = Softcap::default();
        /// Layers whose MLP is a mixture of experts.
        #[serde(skip_serializing_if = "Option::is_none")]
        experts: Option<Experts> = None;
        /// Whether every position sees all others.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        bidirectional: bool = false;
        /// Whether what a sublayer writes is multiplied by a learned gain.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        layer_scale: bool = false;
        /// How many learned vectors stand before the first token, R; their outputs fall away.
        #[serde(skip_serializing_if = "is_zero")]
        registers: usize = 0;
        /// How patches of images enter, in the place of tokens.
        #[serde(skip_serializing_if = "Option::is_none")]
        patches: Option<Patches> = None;
        /// How linear biases are made.
        #[serde(skip_serializing_if = "Alibi::is_default")]
        alibi: Alibi = Alibi::default();
        /// How weights are drawn.
        init: Init = Init::default();
    }
}

impl ArchSpec {
    /// The same with `head_dim` only if it differs from the default, so that one architecture has one hash.
    pub(crate) fn with_head_dim(self, head_dim: Option<usize>) -> Self {
        let common = |h: &usize| h.checked_mul(self.heads) == Some(self.d_model);
        Self {
            head_dim: head_dim.filter(|h| !common(h)),
            ..self
        }
    }
}

impl<'de> Deserialize<'de> for ArchSpec {
    /// Missing fields get their default; unknown ones are skipped ([`KEYS`] lists the known ones); [`ArchSpec::check`]
    /// checks ranges.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Given::deserialize(deserializer).map(Given::resolve)
    }
}
