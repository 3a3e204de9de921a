use super::{Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "head_dim",
    about: "Width of one head",
    default: "`d_model` / `heads`",
    range: "1 to 65536",
    values: &[],
    schema: || whole(1, 1 << 16),
    check: |arch| match arch.head_dim {
        Some(width) => within("head_dim", width, 1, 1 << 16),
        None => Ok(()),
    },
    numbers: &[],
};
