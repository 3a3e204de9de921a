use super::{Number, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "vocab",
    about: "Number of rows of the embedding",
    default: "50304",
    range: "2 to 16777216",
    values: &[],
    schema: || whole(2, 1 << 24),
    check: |arch| within("vocab", arch.vocab, 2, 1 << 24),
    numbers: &[Number::whole("vocab", |arch| arch.vocab, |arch, n| arch.vocab = n).knob()],
};
