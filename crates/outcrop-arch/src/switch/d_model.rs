use super::{Number, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "d_model",
    about: "Width of the residual stream, d",
    default: "required",
    range: "1 to 65536, a multiple of `heads` unless `head_dim` is given",
    values: &[],
    schema: || whole(1, 1 << 16),
    check: |arch| within("d_model", arch.d_model, 1, 1 << 16),
    numbers: &[
        Number::whole("d_model", |arch| arch.d_model, |arch, n| arch.d_model = n)
            .knob()
            .feature("d", "width"),
    ],
};
