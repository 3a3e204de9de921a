//! What families with a mixture of experts have in common.

use serde_json::Value;

use super::settings::name;
use super::{Config, Layout, Module, Setting, expert, experts, llama, module, read};
use crate::TensorRole as R;
use crate::{ArchSpec, Experts, Result};

const COUNT: [&str; 2] = [name::EXPERTS, name::LOCAL_EXPERTS];
const CHOSEN: &str = name::CHOSEN_EXPERTS;
const WIDTH: &str = name::EXPERT_WIDTH;
const NORMALISED: &str = name::NORMALISED_EXPERTS;
const STEP: &str = name::EXPERTS_STEP;
const DENSE: &str = name::DENSE_LAYERS;

/// What all of them read, and what says how their routers are trained.
pub(super) const SETTINGS: &[Setting] = {
    use Setting::{Harmless, Read};
    &[
        Read(COUNT[0]),
        Read(COUNT[1]),
        Read(CHOSEN),
        Harmless("output_router_logits"),
        Harmless("router_aux_loss_coef"),
    ]
};

/// What those read in which some layers may have no experts.
pub(super) const SPARSE: &[Setting] = {
    use Setting::Read;
    &[Read(WIDTH), Read(NORMALISED), Read(STEP), Read(DENSE)]
};

pub(super) const NORMALISES: Setting = Setting::Read(NORMALISED);

const ATTENTION: [Module; 8] = [
    module("input_layernorm", &[R::AttentionNorm]),
    module("self_attn.q_proj", &[R::Query]),
    module("self_attn.k_proj", &[R::Key]),
    module("self_attn.v_proj", &[R::Value]),
    module("self_attn.o_proj", &[R::AttentionOutput]),
    module("self_attn.q_norm", &[R::QueryNorm]),
    module("self_attn.k_norm", &[R::KeyNorm]),
    module("post_attention_layernorm", &[R::MlpNorm]),
];

const DENSE_MLP: [Module; 3] = [
    module("mlp.gate_proj", &[R::MlpGate]),
    module("mlp.up_proj", &[R::MlpUp]),
    module("mlp.down_proj", &[R::MlpDown]),
];

const SHARED: [Module; 5] = [
    module("mlp.gate", &[R::Router]),
    module("mlp.shared_expert.gate_proj", &[R::SharedGate]),
    module("mlp.shared_expert.up_proj", &[R::SharedUp]),
    module("mlp.shared_expert.down_proj", &[R::SharedDown]),
    module("mlp.shared_expert_gate", &[R::SharedScore]),
];

pub(super) const APART: [Module; 3] = [
    expert("mlp.experts.{}.gate_proj", &[R::ExpertGate]),
    expert("mlp.experts.{}.up_proj", &[R::ExpertUp]),
    expert("mlp.experts.{}.down_proj", &[R::ExpertDown]),
];

pub(super) const TOGETHER: [Module; 2] = [
    experts("mlp.experts.gate_up_proj", &[R::ExpertGate, R::ExpertUp]),
    experts("mlp.experts.down_proj", &[R::ExpertDown]),
];

/// Names as in Qwen: experts one by one or, where transformers 5 saved what it has in memory, together.
pub(super) static LAYOUT: Layout = Layout {
    block: &joined::<19>(&[&ATTENTION, &DENSE_MLP, &SHARED, &APART]),
    stacked_block: &joined::<18>(&[&ATTENTION, &DENSE_MLP, &SHARED, &TOGETHER]),
    ..llama::LAYOUT
};

/// Lists one after another, `N` modules in all.
pub(super) const fn joined<const N: usize>(lists: &[&[Module]]) -> [Module; N] {
    let mut all = [lists[0][0]; N];
    let (mut list, mut next) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            all[next] = lists[list][at];
            (at, next) = (at + 1, next + 1);
        }
        list += 1;
    }
    all
}

/// The experts of a family in which every layer has them, as wide as its file says of the MLP.
pub(super) fn everywhere(config: &Config<'_>, arch: &ArchSpec) -> Result<Experts> {
    Ok(Experts {
        count: read::one_of(config, COUNT)?,
        chosen: config.count(CHOSEN)?,
        width: arch.d_ff,
        layers: (1..=arch.layers).collect(),
        normalised: false,
        limit: None,
        shared: None,
    })
}

/// Whether probabilities of chosen experts are divided by their sum, which is not so where the file does not say it.
pub(super) fn normalised(config: &Config<'_>) -> Result<bool> {
    config.flag(NORMALISED, false)
}

/// The experts of a family with a width of their own, in some layers; none where no layer has any.
pub(super) fn sparse(config: &Config<'_>, arch: &ArchSpec) -> Result<Option<Experts>> {
    let step = match config.names(STEP) {
        true => config.count(STEP)?,
        false => 1,
    };
    if step == 0 {
        let given = config.given(STEP).unwrap_or(&Value::Null);
        return Err(config.unsupported(STEP, given, "at least 1"));
    }
    let dense = dense(config, arch.layers)?;
    let sparse = |layer: &usize| layer.is_multiple_of(step) && !dense.contains(layer);
    let layers: Vec<usize> = (1..=arch.layers).filter(sparse).collect();
    if layers.is_empty() || read::one_of(config, COUNT)? == 0 {
        return Ok(None);
    }
    Ok(Some(Experts {
        width: config.count(WIDTH)?,
        layers,
        normalised: normalised(config)?,
        ..everywhere(config, arch)?
    }))
}

/// The layers, from 1, that have no experts whatever the step is.
fn dense(config: &Config<'_>, layers: usize) -> Result<Vec<usize>> {
    let Some(given) = config.get(DENSE) else {
        return Ok(Vec::new());
    };
    let layer = |layer: &Value| layer.as_u64().map(|layer| layer as usize + 1);
    let read: Option<Vec<usize>> =
        (given.as_array()).and_then(|all| all.iter().map(layer).collect());
    read.ok_or_else(|| {
        let supported = format!("a list of some of 0 to {}", layers.saturating_sub(1));
        config.unsupported(DENSE, given, supported)
    })
}

/// Refuses a window that versions of transformers put in different layers.
pub(super) fn no_first_window(config: &Config<'_>) -> Result<()> {
    match (config.get(name::USE_WINDOW), config.get(name::FIRST_WINDOW)) {
        (Some(used), Some(first)) if *used == true => {
            let supported = "null where `use_sliding_window` is true, as versions of transformers put the window \
                             in different layers";
            Err(config.unsupported(name::FIRST_WINDOW, first, supported))
        }
        _ => Ok(()),
    }
}
