//! Families of published checkpoints, one in each file: the architectures they hold, their `config.json`, and names and
//! layout of their weights. [`FAMILIES`] lists them.

mod apertus;
mod apertus1p5;
mod arcee;
mod biogpt;
mod bloom;
mod clip_vision;
mod codegen;
mod cohere;
mod cohere2;
mod config;
mod cwm;
mod dinov2;
mod dinov2_with_registers;
mod ernie4_5;
mod exaone;
mod exaone4;
mod falcon;
mod flex_olmo;
mod gemma;
mod gemma2;
mod gemma3;
mod glm;
mod glm4;
mod gpt2;
mod gpt_bigcode;
mod gpt_neo;
mod gpt_neox;
mod gpt_oss;
mod gptj;
mod granite;
mod granite_swa;
mod granitemoe;
mod helium;
mod hf_olmo;
mod hunyuan_v1_dense;
mod hyperclovax;
mod internlm3;
mod iquestcoder;
mod jais2;
mod layered;
mod layout;
mod llama;
mod ministral;
mod ministral3;
mod mistral;
mod mixtral;
mod moe;
mod mpt;
mod nanochat;
mod nemotron;
mod olmo;
mod olmo2;
mod olmo3;
mod olmoe;
mod openai_gpt;
mod opt;
mod outcrop;
mod patches;
mod persimmon;
mod phi;
mod phi3;
mod qwen2;
mod qwen2_moe;
mod qwen3;
mod qwen3_moe;
mod read;
mod rope;
mod scaling;
mod seed_oss;
mod settings;
mod smollm3;
mod stablelm;
mod starcoder2;
mod vaultgemma;
mod vit;
mod window;
mod write;

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

pub use self::config::Config;
pub use self::layout::{HeadGains, Layout, Module, Stack, bare, expert, experts, fused, module};
pub use self::outcrop::OUTCROP;
pub use self::settings::Setting;
pub(crate) use self::settings::check;
use crate::{Activation, ArchSpec, Attention, AttentionGate, Error, KvBias, Result, Softcap};

macro_rules! families {
    ($($module:ident::$row:ident,)*) => {
        /// All families, in the order in which messages list them.
        pub static FAMILIES: [&Family; [$(stringify!($row)),*].len()] = [$(&$module::$row),*];

        /// The families by name.
        pub(crate) mod named {
            $(pub use super::$module::$row;)*
        }
    };
}

families! {
    gpt_neox::GPT_NEOX,
    gpt2::GPT2,
    llama::LLAMA,
    mistral::MISTRAL,
    qwen2::QWEN2,
    qwen3::QWEN3,
    ministral::MINISTRAL,
    cwm::CWM,
    smollm3::SMOLLM3,
    phi3::PHI3,
    arcee::ARCEE,
    seed_oss::SEED_OSS,
    helium::HELIUM,
    ernie4_5::ERNIE4_5,
    glm::GLM,
    glm4::GLM4,
    olmo::OLMO,
    hf_olmo::HF_OLMO,
    olmo2::OLMO2,
    olmo3::OLMO3,
    openai_gpt::OPENAI_GPT,
    opt::OPT,
    bloom::BLOOM,
    gpt_neo::GPT_NEO,
    gemma::GEMMA,
    gemma2::GEMMA2,
    gemma3::GEMMA3_TEXT,
    granite::GRANITE,
    phi::PHI,
    mpt::MPT,
    starcoder2::STARCODER2,
    gpt_bigcode::GPT_BIGCODE,
    jais2::JAIS2,
    nemotron::NEMOTRON,
    falcon::FALCON,
    mixtral::MIXTRAL,
    olmoe::OLMOE,
    qwen2_moe::QWEN2_MOE,
    qwen3_moe::QWEN3_MOE,
    gpt_oss::GPT_OSS,
    granitemoe::GRANITEMOE,
    flex_olmo::FLEX_OLMO,
    apertus::APERTUS,
    apertus1p5::APERTUS1P5_TEXT,
    biogpt::BIOGPT,
    gptj::GPTJ,
    codegen::CODEGEN,
    cohere::COHERE,
    cohere2::COHERE2,
    exaone::EXAONE,
    exaone4::EXAONE4,
    granite_swa::GRANITE_SWA,
    hunyuan_v1_dense::HUNYUAN_V1_DENSE,
    hyperclovax::HYPERCLOVAX,
    internlm3::INTERNLM3,
    iquestcoder::IQUESTCODER,
    ministral3::MINISTRAL3,
    nanochat::NANOCHAT,
    persimmon::PERSIMMON,
    stablelm::STABLELM,
    vaultgemma::VAULTGEMMA,
    vit::VIT,
    dinov2::DINOV2,
    dinov2_with_registers::DINOV2_WITH_REGISTERS,
    clip_vision::CLIP_VISION,
}

/// A family of published checkpoints: a row of [`FAMILIES`], or your own. A field that is `None` is as in its `base`.
#[derive(Debug)]
pub struct Family {
    /// Its name in messages.
    pub name: &'static str,
    /// The `model_type` of its `config.json`.
    pub model_type: &'static str,
    /// Other model types that mean the same to transformers: its class, its configuration, its defaults.
    pub aliases: &'static [&'static str],
    /// The classes that `architectures` may name: language models and bare bodies.
    pub classes: &'static [&'static str],
    /// The family whose fields it inherits.
    pub base: Option<&'static Family>,
    /// The settings of its `config.json`, besides those of every family.
    pub settings: Option<&'static [&'static [Setting]]>,
    /// How its `config.json` makes an architecture.
    pub read: Option<fn(&Config<'_>) -> Result<ArchSpec>>,
    /// The settings of its `config.json` for an architecture, as far as it can represent it, besides those that several
    /// families have.
    pub write: Option<fn(&ArchSpec) -> Value>,
    /// Whether its checkpoints can hold an architecture: the first field that they cannot represent.
    pub holds: Option<fn(&Family, &ArchSpec) -> Result<()>>,
    /// Names and layout of its tensors.
    pub layout: Option<&'static Layout>,
}

impl Family {
    /// Nothing set: others fill it in. A family without a base is then only read; one with a base has all that it does
    /// not set from there.
    pub const NONE: Self = Self {
        name: "",
        model_type: "",
        aliases: &[],
        classes: &[],
        base: None,
        settings: None,
        read: None,
        write: None,
        holds: None,
        layout: None,
    };

    /// Whether it differs from its base in names and layout of weights only: the settings of its `config.json` are those
    /// of the base.
    pub fn renames_only(&self) -> bool {
        self.base.is_some() && self.settings.is_none() && self.read.is_none()
    }

    /// Whether a `config.json` of this `model_type` is one of the family.
    pub fn is_called(&self, model_type: &str) -> bool {
        self.model_type == model_type || self.aliases.contains(&model_type)
    }

    /// Settings of its own with one supported value, spelled as in JSON.
    pub fn fixed(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let lists = self.settings().iter().copied();
        lists.flatten().filter_map(Setting::fixed)
    }

    /// Whether it can say architectures; others are read only.
    pub fn is_written(&self) -> bool {
        self.write.is_some() || self.base.is_some_and(Self::is_written)
    }

    /// The family whose layout its checkpoints have: itself, or its base.
    pub fn stored_as(&'static self) -> &'static Self {
        match (self.layout, self.base) {
            (None, Some(base)) => base.stored_as(),
            (Some(_), _) | (None, None) => self,
        }
    }

    /// Names and layout of its tensors.
    pub fn layout(&self) -> &'static Layout {
        let base = || self.base.map(Self::layout);
        self.layout.or_else(base).unwrap_or(&layout::NOTHING)
    }

    pub(crate) fn settings(&self) -> &'static [&'static [Setting]] {
        let base = || self.base.map(Self::settings);
        self.settings.or_else(base).unwrap_or_default()
    }

    pub(crate) fn read(&self, config: &Config<'_>) -> Result<ArchSpec> {
        match (self.read, self.base) {
            (Some(read), _) => read(config),
            (None, Some(base)) => base.read(config),
            (None, None) => read::shape(config),
        }
    }

    /// The `config.json` of an architecture, as far as this family can represent it.
    pub(crate) fn says(&self, arch: &ArchSpec) -> Option<Value> {
        let own = self.own_settings(arch)?;
        let kind =
            json!({ "architectures": [self.classes.first()?], "model_type": self.model_type });
        Some(write::with(
            write::with(kind, write::shared(self, arch)),
            own,
        ))
    }

    fn own_settings(&self, arch: &ArchSpec) -> Option<Value> {
        match (self.write, self.base) {
            (Some(write), _) => Some(write(arch)),
            (None, Some(base)) => base.own_settings(arch),
            (None, None) => None,
        }
    }

    /// Checks that a checkpoint of this family can hold the architecture.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the first field that it cannot represent.
    pub fn check(&self, arch: &ArchSpec) -> Result<()> {
        match (self.holds, self.base) {
            (Some(holds), _) => {
                self.usual(arch)?;
                holds(self, arch)
            }
            (None, Some(base)) => base.check(arch),
            (None, None) => Ok(()),
        }
    }

    /// Checks that switches that few families have are at their defaults.
    fn usual(&self, arch: &ArchSpec) -> Result<()> {
        self.same("embedding_dim", arch.embedding_dim, None)?;
        let projected = arch.embedding_projection;
        self.same("embedding_projection", projected, false)?;
        self.same("embedding_norm", arch.embedding_norm, false)?;
        self.same("unembedding_bias", arch.unembedding_bias, false)?;
        self.same("clip_qkv", arch.clip_qkv, None)?;
        self.same("attention", arch.attention, Attention::Softmax)?;
        self.same("sink_logits", arch.sink_logits, false)?;
        self.same("attention_gate", arch.attention_gate, AttentionGate::None)?;
        self.same("kv_bias", arch.kv_bias, KvBias::None)?;
        self.same("bidirectional", arch.bidirectional, false)?;
        self.same("layer_scale", arch.layer_scale, false)?;
        self.same("registers", arch.registers, 0)?;
        self.same("patches", arch.patches, None)?;
        self.same("experts", arch.experts.as_ref(), None)?;
        self.same("softcap", arch.softcap, Softcap::default())
    }

    /// The rotated fraction of each head, for rotary positions.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for other positions.
    pub fn rotary(&self, arch: &ArchSpec) -> Result<f64> {
        let rotary = arch.position.rotary();
        let refused = || self.refuse("position", &arch.position, "rotary");
        rotary.map(|rotary| rotary.fraction).ok_or_else(refused)
    }

    /// Checks that the MLP is gated, or that it is not.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if it differs.
    pub fn gated(&self, arch: &ArchSpec, gated: bool) -> Result<()> {
        if arch.activation.properties().gated == gated {
            return Ok(());
        }
        let allowed: Vec<_> = Activation::among(gated).map(Activation::word).collect();
        Err(self.refuse("activation", &arch.activation, &allowed.join(", ")))
    }

    /// Checks that a field has the only value that this family supports.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if it has another.
    pub fn same<T: PartialEq + Serialize>(&self, field: &str, value: T, only: T) -> Result<()> {
        if value == only {
            return Ok(());
        }
        Err(self.refuse(field, &value, &word(&only)))
    }

    fn refuse(&self, field: &str, value: &impl Serialize, allowed: &str) -> Error {
        let allowed = format!("{allowed} in a checkpoint of the {self} family");
        Error::range(format!("arch.{field}"), word(value), allowed)
    }
}

/// A value as TOML and JSON spell it, without quotation marks.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Null) => "not given".into(),
        Ok(other) => other.to_string(),
        Err(e) => e.to_string(),
    }
}

impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        self.model_type == other.model_type
    }
}

impl Eq for Family {}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}
