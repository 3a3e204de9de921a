//! Under which names, in which shapes and in which layout published checkpoints store weights.

use std::collections::BTreeMap;

use crate::family::{HeadGains, Layout, Module, Stack};
use crate::plan::{Draw, Part, Plan, Section, TensorKind, TensorPart, TensorRole};
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
    /// The expert that it belongs to, from 0; none where it belongs to none, or to all.
    pub expert: Option<usize>,
    /// How many experts it holds, each in one row of its first dimension; none where it is no such tensor.
    pub stack: Option<usize>,
    /// Whether the rows of the spans of one expert alternate in such a tensor; else they follow one another.
    pub interleaved: bool,
    /// Rows of the file that stand before those of the plan and mean nothing.
    pub skipped: usize,
    /// Whether files may hold it in more dimensions, its numbers in the same order.
    pub spread: bool,
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

impl TensorName {
    /// Whether a tensor of this shape can be it: one of the same shape; where it is spread, without leading dimensions of 1
    /// and with the last dimensions as one.
    pub fn fits(&self, stored: &[usize]) -> bool {
        let inner = |shape: &[usize]| -> Vec<usize> {
            shape.iter().copied().skip_while(|n| *n == 1).collect()
        };
        let (ours, theirs) = (inner(&self.shape), inner(stored));
        let count = |shape: &[usize]| shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
        let same = ours.first() == theirs.first() && count(&ours) == count(&theirs);
        self.shape == stored || self.spread && same
    }
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
        self.name_blocks(plan, self.layout().block)
    }

    /// As [`Family::tensors`] in files that hold the experts of a layer in one tensor; none where there are no such files.
    ///
    /// # Errors
    /// As [`Family::tensors`].
    pub fn stacked_tensors(&self, arch: &ArchSpec) -> Result<Option<Vec<TensorName>>> {
        match self.layout().stacked_block {
            [] => Ok(None),
            modules => self.name_blocks(&Plan::new(arch), modules).map(Some),
        }
    }

    fn name_blocks(&self, plan: &Plan, modules: &'static [Module]) -> Result<Vec<TensorName>> {
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
            list.section(plan.block(index + 1), modules, &|module| {
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
        if names
            .constants
            .iter()
            .any(|(constant, _)| name.ends_with(constant))
        {
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
        let begins = |module: &str| module.split('.').next() == Some(first);
        let bare = modules.chain([names.blocks]).any(begins);
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

    /// What a file of this architecture calls the tensor that [`Family::tensors`] lists as `name`.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, FALCON, Residual};
    ///
    /// let arch = ArchSpec { residual: Residual::Parallel, ..ArchSpec::new(1, 8, 2) };
    /// let name = FALCON.file_name(&arch, "transformer.h.0.input_layernorm.weight");
    /// assert_eq!(name, "transformer.h.0.ln_attn.weight");
    /// ```
    pub fn file_name(&self, arch: &ArchSpec, name: &str) -> String {
        let names = self.layout();
        let aliases = match names.aliased {
            Some(residual) if residual == arch.residual => names.aliases,
            Some(_) | None => &[],
        };
        let other = |name: String, [other, usual]: &[&str; 2]| {
            name.replace(&format!(".{usual}."), &format!(".{other}."))
        };
        aliases.iter().fold(name.to_owned(), other)
    }

    /// The numbers that a file with these weights holds beside them, which are the same everywhere.
    pub fn constants(&self, weights: &[TensorName]) -> BTreeMap<String, f32> {
        let mut found = BTreeMap::new();
        for (constant, value) in self.layout().constants {
            let (module, last) = constant.rsplit_once('.').unwrap_or(("", constant));
            let places = weights.iter().filter_map(|weight| {
                let (place, _) = weight.name.rsplit_once('.')?;
                place.ends_with(module).then_some(place)
            });
            found.extend(places.map(|place| (format!("{place}.{last}"), *value)));
        }
        found
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
        if tensor.stack.is_some() {
            return; // which says it itself
        }
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
            let first = self.tensors.len();
            for which in [TensorPart::Weight, TensorPart::Bias, TensorPart::Alpha] {
                let held: Vec<&Part> = held
                    .iter()
                    .filter(|p| p.kind.part() == which)
                    .copied()
                    .collect();
                if !held.is_empty() {
                    self.module(module, which, (&held, groups), &at(module.name));
                }
            }
            if let [TensorRole::QueryNorm | TensorRole::KeyNorm] = module.holds {
                self.head_gains(first, section, &at(module.name));
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

    /// Turns the tensors from `first` on, of the norm of queries or keys called `name`, into what files hold.
    fn head_gains(&mut self, first: usize, section: &Section, name: &str) {
        let (Some(gain), Some(d_head)) = (self.tensors.get(first).cloned(), section.counts()[1])
        else {
            return;
        };
        let count = gain.shape[0] / d_head;
        match self.names.head_gains {
            HeadGains::Vector => {}
            HeadGains::Matrix => self.tensors[first].shape = vec![count, d_head],
            HeadGains::Each(module) => {
                self.tensors.truncate(first);
                self.tensors.extend((0..count).map(|head| TensorName {
                    name: format!("{name}.{module}.{head}.weight"),
                    shape: vec![d_head],
                    spans: vec![Span {
                        role: gain.role,
                        first: head * d_head,
                        rows: d_head,
                    }],
                    ..gain.clone()
                }));
            }
        }
    }

    /// Into how many pieces the parts of a module are cut, one of each part following another.
    fn groups(&self, module: &Module, section: &Section) -> usize {
        let [kv_heads, _, experts] = section.counts();
        if module.stack.is_some() {
            return experts.unwrap_or(1);
        }
        match (module.role == TensorRole::QueryKeyValue, self.names.by_head) {
            (true, true) => kv_heads.unwrap_or(1),
            (true, false) => self.names.pieces,
            (false, _) => 1,
        }
    }

    /// The tensors of a module, one but where experts have their own: `groups` of pieces of the parts, one below another.
    fn module(
        &mut self,
        module: &Module,
        which: TensorPart,
        (held, groups): (&[&Part], usize),
        name: &str,
    ) {
        let spans: Vec<Span> = (0..groups)
            .flat_map(|i| held.iter().map(move |part| span(part, i, groups)))
            .collect();
        let whole = self.tensor(module, which, held, spans);
        match module.stack {
            None => self.tensors.push(TensorName {
                name: match module.bare {
                    true => name.to_owned(),
                    false => format!("{name}.{}", suffix(which)),
                },
                ..whole
            }),
            Some(Stack::Apart) => {
                let one = |expert: usize| TensorName {
                    name: format!("{name}.{}", suffix(which)).replacen(
                        "{}",
                        &expert.to_string(),
                        1,
                    ),
                    shape: [&[whole.shape[0] / groups], &whole.shape[1..]].concat(),
                    spans: vec![whole.spans[expert]],
                    expert: Some(expert),
                    ..whole.clone()
                };
                self.tensors.extend((0..groups).map(one));
            }
            Some(Stack::Together {
                transposed,
                interleaved,
            }) => {
                let mut one = [&[whole.shape[0] / groups], &whole.shape[1..]].concat();
                let transposed = transposed && which == TensorPart::Weight;
                if transposed {
                    one.reverse();
                }
                let biases = if which == TensorPart::Bias {
                    "_bias"
                } else {
                    ""
                };
                self.tensors.push(TensorName {
                    name: format!("{name}{biases}"),
                    shape: [&[groups], &one[..]].concat(),
                    stack: Some(groups),
                    transposed,
                    interleaved,
                    ..whole
                });
            }
        }
    }

    /// A tensor that holds these parts, one below another, without a name.
    fn tensor(
        &self,
        module: &Module,
        which: TensorPart,
        held: &[&Part],
        spans: Vec<Span>,
    ) -> TensorName {
        let first = held[0];
        let mut shape = first.shape.clone();
        shape[0] = held.iter().map(|part| part.shape[0]).sum();
        TensorName {
            name: String::new(),
            shape,
            role: match held.len() {
                1 => first.role,
                _ => module.role,
            },
            part: which,
            spans,
            kind: first.kind,
            init: first.init,
            decays: first.decays,
            layer: None,
            transposed: false,
            expert: None,
            stack: None,
            interleaved: false,
            skipped: 0,
            spread: self.names.spread.contains(&first.role),
            offset: match first.kind {
                TensorKind::Gain => self.names.gain_offset,
                TensorKind::Embedding
                | TensorKind::Matrix
                | TensorKind::Bias
                | TensorKind::Shift
                | TensorKind::Alpha => 0.0,
            },
            required: !first.optional,
        }
    }
}

fn suffix(part: TensorPart) -> &'static str {
    match part {
        TensorPart::Weight => "weight",
        TensorPart::Bias => "bias",
        TensorPart::Alpha => "alpha",
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
