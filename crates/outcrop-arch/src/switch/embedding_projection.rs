use serde_json::json;

use super::Switch;
use crate::{Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "embedding_projection",
    about: "Whether matrices [d_model, d_model] without bias, which start as random rotations, follow the embedding and \
            precede the unembedding (EmbProj, Park et al. 2025, arXiv 2506.19697). After training they can be multiplied into \
            both",
    default: "false",
    range: "true, false; false where `embedding_dim` is given, which has such matrices",
    values: &[],
    schema: || json!({ "type": "boolean" }),
    check,
    numbers: &[],
};

fn check(arch: &crate::ArchSpec) -> Result<()> {
    match (arch.embedding_projection, arch.embedding_dim) {
        (true, Some(_)) => Err(Error::range(
            "arch.embedding_projection",
            true,
            "false where `embedding_dim` is given, which has such matrices: leave one of the two out",
        )),
        (true | false, _) => Ok(()),
    }
}
