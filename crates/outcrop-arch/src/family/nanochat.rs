use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT as LLAMA_LAYOUT, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, module, read, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, QkNorm, Result, RotaryPairs, Softcap};

const LOGITS: &str = "final_logit_softcapping";

/// nanochat: RMSNorm without gains, also of the embedding and of queries and keys after they are rotated, by negative
/// angles; an MLP with squares of ReLU.
pub static NANOCHAT: Family = Family {
    name: "nanochat",
    model_type: "nanochat",
    classes: &["NanoChatForCausalLM", "NanoChatModel"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        &[Setting::Read(name::ATTENTION_BIAS), Setting::Read(LOGITS)],
    ]),
    read: Some(read_config),
    write: Some(write::rope),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const OWN: Defaults = Defaults {
    activation: Activation::Relu2,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    block: &[
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("mlp.fc1", &[R::MlpUp]),
        module("mlp.fc2", &[R::MlpDown]),
    ],
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let attention = config.flag(name::ATTENTION_BIAS, false)?;
    let arch = block(config, &OWN, Bias::of([attention, attention, false]))?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    let logits = match config.names(LOGITS) {
        true => config.optional_number(LOGITS)?,
        false => Some(15.0),
    };
    Ok(ArchSpec {
        norm: Norm::RmsNormPlain,
        embedding_norm: true,
        qk_norm: QkNorm::AfterRotationPlain,
        rotary_pairs: RotaryPairs::HalvesBack,
        softcap: Softcap {
            logits,
            ..Softcap::default()
        },
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
