use super::{Knob, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "d_model",
    about: "Width of the residual stream, d",
    default: "required",
    range: "1 to 65536, a multiple of `heads` unless `head_dim` is given",
    values: &[],
    schema: || whole(1, 1 << 16),
    check: |arch| within("d_model", arch.d_model, 1, 1 << 16),
    knob: Some(Knob {
        get: |arch| arch.d_model,
        set: |arch, value| arch.d_model = value,
    }),
};
