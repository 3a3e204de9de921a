//! The weights of one block as `outcrop-block` takes them, whatever their layout in the file.

use std::cell::RefCell;
use std::collections::VecDeque;

use outcrop_arch::{TensorKind, TensorName, TensorPart, TensorRole};
use outcrop_block::{Columns, Input, Weight};
use outcrop_gemm::Packed;

use crate::given::Given;
use crate::{Published, Result};

/// Memory of matrices that are read no more, for others.
#[derive(Debug, Default)]
pub(crate) struct Spare(RefCell<VecDeque<Packed>>);

impl Spare {
    pub(crate) fn of(weights: Vec<Weight>) -> Self {
        let matrices = weights.into_iter().flat_map(|weight| match weight {
            Weight::Matrix(parts) => parts,
            Weight::Vector(_) => Vec::new(),
        });
        Self(RefCell::new(matrices.collect()))
    }

    fn take(&self) -> Packed {
        self.0.borrow_mut().pop_front().unwrap_or_default()
    }
}

/// Reads the weights of a block (from 1), or those outside of all.
pub(crate) struct Reader<'a> {
    pub(crate) model: &'a Published,
    pub(crate) layer: Option<usize>,
}

/// A matrix as it is stored: [outputs, inputs], or [inputs, outputs].
struct Stored {
    values: Vec<f32>,
    transposed: bool,
    inputs: usize,
}

/// Numbers of a row of a table.
fn width(name: &TensorName) -> usize {
    let rows: usize = name.spans.iter().map(|span| span.rows).sum();
    name.shape.iter().product::<usize>() / rows.max(1)
}

impl Reader<'_> {
    /// All of them, in order.
    pub(crate) fn read(&self, inputs: &[Input]) -> Result<Vec<Weight>> {
        self.read_into(inputs, &Spare::default())
    }

    /// The same, into memory that is there.
    pub(crate) fn read_into(&self, inputs: &[Input], spare: &Spare) -> Result<Vec<Weight>> {
        let weight = |input: &Input| match (input.kind, input.experts) {
            // rows of a table, as they are
            (TensorKind::Embedding, None) if input.shape.len() == 1 => {
                self.vector(input).map(Weight::Vector)
            }
            (TensorKind::Matrix | TensorKind::Embedding, None) => {
                self.matrix(input, spare).map(Weight::Matrix)
            }
            (TensorKind::Matrix | TensorKind::Embedding, Some(experts)) => {
                self.expert_matrices(input, experts).map(Weight::Matrix)
            }
            (TensorKind::Bias | TensorKind::Gain | TensorKind::Shift | TensorKind::Alpha, None) => {
                self.vector(input).map(Weight::Vector)
            }
            (
                TensorKind::Bias | TensorKind::Gain | TensorKind::Shift | TensorKind::Alpha,
                Some(experts),
            ) => self.of_experts(input, experts, 1).map(Weight::Vector),
        };
        inputs.iter().map(weight).collect()
    }

    /// The role under which the file has several in one tensor, if it does.
    fn fused(&self, input: &Input) -> Option<TensorRole> {
        self.model.fused(self.layer, *input.roles.first()?)
    }

    pub(crate) fn vector(&self, input: &Input) -> Result<Vec<f32>> {
        let part = input.kind.part();
        if let Some(role) = self.fused(input) {
            let stored = self.model.read(self.layer, role, part)?.0;
            let order = self.model.stored_rows(self.layer, role, &input.columns);
            return Ok(order.into_iter().map(|at| stored[at]).collect());
        }
        let mut values = vec![0.0; input.shape[0]];
        for role in &input.roles {
            let stored = self.model.read(self.layer, *role, part)?.0;
            for (columns, first) in places(input, *role) {
                values[first..first + columns.outputs.len()]
                    .copy_from_slice(&stored[columns.outputs.clone()]);
            }
        }
        Ok(values)
    }

    fn stored(&self, role: TensorRole, inputs: usize) -> Result<Stored> {
        let (values, transposed) = self.model.read(self.layer, role, TensorPart::Weight)?;
        Ok(Stored {
            values,
            transposed,
            inputs,
        })
    }

    /// The numbers of a part of a plan that another family names: a vector, or a matrix [outputs, inputs].
    pub(crate) fn named(&self, name: &TensorName) -> Result<Vec<f32>> {
        // of a table every number, of a matrix or vector its outputs
        let numbers = match name.kind {
            TensorKind::Embedding => width(name),
            TensorKind::Matrix
            | TensorKind::Bias
            | TensorKind::Gain
            | TensorKind::Shift
            | TensorKind::Alpha => 1,
        };
        let columns = name.spans.iter().map(|span| Columns {
            role: span.role,
            outputs: span.first * numbers..(span.first + span.rows) * numbers,
        });
        let mut roles: Vec<TensorRole> = Vec::new();
        for span in &name.spans {
            if !roles.contains(&span.role) {
                roles.push(span.role);
            }
        }
        let inputs = match name.kind {
            TensorKind::Matrix => name.shape.last().copied(),
            TensorKind::Embedding
            | TensorKind::Bias
            | TensorKind::Gain
            | TensorKind::Shift
            | TensorKind::Alpha => None,
        };
        let outputs = name.shape.iter().product::<usize>() / inputs.unwrap_or(1).max(1);
        let input = Input {
            roles,
            kind: name.kind,
            shape: inputs.into_iter().chain([outputs]).collect(),
            columns: columns.collect(),
            experts: name.stack,
        };
        if let Some(experts) = name.stack {
            return self.of_experts(&input, experts, inputs.unwrap_or(1));
        }
        match name.kind {
            TensorKind::Matrix => self.rows(&input),
            TensorKind::Embedding
            | TensorKind::Bias
            | TensorKind::Gain
            | TensorKind::Shift
            | TensorKind::Alpha => self.vector(&input),
        }
    }

    /// A matrix [outputs, inputs].
    fn rows(&self, input: &Input) -> Result<Vec<f32>> {
        let [inputs, outputs] = [input.shape[0], input.shape[1]];
        if let Some(role) = self.fused(input) {
            let order = self.model.stored_rows(self.layer, role, &input.columns);
            return Ok(self.stored(role, inputs)?.by_outputs(order));
        }
        if let [columns] = input.columns.as_slice() {
            let order = columns.outputs.clone().collect();
            return Ok(self.stored(columns.role, inputs)?.by_outputs(order));
        }
        let mut rows = vec![0.0; inputs * outputs];
        for role in &input.roles {
            let stored = self.stored(*role, inputs)?;
            for (columns, first) in places(input, *role) {
                for (i, output) in columns.outputs.clone().enumerate() {
                    let row = &mut rows[(first + i) * inputs..][..inputs];
                    stored.output(output, row);
                }
            }
        }
        Ok(rows)
    }

    /// A matrix in parts, so that no more than one of them is in memory twice, where it is not packed as it is read.
    fn matrix(&self, input: &Input, spare: &Spare) -> Result<Vec<Packed>> {
        let [inputs, outputs] = [input.shape[0], input.shape[1]];
        let given = |columns: &[Columns]| {
            let rows = columns.iter().map(|c| (c.role, c.outputs.clone()));
            Given::new(self.model, self.layer, inputs, rows)
        };
        if let Some(role) = self.fused(input) {
            let order = self.model.stored_rows(self.layer, role, &input.columns);
            let runs = order.chunk_by(|row, next| row + 1 == *next);
            let runs = runs.map(|run| (role, run[0]..run[0] + run.len()));
            if let Some(given) = Given::new(self.model, self.layer, inputs, runs) {
                return Ok(vec![given.pack(spare.take())?]);
            }
            let stored = self.stored(role, inputs)?;
            return Ok(vec![stored.ordered(order).pack(outputs)]);
        }
        if input.columns.len() == input.roles.len() {
            let part = |columns: &Columns| {
                if let Some(given) = given(std::slice::from_ref(columns)) {
                    return given.pack(spare.take());
                }
                let stored = self.stored(columns.role, inputs)?;
                Ok(stored.pack(columns.outputs.len()))
            };
            return input.columns.iter().map(part).collect();
        }
        if let Some(given) = given(&input.columns) {
            return Ok(vec![given.pack(spare.take())?]);
        }
        let rows = self.rows(input)?;
        Ok(vec![Packed::transposed(&rows, outputs, inputs)])
    }
}

/// Where the columns of a role begin in an input.
fn places(input: &Input, role: TensorRole) -> impl Iterator<Item = (&Columns, usize)> {
    let placed = input.columns.iter().scan(0, |next, columns| {
        let first = *next;
        *next += columns.outputs.len();
        Some((columns, first))
    });
    placed.filter(move |(columns, _)| columns.role == role)
}

impl Stored {
    fn outputs(&self) -> usize {
        self.values.len() / self.inputs
    }

    /// The weights of one output, into `row`.
    fn output(&self, output: usize, row: &mut [f32]) {
        if !self.transposed {
            let weights = &self.values[output * self.inputs..];
            return row.copy_from_slice(&weights[..self.inputs]);
        }
        let weights = self.values[output..].iter().step_by(self.outputs());
        row.iter_mut().zip(weights).for_each(|(to, x)| *to = *x);
    }

    /// With the outputs in another order.
    fn ordered(self, order: Vec<usize>) -> Self {
        if order.iter().copied().eq(0..self.outputs()) {
            return self;
        }
        Self {
            values: self.gathered(order),
            transposed: false,
            inputs: self.inputs,
        }
    }

    /// These outputs in this order, [outputs, inputs].
    fn by_outputs(self, order: Vec<usize>) -> Vec<f32> {
        match !self.transposed && order.iter().copied().eq(0..self.outputs()) {
            true => self.values,
            false => self.gathered(order),
        }
    }

    fn gathered(&self, order: Vec<usize>) -> Vec<f32> {
        let mut values = vec![0.0; order.len() * self.inputs];
        let rows = values.chunks_exact_mut(self.inputs).zip(order);
        rows.for_each(|(row, output)| self.output(output, row));
        values
    }

    /// [inputs, outputs].
    fn pack(&self, outputs: usize) -> Packed {
        match self.transposed {
            true => Packed::new(&self.values, self.inputs, outputs),
            false => Packed::transposed(&self.values, outputs, self.inputs),
        }
    }
}
