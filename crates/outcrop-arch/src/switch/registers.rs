use super::{Switch, whole, within};
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "registers",
    about: "How many learned vectors stand before the first token of every sequence, behind the embedding: blocks see them, \
            and what becomes of them falls away before the last norm, so that it is in no loss. One is a sink token (Xiao et \
            al. 2024, arXiv 2309.17453), more are registers (Darcet et al. 2024, arXiv 2309.16588). Learned positions begin \
            with the first token, and a register has none; rotary embeddings, linear biases and windows count registers as \
            positions before it",
    default: "0",
    range: "0 to 4096; 0 where there are `patches`, which have `registers` of their own",
    values: &[],
    schema: || whole(0, MOST),
    check,
    numbers: &[],
};

const MOST: usize = 4096;

fn check(arch: &ArchSpec) -> Result<()> {
    within("registers", arch.registers, 0, MOST)?;
    match (arch.registers, arch.patches) {
        (0, _) | (_, None) => Ok(()),
        (registers, Some(_)) => {
            let allowed = "0 where there are `patches`: give `patches.registers` in its place";
            Err(Error::range("arch.registers", registers, allowed))
        }
    }
}
