//! What families write alike.

use serde_json::{Map, Value, json};

use super::settings::{name, reads};
use super::{Family, scaling};
use crate::{ArchSpec, Experts, QkNorm};

/// The names of a setting, and what it says.
type Shared = (&'static [&'static str], fn(&ArchSpec) -> Value);

/// What settings say that several families have, with every name that one of them has for it.
const SHARED: [Shared; 24] = [
    (
        &[name::LAYERS, "n_layer", "n_layers", "num_layers"],
        |arch| json!(arch.layers),
    ),
    (&[name::WIDTH, "n_embd", "n_embed", "d_model"], |arch| {
        json!(arch.d_model)
    }),
    (&[name::HEADS, "n_head", "n_heads", "num_heads"], |arch| {
        json!(arch.heads)
    }),
    (&[name::KV_HEADS, "num_kv_heads"], |arch| {
        json!(arch.kv_heads)
    }),
    (&[name::HEAD_DIM], |arch| json!(arch.d_head())),
    (
        &[name::D_FF, "n_inner", "ffn_dim", "ffn_hidden_size"],
        |arch| json!(arch.d_ff),
    ),
    (
        &[name::CONTEXT, "n_positions", "max_seq_len", "seq_length"],
        |arch| json!(arch.context),
    ),
    (&[name::VOCAB], |arch| json!(arch.vocab)),
    (
        &[
            name::ACTIVATION,
            "hidden_activation",
            "activation_function",
            "activation",
        ],
        |arch| json!(arch.activation.properties().huggingface.first()),
    ),
    (
        &[
            name::RMS_EPS,
            "layer_norm_eps",
            "layer_norm_epsilon",
            "norm_eps",
            "norm_epsilon",
        ],
        |arch| json!(arch.norm_eps),
    ),
    (&["use_parallel_residual"], |arch| {
        json!(arch.residual.properties().parallel)
    }),
    (&[name::ATTENTION_BIAS, "use_qkv_bias"], |arch| {
        json!(arch.bias.qkv())
    }),
    (
        &[name::MLP_BIAS, "use_bias", "bias", "enable_bias"],
        |arch| json!(arch.bias.mlp()),
    ),
    (&["qk_layernorm", "use_qk_norm"], |arch| {
        json!(arch.qk_norm != QkNorm::None)
    }),
    (&["clip_qkv"], |arch| json!(arch.clip_qkv)),
    (&["attn_logit_softcapping"], |arch| {
        json!(arch.softcap.scores)
    }),
    (&["final_logit_softcapping"], |arch| {
        json!(arch.softcap.logits)
    }),
    (&[name::TIED], |arch| json!(arch.tied)),
    (&[name::EXPERTS, name::LOCAL_EXPERTS], |arch| {
        of_experts(arch, |e| json!(e.count))
    }),
    (&[name::CHOSEN_EXPERTS], |arch| {
        of_experts(arch, |e| json!(e.chosen))
    }),
    (&[name::EXPERT_WIDTH], |arch| {
        of_experts(arch, |e| json!(e.width))
    }),
    (&[name::NORMALISED_EXPERTS], |arch| {
        of_experts(arch, |e| json!(e.normalised))
    }),
    (&[name::EXPERTS_STEP], |_| json!(1)),
    (&[name::DENSE_LAYERS], |arch| {
        let layers = |experts: &Experts| {
            let dense = (1..=arch.layers).filter(|layer| !experts.layers.contains(layer));
            json!(dense.map(|layer| layer - 1).collect::<Vec<_>>())
        };
        of_experts(arch, layers)
    }),
];

/// What is said of experts; null where there are none.
fn of_experts(arch: &ArchSpec, says: impl FnOnce(&Experts) -> Value) -> Value {
    arch.experts.as_ref().map_or(Value::Null, says)
}

/// The settings of [`SHARED`] that the family reads.
pub(super) fn shared(family: &Family, arch: &ArchSpec) -> Value {
    let said = SHARED.iter().flat_map(|(names, says)| {
        let read = names.iter().filter(|name| reads(family, name));
        read.map(|name| ((*name).to_owned(), says(arch)))
    });
    let settings = Value::Object(said.collect::<Map<_, _>>());
    // transformers refuses some types with a small vocabulary if it takes its own token for padding
    let always =
        json!({ "attention_dropout": 0.0, "pad_token_id": null, "torch_dtype": "float32" });
    with(settings, always)
}

/// Of a family whose settings are all [`SHARED`].
pub(super) fn nothing(_: &ArchSpec) -> Value {
    json!({})
}

/// Rotary positions, as Llama has them: the table of version 5 of transformers, and the base outside, where version 4
/// looks.
pub(super) fn rope(arch: &ArchSpec) -> Value {
    let Some(rotary) = arch.position.rotary() else {
        return json!({});
    };
    let table = with(
        scaling::write(arch.rotary_scaling.as_ref()),
        json!({ name::THETA: rotary.base }),
    );
    json!({ name::THETA: rotary.base, name::ROPE: table })
}

/// The same of a family that may rotate a part of each head; transformers does not look for it in others.
pub(super) fn partial_rope(arch: &ArchSpec) -> Value {
    let mut config = rope(arch);
    if let Some(rotary) = arch.position.rotary() {
        config[name::ROPE][name::FRACTION] = json!(rotary.fraction);
        config[name::FRACTION] = json!(rotary.fraction);
    }
    config
}

/// Whether each layer has a window, and how wide they are: `none` where no layer has one.
pub(super) fn windows(arch: &ArchSpec, none: Option<usize>) -> Value {
    let kind = |layer| match arch.window_width(layer) {
        Some(_) => "sliding_attention",
        None => "full_attention",
    };
    let kinds: Vec<_> = (1..=arch.layers).map(kind).collect();
    with(window_width(arch, none), json!({ name::KINDS: kinds }))
}

/// Of a family whose layers have windows all, or none has.
pub(super) fn window_width(arch: &ArchSpec, none: Option<usize>) -> Value {
    let width = arch.window.as_ref().map(|window| window.width);
    json!({ name::WINDOW: width.or(none) })
}

/// The x near `near` of which `f` is exactly `value`, the whole one if it is; `near` where there is none.
pub(super) fn solved(near: f64, value: f64, f: impl Fn(f64) -> f64) -> f64 {
    let around = [near.round(), near, near.next_up(), near.next_down()];
    let exact = around.into_iter().find(|x| f(*x) == value);
    exact.unwrap_or(near)
}

/// An object with the settings of another.
pub(super) fn with(mut config: Value, more: Value) -> Value {
    if let (Value::Object(config), Value::Object(more)) = (&mut config, more) {
        config.extend(more);
    }
    config
}
