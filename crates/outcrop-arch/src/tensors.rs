//! Under which names, in which shapes and in which layout published checkpoints store weights.

use crate::family::{Layout, Module};
use crate::plan::{Draw, Part, Plan, Section, Step, TensorKind, TensorPart, TensorRole};
use crate::{ArchSpec, Error, Family, Result};

/// One tensor of a published checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorName {
    /// Its full name, as [`Family::standard_name`] gives it.
    pub name: String,
    /// Its shape as published.
    pub shape: Vec<usize>,
    /// Its role.
    pub role: TensorRole,
    /// Which part of that.
    pub part: TensorPart,
    /// The parts of the plan that it holds: its rows \[outputs\], from the first to the last.
    pub spans: Vec<Span>,
    /// Its kind.
    pub kind: TensorKind,
    /// How it is drawn.
    pub init: Draw,
    /// Whether weight decay applies to it.
    pub decays: bool,
    /// The block, from 1; none outside the blocks.
    pub layer: Option<usize>,
    /// Whether a matrix is stored as [in, out], as in GPT-2; else as [out, in].
    pub transposed: bool,
    /// Rows of the file that stand before those of the plan and mean nothing.
    pub skipped: usize,
    /// What is added to each stored number: 1 where files hold gains less 1.
    pub offset: f32,
    /// Whether a checkpoint must have it. A tied unembedding may be there, equal to the embedding,
    /// or not.
    pub required: bool,
}

/// Rows of a tensor that are rows of a part of the plan, both in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The part.
    pub role: TensorRole,
    /// The first of its rows, from 0.
    pub first: usize,
    /// How many.
    pub rows: usize,
}

impl Family {
    /// Every weight that a checkpoint of this family and architecture has.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, GPT_NEOX, TensorRole};
    ///
    /// let arch = ArchSpec::pythia("70m")?;
    /// let tensors = GPT_NEOX.tensors(&arch)?;
    /// let fused = tensors.iter().find(|t| t.role == TensorRole::QueryKeyValue).unwrap();
    /// assert_eq!(fused.name, "gpt_neox.layers.0.attention.query_key_value.weight");
    /// assert_eq!((fused.shape.as_slice(), fused.layer), (&[1536, 512][..], Some(1)));
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ArchSpec::check`] and [`Family::check`].
    pub fn tensors(&self, arch: &ArchSpec) -> Result<Vec<TensorName>> {
        arch.check()?;
        self.check(arch)?;
        self.name_parts(&Plan::new(arch))
    }

    /// The weights of a plan under the names of this family, whether or not transformers has
    /// such a model.
    ///
    /// # Errors
    /// [`Error::Nameless`] for a weight that has no name in this family.
    pub fn name_parts(&self, plan: &Plan) -> Result<Vec<TensorName>> {
        let names = self.layout();
        let mut list = List {
            family: self,
            names,
            tensors: Vec::new(),
        };
        list.section(&plan.start, names.start, &|module| {
            format!("{}{module}", names.body)
        })?;
        list.skip_positions();
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
    /// use outcrop_arch::{GPT_NEOX, GPT2};
    ///
    /// let name = |name| GPT2.standard_name(name);
    /// assert_eq!(name("h.0.ln_1.weight").unwrap(), "transformer.h.0.ln_1.weight");
    /// assert_eq!(name("h.0.attn.bias"), None);
    /// assert_eq!(GPT_NEOX.standard_name("lm_head.weight").unwrap(), "embed_out.weight");
    /// ```
    pub fn standard_name(&self, name: &str) -> Option<String> {
        let names = self.layout();
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
        let named = match names.body.split_once('.') {
            _ if bare => format!("{}{name}", names.body),
            // the body of a body, as `decoder` of OPT
            Some((outer, inner)) if !inner.is_empty() && name.starts_with(inner) => {
                format!("{outer}.{name}")
            }
            Some(_) | None => name.to_owned(),
        };
        Some(names.renamed(named))
    }
}

impl Layout {
    /// A name with its module as most files of the family call it.
    fn renamed(&self, name: String) -> String {
        let [other, usual] = [0, 1].map(|i| move |alias: &[&str; 2]| format!(".{}.", alias[i]));
        let alias = self
            .aliases
            .iter()
            .find(|alias| name.contains(&other(alias)));
        alias.map_or_else(
            || name.clone(),
            |alias| name.replacen(&other(alias), &usual(alias), 1),
        )
    }

    /// Turns a tensor of a block into what files hold.
    fn store(&self, tensor: &mut TensorName) {
        tensor.transposed = self.transposed && tensor.kind == TensorKind::Matrix;
        if tensor.transposed {
            tensor.shape.reverse();
        }
    }
}

struct List<'a> {
    family: &'a Family,
    names: &'static Layout,
    tensors: Vec<TensorName>,
}

impl List<'_> {
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
            let of = |role| section.parts.iter().filter(move |part| part.role == role);
            let held: Vec<&Part> = module.holds.iter().flat_map(|role| of(*role)).collect();
            let groups = self.groups(module, section);
            for which in [TensorPart::Weight, TensorPart::Bias] {
                self.module(module, which, (&held, groups), &at(module.name));
            }
        }
        Ok(())
    }

    /// Adds the rows that stand before the first position.
    fn skip_positions(&mut self) {
        let tables = self.tensors.iter_mut();
        for table in tables.filter(|t| t.role == TensorRole::PositionEmbedding) {
            table.skipped = self.names.first_position;
            table.shape[0] += table.skipped;
        }
    }

    /// Into how many pieces the parts of a module are cut, one of each part following another.
    fn groups(&self, module: &Module, section: &Section) -> usize {
        let by_head = self.names.by_head && module.role == TensorRole::QueryKeyValue;
        let kv_heads = section.steps.iter().find_map(|step| match step {
            Step::Attend { kv_heads, .. } => Some(*kv_heads),
            Step::Embed { .. }
            | Step::AddPosition { .. }
            | Step::Norm { .. }
            | Step::Scale { .. }
            | Step::Clip { .. }
            | Step::Project { .. }
            | Step::HeadNorm { .. }
            | Step::Rotate { .. }
            | Step::Activate { .. }
            | Step::Multiply { .. }
            | Step::Add { .. }
            | Step::Unembed { .. } => None,
        });
        kv_heads.filter(|_| by_head).unwrap_or(1)
    }

    /// The tensor of a module, if any of its parts has one: `groups` of pieces of the parts, one below another.
    fn module(
        &mut self,
        module: &Module,
        which: TensorPart,
        (held, groups): (&[&Part], usize),
        name: &str,
    ) {
        let held: Vec<_> = held.iter().filter(|p| p.kind.part() == which).collect();
        let Some(first) = held.first() else { return };
        let mut shape = first.shape.clone();
        shape[0] = held.iter().map(|part| part.shape[0]).sum();
        let part_name = match which {
            TensorPart::Weight => "weight",
            TensorPart::Bias => "bias",
        };
        let gain = first.kind == TensorKind::Gain;
        self.tensors.push(TensorName {
            name: format!("{name}.{part_name}"),
            shape,
            role: if held.len() == 1 {
                first.role
            } else {
                module.role
            },
            part: which,
            spans: (0..groups)
                .flat_map(|i| held.iter().map(move |part| span(part, i, groups)))
                .collect(),
            kind: first.kind,
            init: first.init,
            decays: first.decays,
            layer: None,
            transposed: false,
            skipped: 0,
            offset: if gain { self.names.gain_offset } else { 0.0 },
            required: !first.optional,
        });
    }
}

/// The piece `index` of `groups` pieces of a part.
fn span(part: &Part, index: usize, groups: usize) -> Span {
    let rows = part.shape[0] / groups;
    Span {
        role: part.role,
        first: index * rows,
        rows,
    }
}
