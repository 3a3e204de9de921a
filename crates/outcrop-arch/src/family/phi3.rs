use serde_json::{Value, json};

use super::glm::GATE_UP;
use super::llama::{
    DEFAULTS, Defaults, GROUPED, LAYOUT as LLAMA_LAYOUT, LLAMA, gated_block, unrotated,
};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, fused, module, read, rope, scaling, window, write};
use crate::TensorRole as R;
use crate::{ArchSpec, Bias, Result};

/// Phi-3: Llama with queries, keys and values in one matrix, gate and first matrix of the MLP in another.
pub static PHI3: Family = {
    use Setting::Harmless;
    Family {
        name: "Phi-3",
        model_type: "phi3",
        aliases: &[],
        classes: &["Phi3ForCausalLM", "Phi3Model"],
        base: Some(&LLAMA),
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Setting::Fixed(name::ATTENTION_BIAS, "false"),
                Harmless("embd_pdrop"),
                Harmless("resid_pdrop"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        holds: Some(gated_block),
        layout: Some(&LAYOUT),
    }
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

/// Older names of the only scaling.
const DIALECT: scaling::Dialect = scaling::Dialect {
    original: Some(4096),
    kinds: &[
        ("longrope", "longrope"),
        ("su", "longrope"),
        ("yarn", "longrope"),
    ],
};

static LAYOUT: Layout = Layout {
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        fused("self_attn.qkv_proj"),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        GATE_UP,
        module("mlp.down_proj", &[R::MlpDown]),
    ],
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = unrotated(config, &OWN, Bias::None)?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    let arch = ArchSpec {
        window: window::by_given_width(config, arch.layers)?,
        ..arch
    };
    rope::read_as(config, &OWN.rope(), &DIALECT, arch)
}

fn write_config(arch: &ArchSpec) -> Value {
    let original = match &arch.rotary_scaling {
        Some(crate::RotaryScaling::LongRope {
            original_context, ..
        }) => *original_context,
        Some(
            crate::RotaryScaling::Linear { .. }
            | crate::RotaryScaling::Dynamic { .. }
            | crate::RotaryScaling::Yarn { .. }
            | crate::RotaryScaling::Llama3 { .. },
        )
        | None => arch.context,
    };
    write::with(
        write::with(write::partial_rope(arch), write::window_width(arch, None)),
        json!({ name::ORIGINAL_CONTEXT: original }),
    )
}
