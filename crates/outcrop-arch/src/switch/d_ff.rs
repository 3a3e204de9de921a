use super::{Knob, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "d_ff",
    about: "Width of the MLP",
    default: "4 `d_model`",
    range: "1 to 1048576",
    values: &[],
    schema: || whole(1, 1 << 20),
    check: |arch| within("d_ff", arch.d_ff, 1, 1 << 20),
    knob: Some(Knob {
        get: |arch| arch.d_ff,
        set: |arch, value| arch.d_ff = value,
    }),
};
