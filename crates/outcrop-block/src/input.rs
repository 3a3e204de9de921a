//! The tensors that a section takes.

use std::ops::Range;

use outcrop_arch::{Part, Section, TensorKind, TensorRole};

use crate::op::{Map, Slices};
use crate::{Error, Result};

/// One tensor that a section takes: a vector, or a matrix of one projection or of several that read the
/// same rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its roles; several projections in one matrix or bias are each listed once.
    pub roles: Vec<TensorRole>,
    /// Its kind.
    pub kind: TensorKind,
    /// [inputs, outputs] of a matrix, \[n\] of a vector.
    pub shape: Vec<usize>,
    /// The content of its columns (the last dimension), from the first to the last.
    pub columns: Vec<Columns>,
    /// How many experts have matrices in it, one beside another, each of as many columns; none where it is one matrix.
    /// [`Weight::Matrix`](crate::Weight::Matrix) then has a part for each.
    pub experts: Option<usize>,
}

/// Consecutive columns of an [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Their role.
    pub role: TensorRole,
    /// Which outputs of that part (rows of its matrix [outputs, inputs], numbers of its bias), one a column.
    pub outputs: Range<usize>,
}

/// Inputs in the order of their first use.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    section: &'a Section,
    pub(crate) list: Vec<Input>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(section: &'a Section) -> Self {
        let list = Vec::new();
        Self { section, list }
    }

    pub(crate) fn part(&self, role: TensorRole, kind: TensorKind) -> Option<&'a Part> {
        let mut parts = self.section.parts.iter();
        parts.find(|part| part.role == role && part.kind == kind)
    }

    /// Number of outputs and of inputs of a projection.
    pub(crate) fn matrix(&self, role: TensorRole) -> Result<[usize; 2]> {
        let part = self.part(role, TensorKind::Matrix);
        let shape = part.and_then(|part| part.shape.as_slice().try_into().ok());
        shape.ok_or_else(|| Error::Part {
            role: format!("{role:?}"),
            kind: "matrix",
        })
    }

    /// The vector of a role, if the section has it.
    pub(crate) fn vector(&mut self, role: TensorRole, kind: TensorKind) -> Option<usize> {
        let width = self.part(role, kind)?.shape[0];
        let outputs = 0..width;
        Some(self.add(kind, vec![width], vec![Columns { role, outputs }]))
    }

    /// The rows of a table, one after another in a vector.
    pub(crate) fn rows(&mut self, role: TensorRole) -> Result<usize> {
        let kind = TensorKind::Embedding;
        let part = self.part(role, kind).ok_or_else(|| Error::Part {
            role: format!("{role:?}"),
            kind: "table",
        })?;
        let outputs = 0..part.shape.iter().product();
        let columns = Columns { role, outputs };
        Ok(self.add(kind, vec![columns.outputs.len()], vec![columns]))
    }

    /// A row of a table for each slice of rows of `width` numbers.
    pub(crate) fn slices(&mut self, role: TensorRole, width: usize) -> Result<Slices> {
        let count = self
            .part(role, TensorKind::Embedding)
            .map(|part| part.shape[0]);
        let table = self.rows(role)?;
        let count = count.filter(|_| self.list[table].shape[0] == width);
        let count =
            count.ok_or_else(|| Error::lack(format!("slices of {width} numbers by {role:?}")))?;
        let bias = self.vector(role, TensorKind::Bias);
        Ok(Slices { table, bias, count })
    }

    /// One map of projections that read the same rows.
    pub(crate) fn map(&mut self, columns: Vec<Columns>) -> Result<Map> {
        let mut inputs = 0;
        for part in &columns {
            inputs = self.matrix(part.role)?[1];
        }
        let outputs = columns.iter().map(|part| part.outputs.len()).sum();
        let biased = |part: &Columns| self.part(part.role, TensorKind::Bias).is_some();
        let (some, all) = (columns.iter().any(biased), columns.iter().all(biased));
        if some && !all {
            return Err(Error::lack(
                "a bias in some of the projections of the same rows",
            ));
        }
        let weight = self.add(TensorKind::Matrix, vec![inputs, outputs], columns.clone());
        let bias = all.then(|| self.add(TensorKind::Bias, vec![outputs], columns));
        Ok(Map {
            weight,
            bias,
            inputs,
            outputs,
        })
    }

    pub(crate) fn add(
        &mut self,
        kind: TensorKind,
        shape: Vec<usize>,
        columns: Vec<Columns>,
    ) -> usize {
        let mut roles: Vec<TensorRole> = Vec::new();
        for part in &columns {
            if !roles.contains(&part.role) {
                roles.push(part.role);
            }
        }
        self.list.push(Input {
            roles,
            kind,
            shape,
            columns,
            experts: None,
        });
        self.list.len() - 1
    }
}
