use super::{Family, Layout, Module, bare, experts, fused, gpt_neox, module};
use crate::TensorRole as R;

/// Models that were trained here: every architecture, under the names of GPT-NeoX where it has one. Their config
/// is one of our own; where transformers has a family for an architecture, a checkpoint is written as that.
pub static OUTCROP: Family = Family {
    name: "Outcrop",
    model_type: "outcrop",
    aliases: &[],
    classes: &[],
    base: None,
    settings: None,
    read: None,
    write: None,
    holds: None,
    layout: Some(&LAYOUT),
};

/// Parameters are drawn in the order of its modules.
static LAYOUT: Layout = Layout {
    start: &[
        module("embed_in", &[R::TokenEmbedding]),
        module("embed_projection", &[R::EmbeddingProjection]),
        module("embed_positions", &[R::PositionEmbedding]),
        module("embed_registers", &[R::Registers]),
        module("embed_layernorm", &[R::EmbeddingNorm]),
    ],
    end: &[
        module("final_layer_norm", &[R::FinalNorm]),
        module("out_projection", &[R::UnembeddingProjection]),
    ],
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        module("attention_output_layernorm", &[R::AttentionOutputNorm]),
        module("mlp_output_layernorm", &[R::MlpOutputNorm]),
        module("attention.query_layernorm", &[R::QueryNorm]),
        module("attention.key_layernorm", &[R::KeyNorm]),
        fused("attention.query_key_value"),
        module("attention.gate", &[R::AttentionGate]),
        bare("attention.sink_logits", &[R::SinkLogits]),
        bare("attention.extra_key", &[R::ExtraKey]),
        bare("attention.extra_value", &[R::ExtraValue]),
        module("attention.dense", &[R::AttentionOutput]),
        Module {
            name: "mlp.dense_h_to_4h",
            role: R::MlpGateUp,
            holds: &[R::MlpGate, R::MlpUp],
            stack: None,
            bare: false,
        },
        module("mlp.activation.positive", &[R::ActivationPositive]),
        module("mlp.activation.negative", &[R::ActivationNegative]),
        module("mlp.dense_4h_to_h", &[R::MlpDown]),
        module("mlp.router", &[R::Router]),
        experts("mlp.experts.gate_up_proj", &[R::ExpertGate, R::ExpertUp]),
        experts("mlp.experts.down_proj", &[R::ExpertDown]),
        module("mlp.shared_expert_gate", &[R::SharedScore]),
        Module {
            name: "mlp.shared_expert.dense_h_to_4h",
            role: R::MlpGateUp,
            holds: &[R::SharedGate, R::SharedUp],
            stack: None,
            bare: false,
        },
        module("mlp.shared_expert.dense_4h_to_h", &[R::SharedDown]),
    ],
    ..gpt_neox::LAYOUT
};
