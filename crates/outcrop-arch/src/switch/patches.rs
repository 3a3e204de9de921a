use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Switch, within};
use crate::{ArchSpec, Error, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "patches",
    about: "What stands in the place of the token embedding in a model of images: a linear map of the `numbers` of each \
            patch, with a `bias` or without, and learned vectors before the patches, a class token and so many \
            `registers`. `context` is then the number of patches of an image, `vocab` that of the random patches that \
            token ids name. Forward passes of published models have it, training does not",
    default: "none",
    range: "`numbers` 1 to 1048576; `registers` 0 to 4096; positions learned or none, `bidirectional`, untied",
    values: &[],
    schema: || {
        json!({
            "type": "object",
            "required": ["numbers", "bias", "registers"],
            "additionalProperties": false,
            "properties": {
                "numbers": { "type": "integer", "minimum": 1, "maximum": 1 << 20 },
                "bias": { "type": "boolean" },
                "registers": { "type": "integer", "minimum": 0, "maximum": 4096 },
            },
        })
    },
    check,
    numbers: &[],
};

/// How patches of an image become the residual stream: x W' + b of each patch x, behind a learned class token and
/// learned registers (Dosovitskiy et al. 2021, arXiv 2010.11929; Darcet et al. 2024, arXiv 2309.16588). Learned positions
/// are those of the class token and the patches; registers have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patches {
    /// Numbers of a patch: channels times height times width, in this order.
    pub numbers: usize,
    /// Whether the map has a bias.
    pub bias: bool,
    /// Number of registers, which stand between the class token and the patches.
    pub registers: usize,
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Some(patches) = arch.patches else {
        return Ok(());
    };
    within("patches.numbers", patches.numbers, 1, 1 << 20)?;
    within("patches.registers", patches.registers, 0, 4096)?;
    let rules = [
        (
            "position",
            arch.position.rotary().is_none(),
            "learned or none",
        ),
        ("bidirectional", arch.bidirectional, "true"),
        ("tied", !arch.tied, "false"),
        ("embedding_dim", arch.embedding_dim.is_none(), "not given"),
        ("unembedding_bias", !arch.unembedding_bias, "false"),
    ];
    match rules.into_iter().find(|(_, right, _)| !right) {
        None => Ok(()),
        Some((field, _, only)) => Err(Error::range(
            format!("arch.{field}"),
            "another value",
            format!("{only} where there are `patches`"),
        )),
    }
}
