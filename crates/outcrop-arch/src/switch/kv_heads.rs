use super::{Number, Switch, whole, within};
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "kv_heads",
    about: "Number of key-value heads; fewer than `heads` is grouped-query attention",
    default: "`heads`",
    range: "a divisor of `heads`",
    values: &[],
    schema: || whole(1, 1 << 16),
    check,
    numbers: &[Number::whole(
        "kv_heads",
        |arch| arch.kv_heads,
        |arch, n| arch.kv_heads = n,
    )],
};

fn check(arch: &ArchSpec) -> Result<()> {
    within("kv_heads", arch.kv_heads, 1, arch.heads)?;
    if !arch.heads.is_multiple_of(arch.kv_heads) {
        let allowed = format!("a divisor of heads = {}", arch.heads);
        return Err(Error::range("arch.kv_heads", arch.kv_heads, allowed));
    }
    Ok(())
}
