use super::{Knob, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "layers",
    about: "Number of blocks, L",
    default: "required",
    range: "1 to 1024",
    values: &[],
    schema: || whole(1, 1024),
    check: |arch| within("layers", arch.layers, 1, 1024),
    knob: Some(Knob {
        get: |arch| arch.layers,
        set: |arch, value| arch.layers = value,
    }),
};
