use super::{Switch, whole, within};

pub(super) static SWITCH: Switch = Switch {
    key: "embedding_dim",
    about: "Width of the embedding where it is not d_model: matrices without bias lead into the residual stream and out of it",
    default: "`d_model`",
    range: "1 to 65536",
    values: &[],
    schema: || whole(1, 1 << 16),
    check: |arch| match arch.embedding_dim {
        Some(width) => within("embedding_dim", width, 1, 1 << 16),
        None => Ok(()),
    },
    numbers: &[],
};
