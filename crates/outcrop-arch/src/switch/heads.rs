use super::{Number, Switch, whole, within};
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "heads",
    about: "Number of attention heads, H",
    default: "required",
    range: "1 to `d_model`",
    values: &[],
    schema: || whole(1, 1 << 16),
    check,
    numbers: &[Number::whole(
        "heads",
        |arch| arch.heads,
        |arch, n| (arch.heads, arch.kv_heads) = (n, n),
    )
    .knob()
    .feature("H", "heads")],
};

fn check(arch: &ArchSpec) -> Result<()> {
    within("heads", arch.heads, 1, arch.d_model)?;
    if arch.head_dim.is_none() && !arch.d_model.is_multiple_of(arch.heads) {
        let allowed = format!("a divisor of d_model = {}", arch.d_model);
        return Err(Error::range("arch.heads", arch.heads, allowed));
    }
    Ok(())
}
