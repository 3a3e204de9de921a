//! What an architecture computes and with which weights, as data: engines, counts, initialisation, weight decay
//! and names in files read a plan, none of them the switches.

mod build;
mod count;
mod experts;
mod kind;
mod part;
mod step;
mod weighting;

pub use count::Parameters;
pub use part::{Draw, Part, TensorKind, TensorPart, TensorRole};
pub use step::{Rows, Step};

/// The weights of a model and the steps that compute with them, in order.
///
/// Parallel and sequential residual, norms before, after or around sublayers, grouped heads and tied heads are
/// orders and shapes of a plan: no engine asks an architecture for them.
///
/// ```
/// use outcrop_arch::{ArchSpec, Plan, Residual, Step, TensorRole};
///
/// let order = |residual| {
///     let arch = ArchSpec { residual, ..ArchSpec::new(2, 64, 4) };
///     let steps = Plan::new(&arch).block(1).steps.clone();
///     let norm = |s: &Step| matches!(s, Step::Norm { role: TensorRole::MlpNorm, .. });
///     let add = |s: &Step| matches!(s, Step::Add { .. });
///     (steps.iter().position(norm) < steps.iter().position(add), steps.len())
/// };
/// assert_eq!(order(Residual::Parallel), (true, 14)); // both norms read the stream before attention writes
/// assert_eq!(order(Residual::Sequential), (false, 14));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// From token ids to the residual stream.
    pub start: Section,
    /// The kinds of blocks: those that name their layers, then that of all others.
    pub blocks: Vec<BlockKind>,
    /// From the residual stream to logits.
    pub end: Section,
}

/// Weights and what is done with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Its weights, in the order in which they are used first.
    pub parts: Vec<Part>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// Blocks that are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockKind {
    /// What each of them is.
    pub section: Section,
    /// How many there are.
    pub count: usize,
    /// Which layers, from 1, ascending; none for all layers that no other kind names.
    pub layers: Option<Vec<usize>>,
}

impl Plan {
    /// Number of blocks.
    pub fn layers(&self) -> usize {
        self.blocks.iter().map(|block| block.count).sum()
    }

    /// The block at `layer`, from 1.
    pub fn block(&self, layer: usize) -> &Section {
        let named = |block: &&BlockKind| block.layers.as_ref().is_some_and(|l| l.contains(&layer));
        let named = self.blocks.iter().find(named);
        let others = || self.blocks.iter().find(|block| block.layers.is_none());
        named
            .or_else(others)
            .map_or(&self.start, |block| &block.section)
    }

    /// All kinds of sections with how often each occurs.
    pub fn sections(&self) -> impl Iterator<Item = (usize, &Section)> {
        let blocks = self.blocks.iter().map(|b| (b.count, &b.section));
        let ends = [(1, &self.start), (1, &self.end)];
        ends.into_iter().chain(blocks)
    }

    /// Every step of every kind of section.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.sections().flat_map(|(_, section)| &section.steps)
    }
}
