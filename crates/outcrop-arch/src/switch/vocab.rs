use super::{Knob, Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "vocab",
    about: "Number of rows of the embedding",
    default: "50304",
    range: "2 to 16777216",
    values: &[],
    schema: || whole(2, 1 << 24),
    check: |arch| within("vocab", arch.vocab, 2, 1 << 24),
    knob: Some(Knob {
        get: |arch| arch.vocab,
        set: |arch, value| arch.vocab = value,
    }),
};
