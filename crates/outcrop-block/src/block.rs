use outcrop_arch::Section;

use crate::compile::{Compiled, compile};
use crate::layout::{Keeps, Layout};
use crate::op::{Kind, Op};
use crate::program::Program;
use crate::rotary::Known;
use crate::{Error, Input, Result};

/// A block of a plan, ready to compute.
#[derive(Debug)]
pub struct Block {
    pub(crate) compiled: Compiled,
    pub(crate) known: Known,
    /// What a pass with a tape leaves and where it has its rows.
    pub(crate) taped: Keeps,
    pub(crate) taped_layout: Layout,
    /// What a pass without one keeps for attention.
    pub(crate) between: Keeps,
    pub(crate) between_layout: Layout,
    pub(crate) program: Program,
}

impl Block {
    /// Of a section of a plan that stands between the embedding and the last norm.
    ///
    /// # Errors
    /// [`Error::Lack`](crate::Error::Lack) for steps that this crate cannot compute,
    /// [`Error::Part`](crate::Error::Part) for a step without its weight.
    pub fn new(section: &Section) -> Result<Self> {
        let compiled = compile(section)?;
        let (taped, between) = (Keeps::for_gradients(&compiled), Keeps::between(&compiled));
        Ok(Self {
            known: Known::default(),
            taped_layout: compiled.forward_layout(&taped),
            between_layout: compiled.forward_layout(&between),
            program: Program::new(&compiled, &taped),
            taped,
            between,
            compiled,
        })
    }

    /// The tensors that it takes, in order. Projections that read the same rows are one matrix: queries, keys
    /// and values, key-value head by key-value head as [queries of its group | key | value]; and
    /// [gate | up].
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Plan, TensorKind, TensorRole};
    /// use outcrop_block::Block;
    ///
    /// let arch = ArchSpec { kv_heads: 2, ..ArchSpec::new(1, 32, 4) }; // heads of 8
    /// let block = Block::new(Plan::new(&arch).block(1))?;
    /// let matrix = block.inputs().iter().find(|input| input.kind == TensorKind::Matrix);
    /// let qkv = matrix.expect("queries, keys and values");
    /// assert_eq!(qkv.shape, [32, 64]);
    /// let first: Vec<_> = qkv.columns[..3].iter().map(|c| (c.role, c.outputs.clone())).collect();
    /// let expected = [(TensorRole::Query, 0..16), (TensorRole::Key, 0..8), (TensorRole::Value, 0..8)];
    /// assert_eq!(first, expected);
    /// # Ok::<(), outcrop_block::Error>(())
    /// ```
    pub fn inputs(&self) -> &[Input] {
        &self.compiled.inputs
    }

    /// Checks that the block has a backward pass, hence [`Block::forward`] and [`Block::backward`]; [`Stream`](crate::Stream)
    /// computes every block.
    ///
    /// # Errors
    /// [`Error::Lack`](crate::Error::Lack) for a block with gains of what it writes, or attention to later positions.
    pub fn trains(&self) -> Result<()> {
        let heads = self.compiled.heads;
        let gain = |op: &Op| matches!(op.kind, Kind::Gain(_));
        let lacks = [
            (heads.bidirectional, "attention to later positions"),
            (
                self.compiled.ops.iter().any(gain),
                "gains of what a sublayer writes",
            ),
        ];
        match lacks.into_iter().find(|(has, _)| *has) {
            Some((_, what)) => Err(Error::lack(format!("gradients of {what}"))),
            None => Ok(()),
        }
    }

    /// How many experts there are, and how many of them a row passes.
    pub(crate) fn experts(&self) -> Option<[usize; 2]> {
        let experts = self.compiled.experts.as_ref();
        experts.map(|experts| [experts.count, experts.chosen])
    }

    /// Width of the residual stream.
    pub fn d_model(&self) -> usize {
        self.compiled.values[crate::op::X].width
    }
}
