use super::{Knob, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "context",
    about: "Longest sequence",
    default: "2048",
    range: "2 to 1048576",
    values: &[],
    schema: || whole(2, 1 << 20),
    check: |arch| within("context", arch.context, 2, 1 << 20),
    knob: Some(Knob {
        get: |arch| arch.context,
        set: |arch, value| arch.context = value,
    }),
};
