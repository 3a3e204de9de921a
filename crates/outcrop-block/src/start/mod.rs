//! What is done to embedded tokens, or to patches, before the first block.

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
    /// The rows of this input, `count` of `width` numbers, before row `at` of every sequence.
    Insert {
        input: usize,
        at: usize,
        count: usize,
        width: usize,
    },
    Norm(Norm),
}

impl Start {
    /// Checks that it has a backward pass, hence [`Start::forward`] and [`Start::backward`].
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Patches, Plan, Position};
    /// use outcrop_block::Start;
    ///
    /// let patches = Patches { numbers: 12, bias: true, registers: 1 };
    /// let images = ArchSpec {
    ///     patches: Some(patches),
    ///     bidirectional: true,
    ///     position: Position::Learned,
    ///     ..ArchSpec::new(1, 4, 2)
    /// };
    /// let start = Start::new(&Plan::new(&images).start)?;
    /// assert!(start.trains().is_err());
    /// assert_eq!(start.inputs().len(), 4); // matrix and bias, the class token, one register
    /// # Ok::<(), outcrop_block::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Lack`] for that of a model of images.
    pub fn trains(&self) -> Result<()> {
        let embeds = |table: &Input| table.roles.contains(&TensorRole::TokenEmbedding);
        match self.tables.first().is_some_and(embeds) {
            true => Ok(()),
            false => Err(Error::lack("gradients of patches")),
        }
    }

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
                Step::Insert { role, at } => {
                    let input = inputs.rows(role)?;
                    let count = inputs.list[input].shape[0] / width.max(1);
                    StartStep::Insert {
                        input,
                        at,
                        count,
                        width,
                    }
                }
                Step::Scale { by, .. } => StartStep::Scale(by as f32),
                Step::Norm { .. } | Step::DynamicTanh { .. } => {
                    StartStep::Norm(norm(&mut inputs, step, width)?)
                }
                Step::Project { role, .. } => {
                    let outputs = 0..inputs.matrix(role)?[0];
                    width = outputs.end;
                    StartStep::Project(inputs.map(vec![Columns { role, outputs }])?)
                }
                Step::HeadNorm { .. }
                | Step::ProjectSlices { .. }
                | Step::Clip { .. }
                | Step::Gain { .. }
                | Step::Remove { .. }
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

    /// How many rows it puts into every sequence.
    pub fn inserted(&self) -> usize {
        let count = |step: &StartStep| match step {
            StartStep::Insert { count, .. } => *count,
            StartStep::Scale(_)
            | StartStep::Project(_)
            | StartStep::Positions
            | StartStep::Norm(_) => 0,
        };
        self.steps.iter().map(count).sum()
    }

    /// The tensors that it takes, in order, but for the tables of tokens and positions.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The residual streams before the first block, of the rows of the embedding `x` of sequences of these
    /// `lengths`, one after another, and longer by what it inserts; a model of images takes the numbers of patches in the place
    /// of the embedding. `positions` are the vectors of positions from the first on, if there
    /// are such. In parallel on the current rayon pool.
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
        let mut lengths = lengths.to_vec();
        for step in &self.steps {
            match step {
                StartStep::Positions => add_positions(&mut x, &lengths, positions),
                StartStep::Insert { input, at, .. } => {
                    x = inserted(&x, &mut lengths, weights.vector(*input), *at);
                }
                StartStep::Scale(_) | StartStep::Project(_) | StartStep::Norm(_) => {
                    step.apply(&weights, &mut x);
                }
            }
        }
        x
    }
}

impl StartStep {
    /// On all rows; what they were before, where the gradients of the step need it. Positions are added and rows inserted elsewhere.
    fn apply(&self, weights: &Weights<'_>, x: &mut Vec<f32>) -> Vec<f32> {
        match self {
            Self::Positions | Self::Insert { .. } => Vec::new(),
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

/// Puts the rows of `table` before row `at` of every sequence; `lengths` grow with it.
fn inserted(x: &[f32], lengths: &mut [usize], table: &[f32], at: usize) -> Vec<f32> {
    let width = x.len() / lengths.iter().sum::<usize>().max(1);
    let mut longer = Vec::with_capacity(x.len() + lengths.len() * table.len());
    let mut rest = x;
    for tokens in lengths {
        let (rows, later) = rest.split_at(*tokens * width);
        let (before, after) = rows.split_at(at * width);
        longer.extend_from_slice(before);
        longer.extend_from_slice(table);
        longer.extend_from_slice(after);
        *tokens += table.len() / width;
        rest = later;
    }
    longer
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
