use serde_json::{Value, json};

use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT as LLAMA_LAYOUT, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, bare, granite, module, window, write};
use crate::TensorRole as R;
use crate::{ArchSpec, Position, Result};

const BASES: &str = "layer_rope_theta";

/// Granite with windows in three of four layers and a sink logit in every head; layers may have another base, or none.
pub static GRANITE_SWA: Family = Family {
    name: "Granite SWA",
    model_type: "granite_swa",
    classes: &["GraniteSWAForCausalLM", "GraniteSWAModel"],
    settings: Some(&[SHAPE, GROUPED, granite::FACTORS, BESIDE]),
    read: Some(read_config),
    write: Some(write_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const BESIDE: &[Setting] = &[
    Setting::Read(name::ATTENTION_BIAS),
    Setting::Read(name::MLP_BIAS),
    Setting::Read(BASES),
];

const OWN: Defaults = Defaults {
    eps: 1e-5,
    tied: true,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    block: &[
        bare("self_attn.sinks", &[R::SinkLogits]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("mlp.gate_proj", &[R::MlpGate]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
    ],
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    let windowed = (1..=arch.layers).filter(|layer| layer % 4 != 1).collect();
    let width = match config.given(name::WINDOW) {
        None => 128,
        Some(_) => window::some_width(config)?,
    };
    let arch = ArchSpec {
        scale: granite::scale(config)?,
        sink_logits: true,
        window: window::alone(config, arch.layers, Some(width), windowed)?,
        ..arch
    };
    bases(config, arch)
}

/// The base of each layer, 0 where it is not rotated: one in layers with a window, one in the others.
fn bases(config: &Config<'_>, arch: ArchSpec) -> Result<ArchSpec> {
    let Some(given) = config.get(BASES) else {
        return Ok(arch);
    };
    let supported = || {
        format!(
            "a number for each of {} layers, one for those with a window and one for the others, or 0",
            arch.layers
        )
    };
    let all = given.as_array();
    let all: Option<Vec<f64>> = all.and_then(|all| all.iter().map(Value::as_f64).collect());
    let Some(all) = all.filter(|all| all.len() == arch.layers) else {
        return Err(config.unsupported(BASES, given, supported()));
    };
    let bases_of = |local: bool| {
        let of = (1..=arch.layers).filter(|l| arch.window_width(*l).is_some() == local);
        let mut bases: Vec<f64> = of.map(|l| all[l - 1]).filter(|base| *base != 0.0).collect();
        bases.dedup();
        bases
    };
    let (base, local_base) = match (bases_of(false).as_slice(), bases_of(true).as_slice()) {
        ([], []) => (None, None),
        ([base], []) | ([], [base]) => (Some(*base), None),
        ([base], [local]) if base == local => (Some(*base), None),
        ([base], [local]) if arch.rotary_scaling.is_none() => (Some(*base), Some(*local)),
        _ => return Err(config.unsupported(BASES, given, supported())),
    };
    let position = arch.position.rotary().map(|rotary| Position::Rotary {
        fraction: rotary.fraction,
        base: base.unwrap_or(rotary.base),
    });
    Ok(ArchSpec {
        position: position.unwrap_or(arch.position),
        local_base,
        unrotated_layers: (1..=arch.layers).filter(|l| all[l - 1] == 0.0).collect(),
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    let config = write::with(
        granite::write_config(arch),
        write::windows(arch, Some(arch.context)),
    );
    if arch.local_base.is_none() && arch.unrotated_layers.is_empty() {
        return config;
    }
    let base = arch.position.rotary().map(|rotary| rotary.base);
    let of = |layer| match arch.window_width(layer) {
        _ if arch.unrotated_layers.contains(&layer) => Some(0.0),
        Some(_) => arch.local_base.or(base),
        None => base,
    };
    let bases: Vec<_> = (1..=arch.layers).map(of).collect();
    write::with(config, json!({ BASES: bases }))
}
