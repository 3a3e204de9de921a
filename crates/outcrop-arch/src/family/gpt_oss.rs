use serde_json::{Value, json};

use super::llama::{DEFAULTS, Defaults, GROUPED, grouped};
use super::moe;
use super::settings::{SHAPE, name};
use super::{
    Config, Family, Layout, Module, Setting, Stack, bare, llama, module, read, window, write,
};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Experts, Result};

/// GPT-OSS: a mixture of experts in every layer, a sink logit in every head, windows in every second layer.
pub static GPT_OSS: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "GPT-OSS",
        model_type: "gpt_oss",
        classes: &["GptOssForCausalLM", "GptOssModel"],
        settings: Some(&[
            SHAPE,
            GROUPED,
            moe::SETTINGS,
            &[
                Read(name::ATTENTION_BIAS),
                // not read by the model, which has a nonlinearity of its own
                Fixed(name::ACTIVATION, "\"silu\""),
                Fixed("swiglu_alpha", "1.702"),
                // transformers before 5 has this value whatever the file says
                Fixed(LIMIT, "7.0"),
                // of OpenAI's own code
                Harmless("experts_per_token"),
                Harmless("initial_context_length"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const LIMIT: &str = "swiglu_limit";

const OWN: Defaults = Defaults {
    theta: 150_000.0,
    eps: 1e-5,
    ..DEFAULTS
};

/// All experts in one tensor [experts, inputs, outputs].
const fn stacked(name: &'static str, role: R, holds: &'static [R]) -> Module {
    Module {
        name,
        role,
        holds,
        stack: Some(Stack::Together {
            transposed: true,
            interleaved: holds.len() > 1,
        }),
        bare: false,
    }
}

static LAYOUT: Layout = Layout {
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        bare("self_attn.sinks", &[R::SinkLogits]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        module("mlp.router", &[R::Router]),
        stacked(
            "mlp.experts.gate_up_proj",
            R::ExpertGateUp,
            &[R::ExpertGate, R::ExpertUp],
        ),
        stacked("mlp.experts.down_proj", R::ExpertDown, &[R::ExpertDown]),
    ],
    ..llama::LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    if config.get(name::ROPE).is_none() && config.get(name::OLDER_ROPE).is_none() {
        return Err(config.mistyped(name::ROPE, "a table"));
    }
    let attention = config.flag(name::ATTENTION_BIAS, true)?;
    let arch = grouped(config, &OWN, Bias::of([attention, attention, true]))?;
    let arch = arch.with_head_dim(read::nullable_head_dim(config, 64)?);
    let experts = Experts {
        normalised: true,
        limit: Some(7.0),
        ..moe::everywhere(config, &arch)?
    };
    let width = match config.given(name::WINDOW) {
        None => Some(128),
        Some(_) => window::width(config)?,
    };
    let odd = (1..=arch.layers).step_by(2).collect();
    Ok(ArchSpec {
        activation: Activation::QuickGeGlu,
        sink_logits: true,
        window: window::by_layer(config, arch.layers, width, odd)?,
        experts: Some(experts),
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(
        write::with(write::rope(arch), write::windows(arch, None)),
        json!({ name::ACTIVATION: "silu" }),
    )
}
