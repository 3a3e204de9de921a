//! What llama.cpp calls the tensors and numbers of a family, and what transformers does, one family a file.

mod bloom;
mod change;
mod cohere;
mod exaone;
mod falcon;
mod gemma;
mod gpt2;
mod gptneox;
mod granite;
mod llama;
mod llama3;
mod moe;
mod mpt;
mod nemotron;
mod olmo;
mod phi2;
mod phi3;
mod qwen;
mod relatives;
mod said;
mod stablelm;
mod starcoder;
mod starcoder2;

use serde_json::{Map, Value};

use self::change::Heads;
use self::said::Said;
use super::super::super::stored::Stored;
use super::header::{Header, Info};

type Result<T, E = String> = std::result::Result<T, E>;

/// A family of llama.cpp: its `general.architecture`.
struct Known {
    /// Whether it is this form of the family.
    is: fn(&Header) -> bool,
    name: &'static str,
    /// The `model_type` of transformers.
    model_type: &'static str,
    /// Before the number of a block, in names of transformers.
    blocks: &'static str,
    /// Modules outside of blocks, then those of blocks, as llama.cpp and transformers call them; see [`EACH`].
    modules: &'static [(&'static str, &'static str)],
    /// How a tensor of a module is turned into that of transformers.
    change: fn(&Heads, &str, Stored) -> Result<Stored>,
    /// Whether it is meant for gains, in blocks and outside of them, and not for what blocks have alone.
    gains: bool,
    /// Settings of the `config.json` beside those that all have, in place of which it may set others.
    config: fn(&mut Said<'_>, &mut Map<String, Value>) -> Result<()>,
}

/// The families whose names are known.
static FAMILIES: &[&Known] = &[
    &llama::LLAMA,
    &qwen::QWEN2,
    &qwen::QWEN3,
    &gpt2::GPT2,
    &gptneox::GPTNEOX,
    &bloom::BLOOM,
    &falcon::FALCON,
    &falcon::FALCON_NEW,
    &gemma::GEMMA,
    &gemma::GEMMA2,
    &gemma::GEMMA3,
    &nemotron::NEMOTRON,
    &olmo::OLMO,
    &olmo::OLMO2,
    &granite::GRANITE,
    &moe::MIXTRAL,
    &moe::QWEN2_MOE,
    &moe::QWEN3_MOE,
    &moe::OLMOE,
    &relatives::SMOLLM3,
    &relatives::ARCEE,
    &relatives::ERNIE4_5,
    &relatives::SEED_OSS,
    &exaone::EXAONE4,
    &cohere::COHERE,
    &cohere::COHERE2,
    &stablelm::STABLELM,
    &mpt::MPT,
    &phi2::PHI2,
    &phi3::PHI3,
    &starcoder::STARCODER,
    &starcoder2::STARCODER2,
];

/// In the name of a module: the number of a row of its first dimension, each of which is a tensor in transformers.
const EACH: &str = "{}";
/// Rows that are tensors: heads and experts.
const MOST: usize = 4096;

/// Each row of the first dimension under its name.
fn each(name: &str, stored: &Stored) -> Result<Vec<(String, Stored)>> {
    let (rows, rest) = match stored.info.shape.split_first() {
        Some((rows, rest)) if *rows <= MOST && !rest.is_empty() => (*rows, rest.to_vec()),
        _ => {
            let shape = &stored.info.shape;
            return Err(format!(
                "has shape {shape:?}, expected a row for each of at most {MOST} heads or experts"
            ));
        }
    };
    let one = |i: usize| {
        let row = stored.cut(1, &[i, 1, rows - i - 1], 1)?;
        Ok((
            name.replace(EACH, &i.to_string()),
            row.reshaped(rest.clone())?,
        ))
    };
    (0..rows).map(one).collect()
}

/// The only form.
fn any(_: &Header) -> bool {
    true
}

/// Whether the first block has a router.
fn has_experts(header: &Header) -> bool {
    let router = |info: &Info| info.name == "blk.0.ffn_gate_inp.weight";
    header.tensors.iter().any(router)
}

/// What rotary frequencies are divided by, as those of Llama 3.1 are.
pub(super) const FREQUENCIES: &str = "rope_freqs.weight";
/// Factors of rotary frequencies: as of Llama 3.1, or of each channel, as for Phi-3.
const FACTORS: [&str; 3] = [
    FREQUENCIES,
    "rope_factors_long.weight",
    "rope_factors_short.weight",
];

/// The family of a file.
pub(super) struct Names {
    known: &'static Known,
    heads: Heads,
}

impl Names {
    pub(super) fn of(header: &Header) -> Result<Self> {
        let given = header
            .metadata
            .get("general.architecture")
            .and_then(Value::as_str);
        let given = given.ok_or("`general.architecture` is missing")?;
        let is_it = |known: &&&Known| known.name == given && (known.is)(header);
        let known = FAMILIES.iter().find(is_it).copied();
        let known = known.ok_or_else(|| {
            let mut names: Vec<_> = FAMILIES.iter().map(|known| known.name).collect();
            names.dedup();
            format!(
                "`general.architecture` = \"{given}\"; read are {}: take the safetensors from which it was made",
                names.join(", ")
            )
        })?;
        let mut said = Said::new(known, header);
        let queries = said.count("attention.head_count")?;
        let keys = said.count_or("attention.head_count_kv", queries)?;
        Ok(Self {
            known,
            heads: Heads { queries, keys },
        })
    }

    /// The tensor under its name in transformers, or each of its rows under one; none for what is no weight.
    pub(super) fn named(&self, info: &Info, stored: Stored) -> Result<Vec<(String, Stored)>> {
        if FACTORS.contains(&info.name.as_str()) {
            return Ok(Vec::new());
        }
        let (block, rest) = match info.name.strip_prefix("blk.") {
            None => (None, info.name.as_str()),
            Some(rest) => {
                let (number, rest) = rest.split_once('.').ok_or("has no number of a block")?;
                (Some(number), rest)
            }
        };
        let (module, part) = rest.rsplit_once('.').unwrap_or((rest, ""));
        let known = self.known.modules.iter().find(|(name, _)| *name == module);
        let Some((_, module)) = known else {
            return Err(format!(
                "is none of the {} family as llama.cpp has it",
                self.known.name
            ));
        };
        let name = match block {
            None => format!("{module}.{part}"),
            Some(number) => format!("{}.{number}.{module}.{part}", self.known.blocks),
        };
        let stored = match block {
            None if !self.known.gains => stored,
            _ if self.known.gains && part != "weight" => stored,
            Some(_) | None => (self.known.change)(&self.heads, module, stored)?,
        };
        match name.contains(EACH) {
            false => Ok(vec![(name, stored)]),
            true => each(&name, &stored),
        }
    }

    /// The `config.json` that says what the metadata say; `factors` are those of [`FREQUENCIES`].
    pub(super) fn config(&self, header: &Header, factors: Option<&[f32]>) -> Result<String> {
        let is_there = |name: &&&str| header.tensors.iter().any(|info| info.name == **name);
        let given = FACTORS.iter().find(is_there);
        let unsaid = |name: &str| {
            format!(
                "`{name}` has factors of rotary frequencies, as for Llama 3.1 and Phi-3, and the file does not say how \
                 they came about; read are those of Llama 3.1 to 3.3"
            )
        };
        if let Some(name) = given.filter(|name| **name != FREQUENCIES) {
            return Err(unsaid(name));
        }
        let mut said = Said::new(self.known, header);
        let mut config = Map::new();
        config.insert("model_type".into(), self.known.model_type.into());
        config.insert("vocab_size".into(), said.rows("token_embd.weight")?.into());
        config.insert(
            "tie_word_embeddings".into(),
            (!said.has("output.weight")).into(),
        );
        (self.known.config)(&mut said, &mut config)?;
        if let Some(name) = given {
            let scaling = factors.and_then(|factors| llama3::scaling(factors, &config));
            config.insert("rope_scaling".into(), scaling.ok_or_else(|| unsaid(name))?);
        }
        said.all_read()?;
        Ok(Value::Object(config).to_string())
    }
}
