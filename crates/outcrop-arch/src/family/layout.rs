use crate::{Residual, TensorRole};

/// How a family names and lays out its tensors.
#[derive(Debug)]
pub struct Layout {
    /// The prefix of all names but the unembedding's; files of the bare body leave it out.
    pub body: &'static str,
    /// Modules before the blocks.
    pub start: &'static [Module],
    /// The part of a name before the number of a block.
    pub blocks: &'static str,
    /// Modules of a block.
    pub block: &'static [Module],
    /// Modules of a block in files that hold the experts of a layer in one tensor, where [`Layout::block`] has them one by
    /// one; empty where there are no such files.
    pub stacked_block: &'static [Module],
    /// Modules after the blocks.
    pub end: &'static [Module],
    /// The unembedding, which is outside the body.
    pub head: Module,
    /// Whether matrices of blocks are stored as [in, out].
    pub transposed: bool,
    /// Whether queries, keys and values in one projection are laid out by key-value head, each with its queries
    /// first: [heads, 3, d_head] where there are as many as heads. Else as [3, heads, d_head].
    pub by_head: bool,
    /// Into how many equal pieces such a projection is cut where it is not by head, each with its part of what the
    /// module holds, in that order.
    pub pieces: usize,
    /// How files hold gains of norms of queries and keys.
    pub head_gains: HeadGains,
    /// Ends of the names of buffers, which older files keep beside the weights.
    pub buffers: &'static [&'static str],
    /// Other names of modules of a block, each with the one in [`Layout::block`].
    pub aliases: &'static [[&'static str; 2]],
    /// The residual of the architectures whose files are written with the other names; none where no file is.
    pub aliased: Option<Residual>,
    /// Ends of the names of numbers that every file has with this value.
    pub constants: &'static [(&'static str, f32)],
    /// What is added to gains of files: 1 where these hold them less 1, else 0.
    pub gain_offset: f32,
    /// Parts that files hold in more dimensions: with leading ones of 1, or with the last apart, as a convolution's.
    pub spread: &'static [TensorRole],
    /// Rows of the table of positions before the first position.
    pub first_position: usize,
    /// Positions of a window of the reference measurement (Sun et al. 2024).
    pub reference: usize,
}

/// How files hold the gains of queries, or of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadGains {
    /// In one vector.
    Vector,
    /// In a matrix of [heads, d_head].
    Matrix,
    /// In a vector for each head, in a module with this name and the number of the head from 0: `norms.0`.
    Each(&'static str),
}

/// A module of a checkpoint and which parts of a plan it holds.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    /// Its name within the body or block.
    pub name: &'static str,
    /// What its tensors are called, where they hold more than one part.
    pub role: TensorRole,
    /// The parts, one below another; those that a plan lacks are not there.
    pub holds: &'static [TensorRole],
    /// How it holds matrices of experts; none where it holds others.
    pub stack: Option<Stack>,
    /// Whether its name is that of its tensor, without `.weight` or `.bias` behind it.
    pub bare: bool,
}

/// How a module holds the matrices of experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// Each in a tensor of its own: `{}` in the name of the module is the number of the expert, from 0.
    Apart,
    /// All in one tensor [experts, outputs, inputs] with the name of the module, biases [experts, outputs] with `_bias`
    /// behind that.
    Together {
        /// Whether it is [experts, inputs, outputs].
        transposed: bool,
        /// Whether outputs of the parts alternate; else those of one part follow those of another.
        interleaved: bool,
    },
}

/// A module that holds one part.
pub const fn module(name: &'static str, holds: &'static [TensorRole; 1]) -> Module {
    let role = holds[0];
    Module {
        name,
        role,
        holds,
        stack: None,
        bare: false,
    }
}

/// A tensor that holds one part and belongs to no module of its own.
pub const fn bare(name: &'static str, holds: &'static [TensorRole; 1]) -> Module {
    Module {
        bare: true,
        ..module(name, holds)
    }
}

/// A module that holds one part of each expert in a tensor of its own; `{}` in its name is the number of the expert.
pub const fn expert(name: &'static str, holds: &'static [TensorRole; 1]) -> Module {
    Module {
        stack: Some(Stack::Apart),
        ..module(name, holds)
    }
}

/// A module that holds parts of all experts in one tensor, as transformers 5 has them in memory: [experts, outputs,
/// inputs], the outputs of one part after those of another.
pub const fn experts(name: &'static str, holds: &'static [TensorRole]) -> Module {
    let role = match holds.len() {
        1 => holds[0],
        _ => TensorRole::ExpertGateUp,
    };
    Module {
        name,
        role,
        holds,
        stack: Some(Stack::Together {
            transposed: false,
            interleaved: false,
        }),
        bare: false,
    }
}

/// A module that holds queries, keys and values in one projection.
pub const fn fused(name: &'static str) -> Module {
    use TensorRole::{Key, Query, QueryKeyValue, Value};
    Module {
        name,
        role: QueryKeyValue,
        holds: &[Query, Key, Value],
        stack: None,
        bare: false,
    }
}

/// Ends of the names of rotary frequencies.
pub(super) const ROTARY: &str = "rotary_emb.inv_freq";

impl Layout {
    /// That of a family that has none: no tensor has a name.
    pub const NONE: Self = Self {
        body: "",
        start: &[],
        blocks: "",
        block: &[],
        stacked_block: &[],
        end: &[],
        head: module("lm_head", &[TensorRole::Unembedding]),
        transposed: false,
        by_head: false,
        pieces: 1,
        head_gains: HeadGains::Vector,
        buffers: &[],
        aliases: &[],
        aliased: None,
        constants: &[],
        gain_offset: 0.0,
        spread: &[],
        first_position: 0,
        reference: 4096,
    };
}

pub(super) static NOTHING: Layout = Layout::NONE;
