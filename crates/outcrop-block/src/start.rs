//! What is done to embedded tokens before the first block.

use outcrop_arch::{Section, Step};
use outcrop_vector::add_into;
use rayon::prelude::*;

use crate::compile::norm;
use crate::input::{Columns, Input, Inputs};
use crate::op::{Map, Norm};
use crate::weight::Weights;
use crate::{Error, Result, Weight};

/// The section before the blocks, but for looking up the tokens.
#[derive(Clone, Debug)]
pub struct Start {
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
        let mut steps = Vec::new();
        let embedding = section.parts.first().and_then(|part| part.shape.get(1));
        let mut width = embedding.copied().unwrap_or(0);
        for step in &section.steps {
            steps.push(match *step {
                Step::Embed { .. } => continue,
                Step::AddPosition { .. } => StartStep::Positions,
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
                StartStep::Scale(by) => x.par_iter_mut().for_each(|x| *x *= by),
                StartStep::Project(map) => x = map.all(&weights, &x),
                StartStep::Positions => add_positions(&mut x, lengths, positions),
                StartStep::Norm(norm) => {
                    let before = x.clone();
                    norm.apply(&weights, &before, &mut x);
                }
            }
        }
        x
    }
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
