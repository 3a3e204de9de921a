use serde_json::{Value, json};

use super::settings::{SUMMARY, name};
use super::{Config, Family, Layout, Setting, module, read, window};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Position, Residual, Result, Scale, Window};

const LAYERS: &str = "num_layers";
const HEADS: &str = "num_heads";
const ACTIVATION: &str = "activation_function";
const EPS: &str = "layer_norm_epsilon";
const WIDTH: &str = "window_size";
const KINDS: &str = "attention_types";
const EXPANDED: &str = "attention_layers";

/// GPT-Neo: GPT-2 with windows in some layers, whose scores are not divided by sqrt(d_head).
pub static GPT_NEO: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "GPT-Neo",
        model_type: "gpt_neo",
        classes: &["GPTNeoForCausalLM", "GPTNeoModel"],
        settings: Some(&[
            SUMMARY,
            &[
                Read(LAYERS),
                Read(HEADS),
                Read(name::LAYERS),
                Read(name::HEADS),
                Read(name::WIDTH),
                Read(name::D_FF),
                Read(name::CONTEXT),
                Read(ACTIVATION),
                Read(EPS),
                Read(WIDTH),
                Read(KINDS),
                Read(EXPANDED),
                Harmless("embed_dropout"),
                Harmless("resid_dropout"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "transformer.",
    start: &[
        module("wte", &[R::TokenEmbedding]),
        module("wpe", &[R::PositionEmbedding]),
    ],
    blocks: "h",
    block: &[
        module("ln_1", &[R::AttentionNorm]),
        module("attn.attention.k_proj", &[R::Key]),
        module("attn.attention.v_proj", &[R::Value]),
        module("attn.attention.q_proj", &[R::Query]),
        module("attn.attention.out_proj", &[R::AttentionOutput]),
        module("ln_2", &[R::MlpNorm]),
        module("mlp.c_fc", &[R::MlpUp]),
        module("mlp.c_proj", &[R::MlpDown]),
    ],
    end: &[module("ln_f", &[R::FinalNorm])],
    buffers: &[".attn.attention.bias", ".attn.attention.masked_bias"],
    reference: 2048,
    ..Layout::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let new = ArchSpec::new(
        read::one_of(config, [LAYERS, name::LAYERS])?,
        config.count(name::WIDTH)?,
        read::one_of(config, [HEADS, name::HEADS])?,
    );
    window::none(config, new.layers)?;
    Ok(ArchSpec {
        d_ff: config.optional_count(name::D_FF)?.unwrap_or(new.d_ff),
        vocab: config.count(name::VOCAB)?,
        context: config.count(name::CONTEXT)?,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::Sequential,
        position: Position::Learned,
        activation: read::activation(config, ACTIVATION, false, Activation::GeluTanh)?,
        scale: Scale {
            attention: Some(1.0),
            ..Scale::default()
        },
        tied: config.flag(name::TIED, true)?,
        bias: Bias::of([false, true, true]),
        window: local(config, new.layers)?,
        ..new
    })
}

/// The layers that see only the latest positions.
fn local(config: &Config<'_>, layers: usize) -> Result<Option<Window>> {
    let kinds = match config.get(KINDS) {
        None => Some([false, true].repeat(12)),
        Some(types) => expanded(types),
    };
    let expected = || format!("lists of global and local with how often, for {layers} layers");
    let Some(kinds) = kinds.filter(|kinds| kinds.len() == layers) else {
        let given = config.get(KINDS).unwrap_or(&Value::Null);
        return Err(config.unsupported(KINDS, given, expected()));
    };
    if let Some(given) = config.get(EXPANDED) {
        let words = given
            .as_array()
            .map(|all| all.iter().map(is_local).collect());
        if words != Some(kinds.iter().map(|local| Some(*local)).collect::<Vec<_>>()) {
            let supported = format!("what `{KINDS}` says of each layer");
            return Err(config.unsupported(EXPANDED, given, supported));
        }
    }
    let layers: Vec<usize> = (1..=layers).filter(|layer| kinds[layer - 1]).collect();
    let width = match config.given(WIDTH) {
        None => 256,
        Some(_) => config.count(WIDTH)?,
    };
    Ok((!layers.is_empty()).then_some(Window { width, layers }))
}

fn is_local(kind: &Value) -> Option<bool> {
    match kind.as_str()? {
        "global" => Some(false),
        "local" => Some(true),
        _ => None,
    }
}

/// Whether each layer is local, of lists of kinds each with how often it is repeated.
fn expanded(types: &Value) -> Option<Vec<bool>> {
    let mut layers = Vec::new();
    for item in types.as_array()? {
        let [kinds, times] = item.as_array()?.as_slice() else {
            return None;
        };
        let kinds = kinds.as_array()?.iter().map(is_local);
        let kinds = kinds.collect::<Option<Vec<_>>>()?;
        let times = usize::try_from(times.as_u64()?).ok()?;
        let count = kinds.len().checked_mul(times)?;
        if count > 1 << 16 {
            return None;
        }
        layers.extend(kinds.repeat(times));
    }
    Some(layers)
}

fn write_config(arch: &ArchSpec) -> Value {
    let kind = |layer| match arch.window_width(layer) {
        Some(_) => "local",
        None => "global",
    };
    let kinds: Vec<_> = (1..=arch.layers).map(kind).collect();
    let width = arch
        .window
        .as_ref()
        .map_or(arch.context, |window| window.width);
    json!({ KINDS: [[kinds, 1]], WIDTH: width })
}
