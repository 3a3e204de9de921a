//! From the steps of a plan to operations: projections of the same rows become one, an addition of what a
//! projection writes becomes part of it, norms move to where they are needed.

mod end;
mod experts;
mod order;
#[cfg(test)]
mod tests;
mod turns;

pub(crate) use end::{End, end};

use std::ops::Range;

use outcrop_arch::{Angles, Nonlinearity, Rows, Section, Step, TensorKind, TensorRole};

use crate::extra::Extra;
use crate::heads::Heads;
use crate::input::{Columns, Input, Inputs};
use crate::op::{Experts, Kind, Norm, Op, Shape, Turn, TurnKind, Value, X};
use crate::{Error, Result};

/// A section as operations.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compiled {
    pub(crate) inputs: Vec<Input>,
    pub(crate) values: Vec<Shape>,
    pub(crate) ops: Vec<Op>,
    /// Which of them is attention; those before are what it needs.
    pub(crate) attend: usize,
    pub(crate) heads: Heads,
    /// Of the operation that is a mixture of experts, where there is one.
    pub(crate) experts: Option<Experts>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) angles: Vec<Angles>,
}

pub(crate) fn compile(section: &Section) -> Result<Compiled> {
    let heads = section.steps.iter().find_map(turns::heads);
    let heads = heads.ok_or_else(|| Error::lack("no attention"))?;
    if heads.bidirectional && (heads.window != usize::MAX || heads.alibi.is_some()) {
        return Err(Error::lack(
            "a window or linear biases of attention that sees later positions",
        ));
    }
    let d_model = Inputs::new(section).matrix(TensorRole::Query)?[1];
    let mut list = List {
        inputs: Inputs::new(section),
        rows: vec![(Rows::Residual, X)],
        again: Vec::new(),
        values: vec![Shape {
            width: d_model,
            residual: true,
        }],
        ops: Vec::new(),
        heads,
        experts: None,
        turns: Vec::new(),
        angles: Vec::new(),
    };
    let mut steps = section.steps.as_slice();
    while let [step, rest @ ..] = steps {
        steps = list.step(step, rest)?;
    }
    let (ops, attend) = order::ordered(list.ops, &list.values)?;
    Ok(Compiled {
        inputs: list.inputs.list,
        values: list.values,
        ops,
        attend,
        heads: list.heads,
        experts: list.experts,
        turns: list.turns,
        angles: list.angles,
    })
}

/// Operations that become more.
struct List<'a> {
    inputs: Inputs<'a>,
    /// What the rows of the plan hold now.
    rows: Vec<(Rows, Value)>,
    /// The same rows once more, for another step that reads them.
    again: Vec<(Rows, Value)>,
    values: Vec<Shape>,
    ops: Vec<Op>,
    heads: Heads,
    experts: Option<Experts>,
    turns: Vec<Turn>,
    angles: Vec<Angles>,
}

impl List<'_> {
    /// Takes a step, with those of `rest` that belong to it; what remains.
    fn step<'s>(&mut self, step: &Step, rest: &'s [Step]) -> Result<&'s [Step]> {
        match *step {
            Step::Norm { from, to, .. } | Step::DynamicTanh { from, to, .. } => {
                let from = self.value(from)?;
                let norm = self.norm(step, self.values[from].width)?;
                self.op(Kind::Norm(norm), from, to, norm.width);
                // rows have one reader: another gets rows of its own
                for _ in 1..readers(to, rest) {
                    self.op(Kind::Norm(norm), from, to, norm.width);
                    self.again.extend(self.rows.pop());
                }
            }
            Step::Scale { of, by } => {
                let from = self.value(of)?;
                if self.values[from].residual {
                    return Err(Error::lack("a residual stream that is scaled"));
                }
                let width = self.values[from].width;
                self.op(Kind::Scale(by as f32), from, of, width);
            }
            Step::Gain { role, of } => {
                let (from, missing) = (self.value(of)?, || Error::Part {
                    role: format!("{role:?}"),
                    kind: "gain",
                });
                let gain = self.inputs.vector(role, TensorKind::Gain);
                let width = self.values[from].width;
                if self.values[from].residual {
                    return Err(Error::lack("a residual stream with a gain"));
                }
                self.op(Kind::Gain(gain.ok_or_else(missing)?), from, of, width);
            }
            Step::Clip { of, limit } => self.turn(of, TurnKind::Clip(limit as f32))?,
            Step::Project { .. } => return self.project(step, rest),
            Step::ProjectSlices { role, from, to } => {
                let from = self.reading(from)?;
                let slices = self.inputs.slices(role, self.values[from].width)?;
                self.op(Kind::ProjectSlices(slices), from, to, slices.count);
            }
            Step::HeadNorm { of, .. } => {
                let norm = self.head_norm(step)?;
                self.turn(of, TurnKind::Norm(norm))?;
            }
            Step::Rotate {
                of,
                ref angles,
                pairs,
            } => {
                let known = self.angles.iter().position(|known| known == angles);
                let table = known.unwrap_or(self.angles.len());
                if known.is_none() {
                    self.angles.push(angles.clone());
                }
                self.turn(of, TurnKind::Rotate { table, pairs })?;
            }
            Step::Attend { extra, .. } => {
                self.heads.extra = Extra::of(extra, &mut self.inputs)?;
                self.attend()?;
            }
            Step::Activate { kind, of } => return self.activate(kind, of, rest),
            Step::Multiply { .. } => return Err(Error::lack("a product of rows that is no gate")),
            Step::Experts { from, to, .. } => {
                let experts = self.inputs.experts(step)?;
                let from = self.reading(from)?;
                self.op(Kind::Experts, from, to, experts.last.outputs);
                if self.experts.replace(experts).is_some() {
                    return Err(Error::lack("experts twice"));
                }
            }
            Step::Add { from, to } => self.add(from, to)?,
            Step::Embed { .. }
            | Step::AddPosition { .. }
            | Step::Insert { .. }
            | Step::Remove { .. }
            | Step::Unembed { .. } => {
                return Err(Error::lack("steps that belong before or after the blocks"));
            }
        }
        Ok(rest)
    }

    fn value(&self, rows: Rows) -> Result<Value> {
        let found = self.rows.iter().rev().find(|(known, _)| *known == rows);
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| Error::lack(format!("{rows:?} that were not computed before")))
    }

    /// Rows for one more step that reads them.
    fn reading(&mut self, rows: Rows) -> Result<Value> {
        let spare = self.again.iter().position(|(known, _)| *known == rows);
        match spare {
            Some(spare) => Ok(self.again.remove(spare).1),
            None => self.value(rows),
        }
    }

    /// Adds an operation that writes fresh rows.
    fn op(&mut self, kind: Kind, from: Value, to: Rows, width: usize) {
        let residual = to == Rows::Residual;
        self.values.push(Shape { width, residual });
        let value = self.values.len() - 1;
        self.rows.push((to, value));
        self.ops.push(Op {
            kind,
            from,
            to: value,
        });
    }

    fn norm(&mut self, step: &Step, width: usize) -> Result<Norm> {
        norm(&mut self.inputs, step, width)
    }

    /// All projections of the same rows, from `first` on.
    fn project<'s>(&mut self, first: &Step, rest: &'s [Step]) -> Result<&'s [Step]> {
        let Step::Project { role, from, to } = *first else {
            return Ok(rest);
        };
        let mut targets = vec![(role, to)];
        let same = |step: &Step| {
            let Step::Project { role, from: f, to } = *step else {
                return None;
            };
            (f == from).then_some((role, to))
        };
        targets.extend(rest.iter().map_while(same));
        let rest = &rest[targets.len() - 1..];
        let columns = self.columns(&targets)?;
        let from = self.reading(from)?;
        let map = self.inputs.map(columns)?;
        self.op(Kind::Project(map), from, targets[0].1, map.outputs);
        let value = self.values.len() - 1;
        let others = targets[1..].iter().map(|(_, to)| (*to, value));
        self.rows.extend(others);
        Ok(rest)
    }

    /// Which outputs of which projection stand in the columns of one matrix.
    fn columns(&self, targets: &[(TensorRole, Rows)]) -> Result<Vec<Columns>> {
        let whole = |role: TensorRole| -> Result<Columns> {
            let outputs = 0..self.inputs.matrix(role)?[0];
            Ok(Columns { role, outputs })
        };
        match *targets {
            [
                (query, Rows::Queries),
                (key, Rows::Keys),
                (value, Rows::Values),
            ] => {
                let heads = self.heads.columns();
                let column = |(which, outputs): (usize, Range<usize>)| Columns {
                    role: [query, key, value][which],
                    outputs,
                };
                Ok(heads.map(column).collect())
            }
            [(gate, Rows::Gate), (up, Rows::Hidden)] => Ok(vec![whole(gate)?, whole(up)?]),
            [(role, Rows::Hidden | Rows::Write | Rows::ReadGate)] => Ok(vec![whole(role)?]),
            _ => Err(Error::lack(format!("projections to {targets:?}"))),
        }
    }

    fn attend(&mut self) -> Result<()> {
        let mut from = self.value(Rows::Queries)?;
        if !self.turns.is_empty() {
            self.op(Kind::Turn, from, Rows::Queries, self.heads.width());
            from = self.values.len() - 1;
        }
        self.op(Kind::Attend, from, Rows::Read, self.heads.out());
        Ok(())
    }

    fn activate<'s>(
        &mut self,
        kind: Nonlinearity,
        of: Rows,
        rest: &'s [Step],
    ) -> Result<&'s [Step]> {
        let from = self.value(of)?;
        let width = self.values[from].width;
        let gated = Step::Multiply {
            from: Rows::Gate,
            to: Rows::Hidden,
        };
        let read_gated = Step::Multiply {
            from: Rows::ReadGate,
            to: Rows::Read,
        };
        match (of, rest.split_first()) {
            (Rows::ReadGate, Some((next, rest)))
                if *next == read_gated && kind != Nonlinearity::Xielu =>
            {
                let (read, by) = (self.value(Rows::Read)?, from);
                let width = self.values[read].width;
                self.op(Kind::Gate { kind, by }, read, Rows::Read, width);
                Ok(rest)
            }
            (Rows::Hidden, _) => {
                let alphas = self.alphas(kind)?;
                let gated = false;
                let kind = Kind::Activate {
                    kind,
                    gated,
                    alphas,
                };
                self.op(kind, from, Rows::Hidden, width);
                Ok(rest)
            }
            (Rows::Gate, Some((next, rest)))
                if *next == gated
                    && kind != Nonlinearity::Xielu
                    && self.value(Rows::Hidden)? == from =>
            {
                let gated = true;
                let kind = Kind::Activate {
                    kind,
                    gated,
                    alphas: None,
                };
                self.op(kind, from, Rows::Hidden, width / 2);
                Ok(rest)
            }
            _ => Err(Error::lack(format!("a nonlinearity of {of:?}"))),
        }
    }

    /// The learned numbers of a nonlinearity, where it has some.
    fn alphas(&mut self, kind: Nonlinearity) -> Result<Option<[usize; 2]>> {
        if kind != Nonlinearity::Xielu {
            return Ok(None);
        }
        let roles = [
            TensorRole::ActivationPositive,
            TensorRole::ActivationNegative,
        ];
        let [a, b] = roles.map(|role| self.inputs.vector(role, TensorKind::Shift));
        let missing = || Error::Part {
            role: format!("{:?}", roles[0]),
            kind: "shift",
        };
        Ok(Some([a.ok_or_else(missing)?, b.ok_or_else(missing)?]))
    }

    fn add(&mut self, from: Rows, to: Rows) -> Result<()> {
        let written = self.value(from)?;
        if to != Rows::Residual || self.values[written].residual {
            return Err(Error::lack(format!("{from:?} added to {to:?}")));
        }
        let width = self.values[X].width;
        match self.ops.pop() {
            // its rows are not needed by themselves
            Some(Op {
                kind: Kind::Project(map),
                from,
                to: value,
            }) if value == written
                && value + 1 == self.values.len()
                && !self.values[from].residual =>
            {
                self.values.pop();
                self.op(Kind::AddProjected(map), from, to, width);
            }
            last => {
                self.ops.extend(last);
                self.op(Kind::Add, written, to, width);
            }
        }
        Ok(())
    }
}

/// How many projections, or groups of them, of `rest` read these rows before they are written again.
fn readers(rows: Rows, rest: &[Step]) -> usize {
    let reads = |step: &Step| {
        let (Step::Project { from, .. }
        | Step::ProjectSlices { from, .. }
        | Step::Experts { from, .. }) = step
        else {
            return false;
        };
        *from == rows
    };
    let writes = |step: &Step| match step {
        Step::Norm { to, .. }
        | Step::DynamicTanh { to, .. }
        | Step::Project { to, .. }
        | Step::ProjectSlices { to, .. }
        | Step::Experts { to, .. }
        | Step::Add { to, .. } => *to == rows,
        Step::Embed { .. }
        | Step::AddPosition { .. }
        | Step::Insert { .. }
        | Step::Remove { .. }
        | Step::Gain { .. }
        | Step::Scale { .. }
        | Step::HeadNorm { .. }
        | Step::Clip { .. }
        | Step::Rotate { .. }
        | Step::Attend { .. }
        | Step::Activate { .. }
        | Step::Multiply { .. }
        | Step::Unembed { .. } => false,
    };
    let until = rest.iter().position(writes).unwrap_or(rest.len());
    let steps = rest[..until].chunk_by(|a, b| reads(a) && reads(b));
    let steps = steps.filter(|steps| reads(&steps[0]));
    steps.count()
}

/// The norm of a step, of rows of `width` numbers.
pub(crate) fn norm(inputs: &mut Inputs<'_>, step: &Step, width: usize) -> Result<Norm> {
    let (role, centred, eps) = if let Step::Norm {
        role, centred, eps, ..
    } = *step
    {
        (role, centred, eps)
    } else if let Step::DynamicTanh { role, .. } = *step {
        (role, false, 0.0)
    } else {
        return Err(Error::lack("a norm that is none"));
    };
    let alpha = inputs.part(role, TensorKind::Alpha);
    if matches!(step, Step::DynamicTanh { .. }) && alpha.is_none() {
        return Err(Error::Part {
            role: format!("{role:?}"),
            kind: "alpha",
        });
    }
    Ok(Norm {
        width,
        gains: 1,
        centred,
        eps: eps as f32,
        gain: inputs.vector(role, TensorKind::Gain),
        shift: inputs.vector(role, TensorKind::Shift),
        alpha: inputs.vector(role, TensorKind::Alpha),
    })
}
