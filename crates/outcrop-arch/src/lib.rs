//! Architectures of decoder-only transformers, and of Vision Transformers, as data.
//!
//! | type | what it is |
//! |---|---|
//! | [`ArchSpec`] | the switches of an architecture, in TOML and JSON by serde; Pythia's by name |
//! | [`Switch`] | the description of one switch: default, range, words, schema, check |
//! | [`Plan`] | what an architecture computes and with which weights: steps and parts, in order |
//! | [`Family`] | names and layout of the weights in published checkpoints |
//! | [`HuggingFace`] | what a `config.json` of transformers describes: an [`ArchSpec`] and its [`Family`] |
//! | [`KnownType`] | one of transformers' model types, and whether it is read |
//! | [`TensorName`] | one tensor of a checkpoint: name, shape, role |
//!
//! Parameters and floating-point operations are counted from the architecture. The crate reads no file and computes
//! nothing with weights.
//!
//! ```
//! use outcrop_arch::{ArchSpec, GPT_NEOX};
//!
//! let spec = ArchSpec::pythia("70m")?;
//! assert_eq!((spec.layers, spec.d_model, spec.heads), (6, 512, 8));
//! assert_eq!(spec.parameters().total, 70_426_624);
//! assert_eq!(spec.family(), &GPT_NEOX);
//! # Ok::<(), outcrop_arch::Error>(())
//! ```

mod angles;
mod error;
mod family;
mod huggingface;
mod known;
mod nearest;
mod nonlinearity;
mod plan;
mod pythia;
mod spec;
mod switch;
mod tensors;
mod weighting;

pub use angles::Angles;
pub use error::{Error, Result};
pub use family::named::*;
pub use family::{
    Config, FAMILIES, Family, HeadGains, Layout, Module, OUTCROP, Setting, Stack, bare, expert,
    experts, fused, module,
};
pub use huggingface::HuggingFace;
pub use known::{KnownType, known_types, types_reference};
pub use nearest::nearest;
pub use nonlinearity::Nonlinearity;
pub use plan::{
    BlockKind, Draw, Parameters, Part, Plan, Rows, Section, Step, TensorKind, TensorPart,
    TensorRole,
};
pub use pythia::PYTHIA_SIZES;
pub use switch::{
    Activation, ActivationProperties, Alibi, AlibiOrder, ArchSpec, Attention, AttentionGate,
    AttentionProperties, Bias, Clipping, Experts, FeatureName, Gain, GateOver, Init, KEYS, KvBias,
    Norm, NormPlacement, NormPlacementProperties, NormProperties, Number, NumberKind, Over,
    Patches, Position, QkNorm, QkNormProperties, REQUIRED, Residual, ResidualProperties, Rotary,
    RotaryPairs, RotaryScaling, SWITCHES, Scale, Softcap, Switch, Window, Word, numbers, reference,
    schema,
};
pub use tensors::{Span, TensorName};
pub use weighting::{AttentionWeighting, ExtraScore};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
