use outcrop_arch::{Activation, Bias};
use serde_json::{Value, json};

use crate::fixtures::{GPT2, LLAMA, MISTRAL, NEOX, QWEN2, QWEN3, changed, parse, published_as};

#[test]
fn what_changes_the_mathematics_is_refused_by_name_and_value() {
    for (model, changes, expected) in [
        (
            NEOX,
            json!({"model_type": "rwkv"}),
            "`model_type` = \"rwkv\"",
        ),
        (
            NEOX,
            json!({"hidden_act": "mish"}),
            "`hidden_act` = \"mish\"",
        ),
        (
            NEOX,
            json!({"rope_scaling": {"type": "proportional", "factor": 2.0}}),
            "`rope_scaling.type`",
        ),
        (
            NEOX,
            json!({"rope_scaling": {"type": "linear", "rope_type": "dynamic", "factor": 2.0}}),
            "`rope_scaling.rope_type` = \"dynamic\"",
        ),
        (
            NEOX,
            json!({"rope_parameters": {"rope_type": "yarn"}}),
            "`rope_parameters.factor` is missing",
        ),
        (
            NEOX,
            json!({"rope_scaling": {"type": "linear", "factor": 2.0, "beta_fast": 3}}),
            "`rope_scaling.beta_fast`",
        ),
        // version 4 takes the longest sequence, version 5 what the table says
        (
            LLAMA,
            json!({"rope_scaling": {"type": "longrope", "factor": 2.0, "original_max_position_embeddings": 64,
                "short_factor": [1.0], "long_factor": [1.0]}}),
            "`rope_scaling.original_max_position_embeddings` = 64",
        ),
        (
            LLAMA,
            json!({"rope_scaling": {"type": "llama3", "factor": 2.0, "low_freq_factor": 4.0, "high_freq_factor": 1.0,
                "original_max_position_embeddings": 64}}),
            "high_frequency_factor",
        ),
        (
            NEOX,
            json!({"rope_parameters": {"rope_theta": 5000}}),
            "`rope_parameters.rope_theta`",
        ),
        (
            NEOX,
            json!({"rope_scaling": {"attention_factor": 2}}),
            "`rope_scaling.attention_factor`",
        ),
        (
            NEOX,
            json!({"rotary_pct": 0.21}),
            "an even number of the d_head = 64",
        ),
        (
            NEOX,
            json!({"quantization_config": {"bits": 4}}),
            "Mxfp4Config(dequantize=True)",
        ),
        (
            NEOX,
            json!({"quantization": {"group_size": 64, "bits": 4}}),
            "mlx_lm.convert --dequantize",
        ),
        (
            NEOX,
            json!({"model_type": "deepseek_v2"}),
            "latent attention (MLA)",
        ),
        (
            NEOX,
            json!({"model_type": "qwen3_next"}),
            "linear attention beside attention",
        ),
        (
            NEOX,
            json!({"architectures": ["GPTNeoXReward"]}),
            "`architectures`",
        ),
        (
            GPT2,
            json!({"activation_function": "gelu_10"}),
            "`activation_function` = \"gelu_10\"",
        ),
        (
            GPT2,
            json!({"scale_attn_weights": 1}),
            "`scale_attn_weights` = 1",
        ),
        (
            GPT2,
            json!({"scale_attn_by_inverse_layer_idx": "yes"}),
            "_by_inverse_layer_idx` = \"yes\"",
        ),
        (
            GPT2,
            json!({"add_cross_attention": true}),
            "`add_cross_attention` = true",
        ),
        (
            GPT2,
            json!({"rope_theta": 1e4}),
            "unknown setting `rope_theta` = 10000.0",
        ),
        (GPT2, json!({"pruned_heads": {"0": [1]}}), "`pruned_heads`"),
        (
            LLAMA,
            json!({"hidden_act": "relu6"}),
            "`hidden_act` = \"relu6\"",
        ),
        (
            LLAMA,
            json!({"num_experts": 8}),
            "unknown setting `num_experts` = 8",
        ),
        (
            LLAMA,
            json!({"num_local_experts": 8}),
            "`num_local_experts` = 8",
        ),
        (
            LLAMA,
            json!({"logit_scale": 0.5}),
            "unknown setting `logit_scale` = 0.5",
        ),
        (
            LLAMA,
            json!({"embedding_multiplier": 12}),
            "`embedding_multiplier` = 12",
        ),
        (
            LLAMA,
            json!({"sliding_window": 8192}),
            "`sliding_window` = 8192",
        ),
        (
            LLAMA,
            json!({"partial_rotary_factor": 0.5}),
            "position.fraction = 0.5",
        ),
        (
            LLAMA,
            json!({"rope_interleaved": true}),
            "`rope_interleaved` = true",
        ),
        (
            LLAMA,
            json!({"atention_bias": true}),
            "did you mean `attention_bias`",
        ),
        (LLAMA, json!({"is_causal": false}), "`is_causal` = false"),
        (
            LLAMA,
            json!({"auto_map": {"AutoModel": "mine.Model"}}),
            "`auto_map`",
        ),
        (
            MISTRAL,
            json!({"sliding_window": 0}),
            "`sliding_window` = 0",
        ),
        (
            MISTRAL,
            json!({"sliding_window": 4096, "use_sliding_window": false}),
            "`use_sliding_window` = false",
        ),
        (
            LLAMA,
            json!({"max_window_layers": 28}),
            "`max_window_layers`",
        ),
        (
            LLAMA,
            json!({"use_sliding_window": true}),
            "`use_sliding_window` = true",
        ),
        (
            LLAMA,
            json!({"auto_map": {"AutoTokenizer": ["mine.Tokenizer", "AutoModel"], "AutoModel": "mine.Model"}}),
            "AutoTokenizer alone",
        ),
        (
            MISTRAL,
            json!({"attention_bias": true}),
            "`attention_bias` = true",
        ),
        (
            MISTRAL,
            json!({"num_key_value_heads": null}),
            "`num_key_value_heads` is missing",
        ),
        (
            MISTRAL,
            json!({"layer_types": ["sliding_attention"]}),
            "`layer_types`",
        ),
        (
            QWEN2,
            json!({"layer_types": vec!["sliding_attention"; 24]}),
            "`layer_types`",
        ),
        (QWEN2, json!({"use_mrope": true}), "`use_mrope` = true"),
        (
            QWEN2,
            json!({"rope_scaling": {"mrope_section": [16, 24]}}),
            "mrope_section",
        ),
        (
            QWEN3,
            json!({"layer_types": ["full_attention", "sliding_attention"]}),
            "`layer_types`",
        ),
        (
            QWEN3,
            json!({"head_dim": 127}),
            "an even number of the d_head = 127",
        ),
    ] {
        let error = parse(&changed(model, &changes)).unwrap_err().to_string();
        assert!(error.contains(expected), "{model} {changes}: {error}");
    }
}

#[test]
fn what_is_missing_or_mistyped_is_named() {
    for (model, changes, expected) in [
        (NEOX, json!({"model_type": null}), "`model_type` = null"),
        (
            NEOX,
            json!({"hidden_size": null}),
            "`hidden_size` is missing",
        ),
        (
            NEOX,
            json!({"hidden_size": 512.5}),
            "`hidden_size` = 512.5, expected a whole number",
        ),
        (NEOX, json!({"hidden_size": -512}), "`hidden_size` = -512"),
        (
            NEOX,
            json!({"hidden_size": "512"}),
            "`hidden_size` = \"512\"",
        ),
        (
            NEOX,
            json!({"rope_scaling": "linear"}),
            "`rope_scaling` = \"linear\", expected an object",
        ),
        (
            NEOX,
            json!({"rope_theta": [1]}),
            "`rope_theta` = [1], expected a number",
        ),
        (NEOX, json!({"num_attention_heads": 7}), "arch.heads = 7"),
        (GPT2, json!({"n_layer": 0}), "arch.layers = 0"),
        (
            LLAMA,
            json!({"tie_word_embeddings": 1}),
            "`tie_word_embeddings` = 1, expected true",
        ),
        (
            LLAMA,
            json!({"num_key_value_heads": 5}),
            "arch.kv_heads = 5",
        ),
        (LLAMA, json!({"vocab_size": u64::MAX}), "arch.vocab"),
    ] {
        let error = parse(&changed(model, &changes)).unwrap_err().to_string();
        assert!(error.contains(expected), "{model} {changes}: {error}");
    }
    for text in ["", "[]", "null", "{", "NaN", "{\"model_type\": NaN}"] {
        assert!(outcrop_arch::HuggingFace::parse(text, "config.json").is_err());
    }
}

#[test]
fn what_changes_nothing_is_accepted() {
    for (model, changes) in [
        (
            NEOX,
            json!({"attention_dropout": 0.1, "hidden_dropout": 0.1, "dtype": "bfloat16"}),
        ),
        (
            NEOX,
            json!({"rope_theta": 10000.0, "partial_rotary_factor": 0.25}),
        ),
        (
            NEOX,
            json!({"rope_scaling": {"rope_type": "default", "factor": null}}),
        ),
        (NEOX, json!({"architectures": ["GPTNeoXModel"]})),
        (
            GPT2,
            json!({"reorder_and_upcast_attn": true, "n_inner": 3072, "use_cache": false}),
        ),
        (
            LLAMA,
            json!({"pretraining_tp": 2, "head_dim": 128, "num_key_value_heads": null}),
        ),
        (
            LLAMA,
            json!({"rope_theta": 10000.0, "max_sequence_length": 2048}),
        ),
        (MISTRAL, json!({"head_dim": 128})),
        (QWEN2, json!({"use_sliding_window": true})),
        (
            QWEN2,
            json!({"layer_types": vec!["full_attention"; 24], "sliding_window": 64}),
        ),
        (
            LLAMA,
            json!({"use_sliding_window": false, "sliding_window": 64, "max_window_layers": 28}),
        ),
        (GPT2, json!({"layer_types": vec!["full_attention"; 12]})),
        (
            NEOX,
            json!({"layer_types": vec!["full_attention"; 6], "use_sliding_window": false}),
        ),
        (
            NEOX,
            json!({"transformers.js_config": {"dtype": "q8"}, "_model_name_or_path": "x"}),
        ),
        (
            QWEN3,
            json!({"_commit_hash": "abc", "_from_model_config": true, "use_return_dict": true}),
        ),
        (
            MISTRAL,
            json!({"_flash_attn_2_enabled": true, "auto_map": {"AutoTokenizer": ["mine.Tokenizer"]}}),
        ),
        (QWEN3, json!({"head_dim": null})),
    ] {
        let expected = parse(&published_as(model)).unwrap();
        let read = parse(&changed(model, &changes));
        assert_eq!(read.unwrap(), expected, "{model} {changes}");
    }
}

#[test]
fn an_unknown_null_is_accepted_and_a_long_value_is_cut() {
    let mut config = published_as(LLAMA);
    config["something_new"] = Value::Null;
    parse(&config).unwrap();
    config["something_new"] = json!(vec![1; 10_000]);
    assert!(parse(&config).unwrap_err().to_string().len() < 400);
}

#[test]
fn biases_ties_and_activations_are_read() {
    let arch = |model, changes| parse(&changed(model, &changes)).unwrap().arch;
    let bias = |changes| arch(LLAMA, changes).bias;
    assert_eq!(bias(json!({"attention_bias": true})), Bias::Attention);
    assert_eq!(
        bias(json!({"attention_bias": true, "mlp_bias": true})),
        Bias::All
    );
    assert_eq!(bias(json!({"mlp_bias": true})), Bias::Mlp);
    assert_eq!(
        arch(QWEN3, json!({"attention_bias": true})).bias,
        Bias::Attention
    );
    assert_eq!(arch(NEOX, json!({"attention_bias": false})).bias, Bias::Mlp);
    for (model, tied) in [(NEOX, false), (GPT2, true), (LLAMA, false), (QWEN3, false)] {
        assert_eq!(
            arch(model, json!({"tie_word_embeddings": null})).tied,
            tied,
            "{model}"
        );
        assert!(arch(model, json!({"tie_word_embeddings": true})).tied);
    }
    let gelu = arch(GPT2, json!({"activation_function": "gelu"})).activation;
    assert_eq!(gelu, Activation::Gelu);
    assert_eq!(
        arch(NEOX, json!({"hidden_act": "gelu_fast"})).activation,
        Activation::GeluTanh
    );
}

/// Families make lists with an entry for each layer: of so many it would take all memory.
#[test]
fn more_layers_than_any_model_has_are_refused() {
    let many = 20_000_000_000_u64;
    for (model, name) in [
        (MISTRAL, "num_hidden_layers"),
        (QWEN3, "num_hidden_layers"),
        (LLAMA, "num_hidden_layers"),
        (GPT2, "n_layer"),
    ] {
        let mut config = changed(model, &json!({}));
        config[name] = many.into();
        let error = parse(&config).unwrap_err().to_string();
        assert!(
            error.contains(&format!("`{name}` = {many}")) && error.contains("at most 65536"),
            "{error}"
        );
    }
}
