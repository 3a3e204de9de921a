//! Under which names, in which shapes and in which layout published checkpoints store weights.

use crate::plan::TensorRole as R;
use crate::plan::{Draw, Part, Plan, Section, TensorKind, TensorPart, TensorRole};
use crate::{ArchSpec, Bias, Error, Family, Position, Result};

/// One tensor of a published checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorName {
    /// Its full name, as [`Family::standard_name`] gives it.
    pub name: String,
    /// Its shape as published.
    pub shape: Vec<usize>,
    /// What it belongs to.
    pub role: TensorRole,
    /// Which part of that.
    pub part: TensorPart,
    /// What it does.
    pub kind: TensorKind,
    /// How it is drawn.
    pub init: Draw,
    /// Whether weight decay applies to it.
    pub decays: bool,
    /// The block, from 1; none outside the blocks.
    pub layer: Option<usize>,
    /// Whether a matrix is stored as [in, out], as in GPT-2; else as [out, in].
    pub transposed: bool,
    /// Whether a checkpoint must have it. A tied unembedding may be there, equal to the embedding,
    /// or not.
    pub required: bool,
}

/// A module of a checkpoint and which parts of a plan it holds.
pub(crate) struct Module {
    name: &'static str,
    /// What its tensors are called.
    role: TensorRole,
    /// The parts, one below another; those that a plan lacks are not there.
    holds: &'static [TensorRole],
}

const fn module(name: &'static str, holds: &'static [TensorRole; 1]) -> Module {
    let role = holds[0];
    Module { name, role, holds }
}

const fn fused(name: &'static str) -> Module {
    use TensorRole::{Key, Query, QueryKeyValue, Value};
    Module {
        name,
        role: QueryKeyValue,
        holds: &[Query, Key, Value],
    }
}

/// How a family names its tensors.
pub(crate) struct Names {
    /// What stands before all names but the unembedding's; files of the bare body leave it out.
    body: &'static str,
    /// Modules before the blocks.
    start: &'static [Module],
    /// What stands before the number of a block.
    blocks: &'static str,
    block: &'static [Module],
    /// Modules after the blocks, the unembedding last, which stands outside the body.
    end: &'static [Module],
    head: Module,
    /// Whether matrices of blocks are stored as [in, out].
    transposed: bool,
    /// Ends of the names of buffers, which older files keep beside the weights.
    buffers: &'static [&'static str],
}

const ROTARY: &str = "rotary_emb.inv_freq";

static NEOX: Names = Names {
    body: "gpt_neox.",
    start: &[
        module("embed_in", &[R::TokenEmbedding]),
        module("embed_positions", &[R::PositionEmbedding]),
    ],
    blocks: "layers",
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        fused("attention.query_key_value"),
        module("attention.dense", &[R::AttentionOutput]),
        module("mlp.dense_h_to_4h", &[R::MlpUp]),
        module("mlp.dense_4h_to_h", &[R::MlpDown]),
    ],
    end: &[module("final_layer_norm", &[R::FinalNorm])],
    head: module("embed_out", &[R::Unembedding]),
    transposed: false,
    buffers: &[".attention.bias", ".attention.masked_bias", ROTARY],
};

static GPT2: Names = Names {
    body: "transformer.",
    start: &[
        module("wte", &[R::TokenEmbedding]),
        module("wpe", &[R::PositionEmbedding]),
    ],
    blocks: "h",
    block: &[
        module("ln_1", &[R::AttentionNorm]),
        fused("attn.c_attn"),
        module("attn.c_proj", &[R::AttentionOutput]),
        module("ln_2", &[R::MlpNorm]),
        module("mlp.c_fc", &[R::MlpUp]),
        module("mlp.c_proj", &[R::MlpDown]),
    ],
    end: &[module("ln_f", &[R::FinalNorm])],
    head: module("lm_head", &[R::Unembedding]),
    transposed: true,
    buffers: &[".attn.bias", ".attn.masked_bias"],
};

static LLAMA: Names = Names {
    body: "model.",
    start: &[module("embed_tokens", &[R::TokenEmbedding])],
    blocks: "layers",
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("self_attn.q_norm", &[R::QueryNorm]),
        module("self_attn.k_norm", &[R::KeyNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        module("mlp.gate_proj", &[R::MlpGate]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
    ],
    end: &[module("norm", &[R::FinalNorm])],
    head: module("lm_head", &[R::Unembedding]),
    transposed: false,
    buffers: &[ROTARY],
};

impl Family {
    fn names(self) -> &'static Names {
        match self {
            Self::NeoX => &NEOX,
            Self::Gpt2 => &GPT2,
            Self::Llama => &LLAMA,
        }
    }

    /// Every weight that a checkpoint of this family and architecture has. GPT-NeoX's names serve
    /// models of ours too that transformers does not have: without positions or with learned ones
    /// (`gpt_neox.embed_positions`), without biases.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Family, TensorRole};
    ///
    /// let arch = ArchSpec::pythia("70m")?;
    /// let tensors = Family::NeoX.tensors(&arch)?;
    /// let fused = tensors.iter().find(|t| t.role == TensorRole::QueryKeyValue).unwrap();
    /// assert_eq!(fused.name, "gpt_neox.layers.0.attention.query_key_value.weight");
    /// assert_eq!((fused.shape.as_slice(), fused.layer), (&[1536, 512][..], Some(1)));
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ArchSpec::check`] and, but for the models of ours, [`Family::check`].
    pub fn tensors(self, arch: &ArchSpec) -> Result<Vec<TensorName>> {
        arch.check()?;
        self.check(&self.published(arch))?;
        self.name_parts(&Plan::new(arch))
    }

    /// The weights of a plan under the names of this family, whether or not transformers has
    /// such a model.
    ///
    /// # Errors
    /// [`Error::Nameless`] for a weight that has no name in this family.
    pub fn name_parts(self, plan: &Plan) -> Result<Vec<TensorName>> {
        let names = self.names();
        let mut list = List {
            family: self,
            names,
            tensors: Vec::new(),
        };
        list.section(&plan.start, names.start, &|module| {
            format!("{}{module}", names.body)
        })?;
        for index in 0..plan.layers() {
            let first = list.tensors.len();
            list.section(plan.block(index + 1), names.block, &|module| {
                format!("{}{}.{index}.{module}", names.body, names.blocks)
            })?;
            for tensor in &mut list.tensors[first..] {
                tensor.layer = Some(index + 1);
                list.names.store(tensor);
            }
        }
        let (body, head): (Vec<_>, Vec<_>) =
            (plan.end.parts.iter().cloned()).partition(|part| part.role != names.head.role);
        let of = |parts| Section {
            parts,
            steps: Vec::new(),
        };
        list.section(&of(body), names.end, &|module| {
            format!("{}{module}", names.body)
        })?;
        let head_module = std::slice::from_ref(&names.head);
        list.section(&of(head), head_module, &str::to_owned)?;
        Ok(list.tensors)
    }

    /// The name under which [`Family::tensors`] lists the tensor that a file calls `name`: with the
    /// prefix that files of the bare body lack, the unembedding under the name of the family. None
    /// for a buffer that older files keep beside the weights (masks, rotary frequencies), which
    /// says nothing. Other names stay as they are.
    ///
    /// ```
    /// use outcrop_arch::Family;
    ///
    /// let name = |name| Family::Gpt2.standard_name(name);
    /// assert_eq!(name("h.0.ln_1.weight").unwrap(), "transformer.h.0.ln_1.weight");
    /// assert_eq!(name("h.0.attn.bias"), None);
    /// assert_eq!(Family::NeoX.standard_name("lm_head.weight").unwrap(), "embed_out.weight");
    /// ```
    pub fn standard_name(self, name: &str) -> Option<String> {
        let names = self.names();
        if names.buffers.iter().any(|buffer| name.ends_with(buffer)) {
            return None;
        }
        if ["lm_head.weight", "embed_out.weight"].contains(&name) {
            return Some(format!("{}.weight", names.head.name));
        }
        let modules = names
            .start
            .iter()
            .chain(names.end)
            .map(|module| module.name);
        let first = name.split_once('.').map_or(name, |(first, _)| first);
        let bare = modules.chain([names.blocks]).any(|module| module == first);
        Some(format!("{}{name}", if bare { names.body } else { "" }))
    }

    /// What is published in place of an architecture that only models of ours have.
    fn published(self, arch: &ArchSpec) -> ArchSpec {
        let mut published = arch.clone();
        if self == Self::NeoX {
            if matches!(arch.position, Position::Learned | Position::None) {
                published.position = Position::default();
            }
            if arch.bias == Bias::None {
                published.bias = Bias::All;
            }
        }
        published
    }
}

impl Names {
    /// Turns a tensor of a block into what files hold.
    fn store(&self, tensor: &mut TensorName) {
        tensor.transposed = self.transposed && tensor.kind == TensorKind::Matrix;
        if tensor.transposed {
            tensor.shape.reverse();
        }
    }
}

struct List {
    family: Family,
    names: &'static Names,
    tensors: Vec<TensorName>,
}

impl List {
    /// Lists the parts of a section in the order of `modules`; `at` gives a module its full name.
    fn section(
        &mut self,
        section: &Section,
        modules: &[Module],
        at: &dyn Fn(&str) -> String,
    ) -> Result<()> {
        let named = |part: &&Part| modules.iter().any(|m| m.holds.contains(&part.role));
        if let Some(part) = section.parts.iter().find(|part| !named(part)) {
            return Err(Error::Nameless {
                family: self.family.to_string(),
                role: format!("{:?}", part.role),
            });
        }
        for module in modules {
            let held: Vec<&Part> = (section.parts.iter())
                .filter(|part| module.holds.contains(&part.role))
                .collect();
            for which in [TensorPart::Weight, TensorPart::Bias] {
                self.module(module, which, &held, &at(module.name));
            }
        }
        Ok(())
    }

    /// The tensor of a module, if any of its parts has one: the parts one below another.
    fn module(&mut self, module: &Module, which: TensorPart, held: &[&Part], name: &str) {
        let held: Vec<_> = held.iter().filter(|p| p.kind.part() == which).collect();
        let Some(first) = held.first() else { return };
        let mut shape = first.shape.clone();
        shape[0] = held.iter().map(|part| part.shape[0]).sum();
        let part_name = match which {
            TensorPart::Weight => "weight",
            TensorPart::Bias => "bias",
        };
        self.tensors.push(TensorName {
            name: format!("{name}.{part_name}"),
            shape,
            role: module.role,
            part: which,
            kind: first.kind,
            init: first.init,
            decays: first.decays,
            layer: None,
            transposed: false,
            required: !first.optional,
        });
    }
}
