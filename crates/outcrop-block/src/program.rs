//! Which operations are computed again and which gradients follow, in order.

use crate::compile::Compiled;
use crate::layout::{Keeps, Layout, Storage, allocate};
use crate::op::{Experts, Kind, Map, Value, X};
use crate::turn::Turns;

/// One step of the backward pass, about an operation of the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Computes its value again.
    Again,
    /// The gradients of what it read, and of its gain and shift; of a nonlinearity also its value again.
    Whole,
    /// The gradient of what it read.
    Input,
    /// The gradients of its matrix and bias.
    Weight,
}

/// The backward pass of a block.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) steps: Vec<(Action, usize)>,
    /// Where values lie.
    pub(crate) layout: Layout,
    /// Where gradients lie, by value.
    pub(crate) gradients: Vec<Option<Storage>>,
    /// Inputs that are matrices of what is computed again.
    pub(crate) again: Vec<usize>,
}

impl Program {
    pub(crate) fn new(compiled: &Compiled, keeps: &Keeps) -> Self {
        let mut list = List {
            compiled,
            keeps,
            there: vec![X],
            steps: Vec::new(),
        };
        list.all();
        let steps = list.steps;
        let (layout, gradients) = places(compiled, keeps, &steps);
        let again = steps.iter().filter_map(|(action, op)| {
            let map = map(compiled.ops[*op].kind)?;
            (*action == Action::Again).then_some(map.weight)
        });
        let experts = compiled.experts.iter().flat_map(Experts::matrices);
        Self {
            again: again.chain(experts).collect(),
            steps,
            layout,
            gradients,
        }
    }
}

fn map(kind: Kind) -> Option<Map> {
    match kind {
        Kind::Project(map) | Kind::AddProjected(map) => Some(map),
        Kind::Norm(_)
        | Kind::ProjectSlices(_)
        | Kind::Add
        | Kind::Scale(_)
        | Kind::Gain(_)
        | Kind::Gate { .. }
        | Kind::Turn
        | Kind::Attend
        | Kind::Experts
        | Kind::Activate { .. } => None,
    }
}

/// Steps that become more.
struct List<'a> {
    compiled: &'a Compiled,
    keeps: &'a Keeps,
    /// Values that are there beside those that were kept.
    there: Vec<Value>,
    steps: Vec<(Action, usize)>,
}

impl List<'_> {
    fn all(&mut self) {
        let ops = &self.compiled.ops;
        let mut done = vec![false; ops.len()];
        for (at, op) in ops.iter().enumerate().rev() {
            if done[at] {
                continue;
            }
            match op.kind {
                Kind::Project(_) | Kind::AddProjected(_) => match self.nonlinearity(op.from) {
                    // which gives its value with its gradient
                    Some(before) => {
                        self.steps.push((Action::Input, at));
                        ops[before].reads().for_each(|value| self.ensure(value));
                        self.steps.push((Action::Whole, before));
                        self.steps.push((Action::Weight, at));
                        done[before] = true;
                    }
                    None => {
                        self.ensure(op.from);
                        self.steps.push((Action::Weight, at));
                        self.steps.push((Action::Input, at));
                    }
                },
                Kind::Turn if self.keeps.turned_in_place => self.steps.push((Action::Whole, at)),
                // a block with them has no backward pass
                Kind::Gain(_) => {}
                Kind::Norm(_)
                | Kind::ProjectSlices(_)
                | Kind::Turn
                | Kind::Attend
                | Kind::Activate { .. }
                | Kind::Experts
                | Kind::Gate { .. } => {
                    op.reads().for_each(|value| self.ensure(value));
                    self.steps.push((Action::Whole, at));
                }
                Kind::Add | Kind::Scale(_) => self.steps.push((Action::Whole, at)),
            }
        }
    }

    /// The nonlinearity, or the gate, that wrote a value.
    fn nonlinearity(&self, value: Value) -> Option<usize> {
        let at = self.writer(value)?;
        let kind = self.compiled.ops[at].kind;
        matches!(kind, Kind::Activate { .. } | Kind::Gate { .. }).then_some(at)
    }

    fn writer(&self, value: Value) -> Option<usize> {
        self.compiled.ops.iter().position(|op| op.to == value)
    }

    /// Checks that a value is there.
    fn ensure(&mut self, value: Value) {
        if self.there.contains(&value) || self.keeps.place(value).is_some() {
            return;
        }
        let Some(at) = self.writer(value) else { return };
        let reads = self.compiled.ops[at].reads();
        reads.for_each(|value| self.ensure(value));
        if let Some(before) = self.compiled.residual_before(at) {
            self.ensure(before);
        }
        self.steps.push((Action::Again, at));
        self.there.push(value);
    }
}

/// Where values and gradients lie.
fn places(
    compiled: &Compiled,
    keeps: &Keeps,
    steps: &[(Action, usize)],
) -> (Layout, Vec<Option<Storage>>) {
    let count = compiled.values.len();
    let mut places: Vec<Option<Storage>> = vec![None; count];
    places[X] = Some(Storage::Fixed(0));
    for (i, value) in keeps.values.iter().enumerate() {
        places[*value] = Some(Storage::Fixed(i + 1));
    }
    // gradients that change in their place
    let mut root: Vec<Value> = (0..count).collect();
    for op in compiled.ops.iter().rev() {
        let in_place = match op.kind {
            Kind::Turn
            | Kind::Scale(_)
            | Kind::Gate { .. }
            | Kind::Activate { gated: false, .. } => true,
            Kind::Norm(_)
            | Kind::Project(_)
            | Kind::ProjectSlices(_)
            | Kind::AddProjected(_)
            | Kind::Add
            | Kind::Attend
            | Kind::Experts
            | Kind::Gain(_)
            | Kind::Activate { gated: true, .. } => false,
        };
        if in_place {
            root[op.from] = root[op.to];
        }
    }
    let gradient = |value: Value| {
        let residual = compiled.values[value].residual;
        (!residual).then_some(count + root[value])
    };
    let value = |value: Value| places[value].is_none().then_some(value);
    let uses = steps.iter().map(|(action, at)| {
        let op = compiled.ops[*at];
        let needs = Turns::keeps(&compiled.turns) || op.kind != Kind::Turn;
        let reads: Vec<Value> = op.reads().collect();
        let used: Vec<Option<usize>> = match action {
            Action::Again => {
                let before = compiled.residual_before(*at).and_then(value);
                let from = reads.into_iter().map(value);
                from.chain([value(op.to), before]).collect()
            }
            Action::Whole => {
                let needs = needs && !matches!(op.kind, Kind::Add | Kind::Scale(_));
                let from = reads.iter().map(|from| value(*from).filter(|_| needs));
                let active = matches!(
                    op.kind,
                    Kind::Activate { .. } | Kind::Attend | Kind::Gate { .. }
                );
                let to = value(op.to).filter(|_| active);
                let gradients = reads.iter().map(|from| gradient(*from));
                let used = from.chain([to]).chain(gradients);
                used.chain([gradient(op.to)]).collect()
            }
            Action::Input => vec![gradient(op.from), gradient(op.to)],
            Action::Weight => vec![value(op.from), gradient(op.to)],
        };
        used.into_iter().flatten().collect()
    });
    let uses: Vec<Vec<usize>> = uses.collect();
    let (registers, scratch) = allocate(&uses, &|resource| compiled.values[resource % count].width);
    let mut gradients: Vec<Option<Storage>> = vec![None; count];
    for (resource, register) in registers {
        let list = if resource < count {
            &mut places
        } else {
            &mut gradients
        };
        list[resource % count] = Some(Storage::Scratch(register));
    }
    for value in 0..count {
        gradients[value] = match compiled.values[value].residual {
            true => Some(Storage::Residual),
            false => gradients[root[value]],
        };
    }
    (Layout { places, scratch }, gradients)
}
