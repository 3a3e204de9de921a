use super::{Number, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "d_ff",
    about: "Width of the MLP",
    default: "4 `d_model`",
    range: "1 to 1048576",
    values: &[],
    schema: || whole(1, 1 << 20),
    check: |arch| within("d_ff", arch.d_ff, 1, 1 << 20),
    numbers: &[
        Number::whole("d_ff", |arch| arch.d_ff, |arch, n| arch.d_ff = n)
            .knob()
            .feature("d_ff", "mlp"),
    ],
};
