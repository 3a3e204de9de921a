use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Switch, layer_list};
use crate::{ArchSpec, Error, Residual, Result};

pub(super) static SWITCH: Switch = Switch {
    key: "experts",
    about: "Layers whose MLP is a mixture of experts: a table of `count`, `chosen`, `width`, `layers`, and `normalised`, \
            `limit`, `shared`",
    default: "none",
    range: "`chosen` 1 to `count`, `layers` ascending, 1 to `layers`; a gated `activation`, `residual` sequential",
    values: &[],
    schema: || {
        let whole = json!({ "type": "integer", "minimum": 1 });
        let required = ["count", "chosen", "width", "layers"];
        json!({ "type": "object", "required": required, "additionalProperties": false, "properties": {
            "count": whole, "chosen": whole, "width": whole, "shared": whole,
            "layers": { "type": "array", "minItems": 1, "items": whole },
            "normalised": { "type": "boolean" },
            "limit": { "type": "number", "exclusiveMinimum": 0 },
        } })
    },
    check,
    numbers: &[],
};

/// Layers whose MLP is a mixture of experts (Shazeer et al. 2017): a router gives every token probabilities p, softmax of
/// a linear map, and the experts with the largest are added up, each times its p. An expert is a gated MLP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experts {
    /// How many there are in a layer.
    pub count: usize,
    /// How many of them a token passes.
    pub chosen: usize,
    /// Width of one expert: the d_ff of its own.
    pub width: usize,
    /// These layers, counted from 1, in ascending order; the MLP of the others is `d_ff` wide.
    pub layers: Vec<usize>,
    /// Whether the probabilities of the chosen experts are divided by their sum, as in Mixtral.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub normalised: bool,
    /// A bound c: experts compute f(min(g, c)) (1 + min(max(h, -c), c)) in place of f(g) h, as in GPT-OSS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Width of one more expert, which every token passes, times the sigmoid of a number of its own, as in Qwen2 MoE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<usize>,
}

fn check(arch: &ArchSpec) -> Result<()> {
    let Some(experts) = &arch.experts else {
        return Ok(());
    };
    let most = 1 << 20;
    let counts = [
        ("count", experts.count, most),
        ("chosen", experts.chosen, experts.count),
        ("width", experts.width, most),
        ("shared", experts.shared.unwrap_or(1), most),
    ];
    for (name, value, most) in counts {
        super::within(&format!("experts.{name}"), value, 1, most)?;
    }
    if let Some(limit) = experts.limit.filter(|c| !(*c > 0.0 && c.is_finite())) {
        return Err(Error::range("arch.experts.limit", limit, "above 0"));
    }
    if experts.layers.is_empty() {
        let allowed = "one layer or more; leave `experts` out for none";
        return Err(Error::range("arch.experts.layers", "[]", allowed));
    }
    layer_list::check(arch, "experts.layers", &experts.layers)?;
    if !arch.activation.properties().gated {
        let allowed = "gated, where there are `experts`";
        return Err(Error::range(
            "arch.activation",
            arch.activation.word(),
            allowed,
        ));
    }
    match arch.residual == Residual::Sequential {
        true => Ok(()),
        false => {
            let allowed = "sequential, where there are `experts`";
            Err(Error::range("arch.residual", arch.residual.word(), allowed))
        }
    }
}
