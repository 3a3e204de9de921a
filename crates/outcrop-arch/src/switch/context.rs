use super::{Number, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "context",
    about: "Longest sequence",
    default: "2048",
    range: "2 to 1048576",
    values: &[],
    schema: || whole(2, 1 << 20),
    check: |arch| within("context", arch.context, 2, 1 << 20),
    numbers: &[Number::whole("context", |arch| arch.context, |arch, n| arch.context = n).knob()],
};
