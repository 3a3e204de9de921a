//! What a section computes, step after step, each with rows of its own.

use outcrop_arch::{Nonlinearity, RotaryPairs};

/// Rows that one operation writes. The residual stream has a value for each time it changes.
pub(crate) type Value = usize;

/// The residual stream before the block.
pub(crate) const X: Value = 0;

/// y = x W + b: which inputs W and b are, and how many numbers a row has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Map {
    pub(crate) weight: usize,
    pub(crate) bias: Option<usize>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

/// y_k = the sum of the k-th row of a table times the k-th slice of x, + b: which inputs they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slices {
    /// One row after another.
    pub(crate) table: usize,
    pub(crate) bias: Option<usize>,
    pub(crate) count: usize,
}

/// A norm of rows of `width` numbers: which inputs its gain, shift and alpha are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Norm {
    pub(crate) width: usize,
    /// How many rows follow one another of which each has a gain and a shift of its own; 1 where all have one.
    pub(crate) gains: usize,
    /// Whether the mean is taken off.
    pub(crate) centred: bool,
    pub(crate) eps: f32,
    pub(crate) gain: Option<usize>,
    pub(crate) shift: Option<usize>,
    /// Of tanh(alpha x), which takes the place of the norm.
    pub(crate) alpha: Option<usize>,
}

/// Which inputs the matrices of a router and of its experts are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Experts {
    pub(crate) count: usize,
    pub(crate) chosen: usize,
    /// Whether the probabilities of the chosen experts are divided by their sum.
    pub(crate) normalised: bool,
    pub(crate) kind: Nonlinearity,
    /// The bound of what the nonlinearity reads and of what it is multiplied with.
    pub(crate) limit: Option<f32>,
    pub(crate) router: Map,
    /// Of each expert, [gate | hidden], and of all, one beside another.
    pub(crate) first: Map,
    pub(crate) last: Map,
    pub(crate) shared: Option<Shared>,
}

impl Experts {
    /// Which inputs its matrices are.
    pub(crate) fn matrices(&self) -> Vec<usize> {
        let shared = self
            .shared
            .map(|shared| [shared.score, shared.first, shared.last]);
        let maps = [self.router, self.first, self.last].into_iter();
        maps.chain(shared.into_iter().flatten())
            .map(|map| map.weight)
            .collect()
    }
}

/// An expert that every row passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shared {
    /// To the number whose sigmoid its output is multiplied by.
    pub(crate) score: Map,
    pub(crate) first: Map,
    pub(crate) last: Map,
}

/// What is done, in order, to the heads that begin at these places of a row of queries, keys and values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turn {
    pub(crate) starts: Vec<usize>,
    pub(crate) kind: TurnKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TurnKind {
    /// Of heads one by one, or of all together.
    Norm(Norm),
    /// By angles, these pairs of channels.
    Rotate { table: usize, pairs: RotaryPairs },
    /// To magnitudes of at most this.
    Clip(f32),
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Norm(Norm),
    Project(Map),
    ProjectSlices(Slices),
    /// To the residual stream.
    AddProjected(Map),
    /// To the residual stream.
    Add,
    /// By this factor.
    Scale(f32),
    /// By the numbers of this input, number by number.
    Gain(usize),
    /// By f of the numbers of another value, number by number; each of these for as many numbers as it is narrower.
    Gate {
        kind: Nonlinearity,
        by: Value,
    },
    /// Norms and rotations of heads.
    Turn,
    Attend,
    Activate {
        kind: Nonlinearity,
        /// Whether rows are [gate | hidden]: f(gate) hidden is written.
        gated: bool,
        /// Which inputs its learned numbers are, where it has some.
        alphas: Option<[usize; 2]>,
    },
    /// Router and experts.
    Experts,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    pub(crate) from: Value,
    pub(crate) to: Value,
}

impl Op {
    /// What it reads.
    pub(crate) fn reads(&self) -> impl Iterator<Item = Value> + use<> {
        let by = match self.kind {
            Kind::Gate { by, .. } => Some(by),
            Kind::Norm(_)
            | Kind::Project(_)
            | Kind::ProjectSlices(_)
            | Kind::AddProjected(_)
            | Kind::Add
            | Kind::Scale(_)
            | Kind::Gain(_)
            | Kind::Turn
            | Kind::Attend
            | Kind::Activate { .. }
            | Kind::Experts => None,
        };
        std::iter::once(self.from).chain(by)
    }
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    /// Numbers of a row.
    pub(crate) width: usize,
    /// Whether it is the residual stream.
    pub(crate) residual: bool,
}
