//! The section after the blocks.

use outcrop_arch::{Section, Step, TensorKind, TensorRole};

use crate::input::{Columns, Input, Inputs};
use crate::op::{Map, Norm};
use crate::{Error, Result};

/// What is removed, a norm and a projection, where there are such, and the unembedding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) inputs: Vec<Input>,
    /// How many rows at the beginning of every sequence fall away first.
    pub(crate) removed: usize,
    pub(crate) norm: Option<Norm>,
    pub(crate) projection: Option<Map>,
    /// The unembedding [width, vocab]; the table of tokens [vocab, width] where they are tied.
    pub(crate) unembedding: Map,
    pub(crate) tied: bool,
    /// What logits are multiplied by.
    pub(crate) scale: f32,
    /// The bound c of logits l, which become c tanh(l / c).
    pub(crate) softcap: Option<f32>,
}

pub(crate) fn end(section: &Section) -> Result<End> {
    let mut inputs = Inputs::new(section);
    let [vocab, width] = inputs.matrix(TensorRole::Unembedding)?;
    let mut steps = section.steps.as_slice();
    let (mut removed, mut norm, mut projection) = (0, None, None);
    if let [Step::Remove { count }, rest @ ..] = steps {
        (removed, steps) = (*count, rest);
    }
    if let [
        step @ (Step::Norm { .. } | Step::DynamicTanh { .. }),
        rest @ ..,
    ] = steps
    {
        let projected = inputs.matrix(TensorRole::UnembeddingProjection);
        let width = projected.map_or(width, |[_, inputs]| inputs);
        let read = super::norm(&mut inputs, step, width)?;
        (norm, steps) = (Some(read), rest);
    }
    if let [Step::Project { role, .. }, rest @ ..] = steps {
        let outputs = 0..inputs.matrix(*role)?[0];
        let role = *role;
        projection = Some(inputs.map(vec![Columns { role, outputs }])?);
        steps = rest;
    }
    let [
        Step::Unembed {
            role,
            scale,
            softcap,
            ..
        },
    ] = *steps
    else {
        let what = format!("{} steps after the last block", section.steps.len());
        return Err(Error::lack(what));
    };
    let outputs = 0..vocab;
    let columns = vec![Columns { role, outputs }];
    let tied = role == TensorRole::TokenEmbedding;
    let (kind, shape) = match tied {
        true => (TensorKind::Embedding, vec![vocab, width]),
        false => (TensorKind::Matrix, vec![width, vocab]),
    };
    let unembedding = Map {
        weight: inputs.add(kind, shape, columns),
        bias: inputs.vector(TensorRole::Unembedding, TensorKind::Bias),
        inputs: width,
        outputs: vocab,
    };
    Ok(End {
        removed,
        norm,
        projection,
        unembedding,
        tied,
        scale: scale as f32,
        softcap: softcap.map(|cap| cap as f32),
        inputs: inputs.list,
    })
}

impl End {
    /// Width of the residual stream.
    pub(crate) fn d_model(&self) -> usize {
        self.projection.unwrap_or(self.unembedding).inputs
    }
}
