//! The order in which operations run: first what attention needs, then attention, then the others.

use crate::op::{Kind, Op, Shape, Value};
use crate::{Error, Result};

/// The operations in that order, and which of them is attention.
pub(super) fn ordered(ops: Vec<Op>, values: &[Shape]) -> Result<(Vec<Op>, usize)> {
    let at = ops.iter().position(|op| op.kind == Kind::Attend);
    let at = at.ok_or_else(|| Error::lack("no attention"))?;
    let (before, after) = (&ops[..at], &ops[at + 1..]);
    if after.iter().any(|op| op.kind == Kind::Attend) {
        return Err(Error::lack("attention twice"));
    }
    let mut needed = vec![false; values.len()];
    needed[ops[at].from] = true;
    for op in before.iter().rev() {
        for value in op.reads() {
            needed[value] |= needed[op.to];
        }
    }
    let (first, later): (Vec<Op>, Vec<Op>) = before.iter().partition(|op| needed[op.to]);
    if before.iter().any(|op| values[op.to].residual) {
        return Err(Error::lack(
            "a change of the residual stream before attention",
        ));
    }
    let attend = first.len();
    let parts = [&first[..], &ops[at..=at], &later[..], after];
    let ordered = parts.concat();
    one_reader(&ordered, values)?;
    Ok((ordered, attend))
}

/// Checks that rows but the residual stream are read by one operation.
fn one_reader(ops: &[Op], values: &[Shape]) -> Result<()> {
    let readers = |value: Value| {
        ops.iter()
            .flat_map(Op::reads)
            .filter(|read| *read == value)
            .count()
    };
    let many = (0..values.len()).find(|&value| !values[value].residual && readers(value) > 1);
    match many {
        Some(_) => Err(Error::lack("rows that two steps read")),
        None => Ok(()),
    }
}
