use super::{Number, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "layers",
    about: "Number of blocks, L",
    default: "required",
    range: "1 to 1024",
    values: &[],
    schema: || whole(1, 1024),
    check: |arch| within("layers", arch.layers, 1, 1024),
    numbers: &[
        Number::whole("layers", |arch| arch.layers, |arch, n| arch.layers = n)
            .knob()
            .feature("L", "layers"),
    ],
};
