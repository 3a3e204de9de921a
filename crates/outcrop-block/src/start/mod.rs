//! What is done to embedded tokens before the first block.

mod train;

use outcrop_arch::{Section, Step, TensorKind, TensorRole};
use outcrop_vector::add_into;
use rayon::prelude::*;

pub use self::train::StartTape;
use crate::compile::norm;
use crate::input::{Columns, Input, Inputs};
use crate::op::{Map, Norm};
use crate::weight::Weights;
use crate::{Error, Result, Weight};

/// The section before the blocks. [`Start::run`] begins behind looking up the tokens, [`Start::forward`] with it.
#[derive(Clone, Debug)]
pub struct Start {
    tables: Vec<Input>,
    inputs: Vec<Input>,
    steps: Vec<StartStep>,
}

#[derive(Clone, Copy, Debug)]
enum StartStep {
    Scale(f32),
    Project(Map),
    Positions,
    Norm(Norm),
}

impl Start {
    /// Of the section of a plan that stands before the blocks.
    ///
    /// # Errors
    /// [`Error::Lack`] for steps that this crate cannot compute there, [`Error::Part`] for a step without its
    /// weight.
    pub fn new(section: &Section) -> Result<Self> {
        let mut inputs = Inputs::new(section);
        let (mut steps, mut tables) = (Vec::new(), Vec::new());
        let embedding = section.parts.first().and_then(|part| part.shape.get(1));
        let mut width = embedding.copied().unwrap_or(0);
        for step in &section.steps {
            steps.push(match *step {
                Step::Embed { role } => {
                    tables.push(table(section, role)?);
                    continue;
                }
                Step::AddPosition { role } => {
                    tables.push(table(section, role)?);
                    StartStep::Positions
                }
                Step::Scale { by, .. } => StartStep::Scale(by as f32),
                Step::Norm { .. } => StartStep::Norm(norm(&mut inputs, step, width)?),
                Step::Project { role, .. } => {
                    let outputs = 0..inputs.matrix(role)?[0];
                    width = outputs.end;
                    StartStep::Project(inputs.map(vec![Columns { role, outputs }])?)
                }
                Step::HeadNorm { .. }
                | Step::Clip { .. }
                | Step::Rotate { .. }
                | Step::Attend { .. }
                | Step::Activate { .. }
                | Step::Multiply { .. }
                | Step::Experts { .. }
                | Step::Add { .. }
                | Step::Unembed { .. } => {
                    return Err(Error::lack(format!("{step:?} before the first block")));
                }
            });
        }
        Ok(Self {
            tables,
            inputs: inputs.list,
            steps,
        })
    }

    /// The tensors that it takes, in order, but for the tables of tokens and positions.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The residual streams before the first block, of the rows of the embedding `x` of sequences of these
    /// `lengths`, one after another. `positions` are the vectors of positions from the first on, if there are such. In
    /// parallel on the current rayon pool.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Plan, Scale};
    /// use outcrop_block::Start;
    ///
    /// let scale = Scale { embedding: 8.0, ..Scale::default() };
    /// let start = Start::new(&Plan::new(&ArchSpec { scale, ..ArchSpec::new(1, 4, 2) }).start)?;
    /// let rows = start.run(&[], vec![0.5; 2 * 4], &[2], &[]);
    /// assert_eq!(rows, [4.0; 8]);
    /// # Ok::<(), outcrop_block::Error>(())
    /// ```
    pub fn run(
        &self,
        weights: &[Weight],
        mut x: Vec<f32>,
        lengths: &[usize],
        positions: &[f32],
    ) -> Vec<f32> {
        let weights = Weights::packed(weights);
        for step in &self.steps {
            match step {
                StartStep::Positions => add_positions(&mut x, lengths, positions),
                StartStep::Scale(_) | StartStep::Project(_) | StartStep::Norm(_) => {
                    step.apply(&weights, &mut x);
                }
            }
        }
        x
    }
}

impl StartStep {
    /// On all rows; what they were before, where the gradients of the step need it. Positions are added elsewhere.
    fn apply(&self, weights: &Weights<'_>, x: &mut Vec<f32>) -> Vec<f32> {
        match self {
            Self::Positions => Vec::new(),
            Self::Scale(by) => {
                x.par_iter_mut().for_each(|x| *x *= by);
                Vec::new()
            }
            Self::Project(map) => {
                let y = map.all(weights, x);
                std::mem::replace(x, y)
            }
            Self::Norm(norm) => {
                let before = x.clone();
                norm.apply(weights, &before, x);
                before
            }
        }
    }
}

/// The table [rows, width] of tokens or positions.
fn table(section: &Section, role: TensorRole) -> Result<Input> {
    let kind = TensorKind::Embedding;
    let mut parts = section.parts.iter();
    let part = parts.find(|part| part.role == role && part.kind == kind);
    let part = part.ok_or_else(|| Error::Part {
        role: format!("{role:?}"),
        kind: "table",
    })?;
    let outputs = 0..part.shape[0];
    Ok(Input {
        roles: vec![role],
        kind,
        shape: part.shape.clone(),
        columns: vec![Columns { role, outputs }],
        experts: None,
    })
}

/// Adds the vector of its position to each row.
fn add_positions(x: &mut [f32], lengths: &[usize], positions: &[f32]) {
    let width = x.len() / lengths.iter().sum::<usize>().max(1);
    let mut rest = x;
    for tokens in lengths {
        let (rows, later) = rest.split_at_mut(tokens * width);
        add_into(&positions[..rows.len()], rows);
        rest = later;
    }
}
