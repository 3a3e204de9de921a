//! The section after the blocks.

use outcrop_arch::{Section, Step, TensorRole};

use crate::input::{Columns, Input, Inputs};
use crate::op::Norm;
use crate::{Error, Result};

/// A norm, where there is one, and the unembedding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) inputs: Vec<Input>,
    pub(crate) norm: Option<Norm>,
    /// Which input is the unembedding [d_model, vocab].
    pub(crate) unembedding: usize,
}

pub(crate) fn end(section: &Section) -> Result<End> {
    let mut inputs = Inputs::new(section);
    let [vocab, d_model] = inputs.matrix(TensorRole::Unembedding)?;
    let (norm, role) = match section.steps.as_slice() {
        [step @ Step::Norm { .. }, Step::Unembed { role, .. }] => {
            (Some(super::norm(&mut inputs, step, d_model)?), *role)
        }
        [Step::Unembed { role, .. }] => (None, *role),
        steps => {
            let what = format!("{} steps after the last block", steps.len());
            return Err(Error::lack(what));
        }
    };
    let unembedding = inputs.add(
        outcrop_arch::TensorKind::Matrix,
        vec![d_model, vocab],
        vec![Columns {
            role,
            outputs: 0..vocab,
        }],
    );
    Ok(End {
        inputs: inputs.list,
        norm,
        unembedding,
    })
}
