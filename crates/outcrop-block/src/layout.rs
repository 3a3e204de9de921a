//! Where rows lie while some of them go through a block.

use crate::compile::Compiled;
use crate::op::{Kind, Op, Value, X};
use crate::turn::Turns;

/// Where the rows of a value lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// The residual stream, which changes.
    Residual,
    /// What is given and stays.
    Fixed(usize),
    /// What the pass leaves behind.
    Kept(usize),
    /// Memory that others use before and after.
    Scratch(usize),
}

/// Places for the values of a pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layout {
    pub(crate) places: Vec<Option<Storage>>,
    /// Numbers in a row of each scratch.
    pub(crate) scratch: Vec<usize>,
}

/// What a pass leaves: for the backward pass, or for attention.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keeps {
    /// The values, in order.
    pub(crate) values: Vec<Value>,
    /// Whether rotated queries and keys overwrite the unrotated ones.
    pub(crate) turned_in_place: bool,
}

impl Keeps {
    /// What attention read is kept, and what products made, but for products of what attention read: these and
    /// everything else are cheaper to compute again than to keep.
    pub(crate) fn for_gradients(compiled: &Compiled) -> Self {
        let turned_in_place = !Turns::keeps(&compiled.turns);
        let read = compiled.ops[compiled.attend].to;
        let mut needed = vec![false; compiled.values.len()];
        for op in &compiled.ops {
            match op.kind {
                Kind::Norm(_)
                | Kind::Project(_)
                | Kind::ProjectSlices(_)
                | Kind::AddProjected(_)
                | Kind::Activate { .. } => {
                    needed[op.from] = true;
                }
                Kind::Attend => (needed[op.from], needed[op.to]) = (true, true),
                Kind::Gate { .. } => op.reads().for_each(|value| needed[value] = true),
                Kind::Turn => needed[op.from] |= !turned_in_place,
                Kind::Add | Kind::Scale(_) | Kind::Gain(_) | Kind::Experts => {}
            }
        }
        let mut values = Vec::new();
        // from the last, so that what is needed to compute something again is known
        for (at, op) in compiled.ops.iter().enumerate().rev() {
            if !needed[op.to] {
                continue;
            }
            let product = matches!(op.kind, Kind::Project(_) | Kind::AddProjected(_));
            let turned = op.kind == Kind::Turn && turned_in_place;
            if op.kind == Kind::Attend || turned || (product && op.from != read) {
                values.push(op.to);
                continue;
            }
            op.reads().for_each(|value| needed[value] = true);
            if let Some(before) = compiled.residual_before(at) {
                needed[before] = true;
            }
        }
        values.reverse();
        Self {
            values,
            turned_in_place,
        }
    }

    /// What stays between what attention needs and attention.
    pub(crate) fn between(compiled: &Compiled) -> Self {
        Self {
            values: vec![compiled.ops[compiled.attend].from],
            turned_in_place: true,
        }
    }

    pub(crate) fn place(&self, value: Value) -> Option<Storage> {
        let at = self.values.iter().position(|kept| *kept == value);
        at.map(Storage::Kept)
    }
}

impl Compiled {
    /// The residual stream that an operation adds to.
    pub(crate) fn residual_before(&self, at: usize) -> Option<Value> {
        let op = &self.ops[at];
        let adds = matches!(op.kind, Kind::AddProjected(_) | Kind::Add);
        let before = self.ops[..at].iter().rev().map(|op| op.to);
        let before = before.chain([X]).find(|&value| self.values[value].residual);
        before.filter(|_| adds)
    }

    /// Places of the forward pass: the residual stream changes in its place.
    pub(crate) fn forward_layout(&self, keeps: &Keeps) -> Layout {
        let mut places: Vec<Option<Storage>> = vec![None; self.values.len()];
        for (value, shape) in self.values.iter().enumerate() {
            places[value] = match shape.residual {
                true => Some(Storage::Residual),
                false => keeps.place(value),
            };
        }
        if let Some(turn) = self.turn().filter(|_| keeps.turned_in_place) {
            places[turn.from] = places[turn.to];
        }
        let resource = |value: Value| (places[value].is_none()).then_some(value);
        let uses: Vec<Vec<usize>> = self
            .ops
            .iter()
            .map(|op| op.reads().chain([op.to]).filter_map(resource).collect())
            .collect();
        let (registers, scratch) = allocate(&uses, &|value| self.values[value].width);
        for (value, register) in registers {
            places[value] = Some(Storage::Scratch(register));
        }
        Layout { places, scratch }
    }

    /// The operation that turns queries and keys.
    pub(crate) fn turn(&self) -> Option<&Op> {
        self.ops.iter().find(|op| op.kind == Kind::Turn)
    }
}

/// Registers for resources, each of which lives from the first to the last of `uses`, the lists of what
/// steps use; and how many numbers a row of each register has.
pub(crate) fn allocate(
    uses: &[Vec<usize>],
    width: &dyn Fn(usize) -> usize,
) -> (Vec<(usize, usize)>, Vec<usize>) {
    let last = |resource| uses.iter().rposition(|used| used.contains(&resource));
    let mut registers: Vec<(usize, usize)> = Vec::new();
    let mut widths: Vec<usize> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    for (at, used) in uses.iter().enumerate() {
        for resource in used {
            if registers.iter().any(|(known, _)| known == resource) {
                continue;
            }
            let register = free.pop().unwrap_or_else(|| {
                widths.push(0);
                widths.len() - 1
            });
            widths[register] = widths[register].max(width(*resource));
            registers.push((*resource, register));
        }
        let mut ended: Vec<usize> = used
            .iter()
            .filter(|r| last(**r) == Some(at))
            .copied()
            .collect();
        ended.dedup();
        let of = |resource| registers.iter().find(|(known, _)| *known == resource);
        for register in ended
            .iter()
            .filter_map(|r| of(*r))
            .map(|(_, register)| *register)
        {
            if !free.contains(&register) {
                free.push(register);
            }
        }
    }
    (registers, widths)
}

#[cfg(test)]
mod tests {
    use outcrop_arch::{Activation, ArchSpec, NormPlacement, Plan, QkNorm, Residual};

    use super::*;
    use crate::compile::compile;

    /// Numbers in a row of each value that is kept, and of each scratch of the forward pass.
    fn rows(arch: ArchSpec) -> [Vec<usize>; 2] {
        let compiled = compile(Plan::new(&arch).block(1)).expect("a block");
        let keeps = Keeps::for_gradients(&compiled);
        let width = |value: &Value| compiled.values[*value].width;
        let kept = keeps.values.iter().map(width).collect();
        [kept, compiled.forward_layout(&keeps).scratch]
    }

    #[test]
    fn no_more_is_kept_than_what_is_dear_to_compute() {
        let neox = ArchSpec::new(1, 8, 2);
        let gpt2 = ArchSpec {
            residual: Residual::Sequential,
            ..neox.clone()
        };
        // queries, keys and values; what attention read; inside the MLP
        let [kept, scratch] = rows(neox.clone());
        assert_eq!((&kept[..], scratch.len()), (&[24, 8, 32][..], 1));
        assert_eq!(rows(gpt2.clone())[0], kept);
        let llama = ArchSpec {
            activation: Activation::SwiGlu,
            qk_norm: QkNorm::Head,
            kv_heads: 1,
            ..gpt2.clone()
        };
        assert_eq!(rows(llama)[0], [16, 8, 64]);
        // what the last norm reads
        let placed = |norm_placement| ArchSpec {
            norm_placement,
            ..gpt2.clone()
        };
        assert_eq!(rows(placed(NormPlacement::Post))[0], [24, 8, 32, 8]);
        assert_eq!(rows(placed(NormPlacement::Peri))[0], [24, 8, 32, 8]);
    }

    #[test]
    fn registers_are_used_again_when_nobody_needs_what_was_there() {
        let uses = [vec![0, 1], vec![1, 2], vec![2, 3], vec![3]];
        let (registers, widths) = allocate(&uses, &|resource| resource + 5);
        assert_eq!(registers, [(0, 0), (1, 1), (2, 0), (3, 1)]);
        assert_eq!(widths, [7, 8]);
    }
}
