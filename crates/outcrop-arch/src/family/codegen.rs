use serde_json::json;

use super::gptj::{self, GPTJ};
use super::{Config, Family, Layout, Module, fused, module};
use crate::TensorRole as R;
use crate::{ArchSpec, Result};

/// CodeGen: GPT-J with queries, values and keys in one matrix, in four pieces one below another.
pub static CODEGEN: Family = Family {
    name: "CodeGen",
    model_type: "codegen",
    classes: &["CodeGenForCausalLM", "CodeGenModel"],
    base: Some(&GPTJ),
    read: Some(read_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const PIECES: usize = 4;

static LAYOUT: Layout = Layout {
    block: &[
        module("ln_1", &[R::AttentionNorm]),
        Module {
            holds: &[R::Query, R::Value, R::Key],
            ..fused("attn.qkv_proj")
        },
        module("attn.out_proj", &[R::AttentionOutput]),
        module("mlp.fc_in", &[R::MlpUp]),
        module("mlp.fc_out", &[R::MlpDown]),
    ],
    pieces: PIECES,
    ..gptj::NAMES
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = gptj::read_config(config)?;
    match arch.d_model % PIECES {
        0 => Ok(arch),
        _ => {
            let supported = format!("a multiple of {PIECES}");
            Err(config.unsupported("n_embd", &json!(arch.d_model), supported))
        }
    }
}
