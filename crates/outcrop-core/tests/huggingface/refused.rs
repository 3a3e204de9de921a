use outcrop_core::{Activation, Bias, Position, Window};
use serde_json::{Value, json};

use crate::fixtures::{parse, published_as};

/// The model, with settings changed; a change to null takes the setting away.
fn changed(name: &str, changes: &Value) -> Value {
    let mut config = published_as(name);
    for (setting, value) in changes.as_object().unwrap() {
        let settings = config.as_object_mut().unwrap();
        match value {
            Value::Null => drop(settings.remove(setting)),
            _ => drop(settings.insert(setting.clone(), value.clone())),
        }
    }
    config
}

const NEOX: &str = "pythia-70m";
const GPT2: &str = "gpt2";
const LLAMA: &str = "llama-2-7b";
const MISTRAL: &str = "mistral-7b-v0.3";
const QWEN2: &str = "qwen2.5-0.5b";
const QWEN3: &str = "qwen3-0.6b";

#[test]
fn what_changes_the_mathematics_is_refused_by_name_and_value() {
    for (model, changes, expected) in [
        (
            NEOX,
            json!({"model_type": "gptj"}),
            "`model_type` = \"gptj\"",
        ),
        (
            NEOX,
            json!({"hidden_act": "silu"}),
            "`hidden_act` = \"silu\"",
        ),
        (
            NEOX,
            json!({"attention_bias": false}),
            "`attention_bias` = false",
        ),
        (
            NEOX,
            json!({"rope_scaling": {"type": "linear", "factor": 2.0}}),
            "`rope_scaling.type`",
        ),
        (
            NEOX,
            json!({"rope_parameters": {"rope_type": "yarn"}}),
            "= \"yarn\"",
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
            "`quantization_config`",
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
            json!({"scale_attn_weights": false}),
            "`scale_attn_weights` = false",
        ),
        (
            GPT2,
            json!({"scale_attn_by_inverse_layer_idx": true}),
            "_by_inverse_layer_idx` = true",
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
            json!({"hidden_act": "gelu"}),
            "`hidden_act` = \"gelu\"",
        ),
        (LLAMA, json!({"mlp_bias": true}), "`mlp_bias` = true"),
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
        assert!(outcrop_core::HuggingFace::parse(text, "config.json").is_err());
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

/// What transformers 4.57 and 5.24 read from the same settings. Where they differ, or one fails, the file is
/// refused; where a table of version 5 stands alone, version 4 reads nothing and version 5 decides.
#[test]
fn rotary_positions_are_what_every_version_reads() {
    let theta = |theta: f64| json!({"rope_type": "default", "rope_theta": theta});
    let default = json!({"rope_type": "default"});
    let base =
        |model, changes| match parse(&changed(model, &changes)).map(|read| read.arch.position) {
            Ok(Position::Rotary { base, .. }) => Ok(base),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        };
    for (model, changes, expected) in [
        (LLAMA, json!({"rope_parameters": theta(5e3)}), Ok(5e3)),
        (
            LLAMA,
            json!({"rope_parameters": theta(5e3), "rope_scaling": {}}),
            Ok(5e3),
        ),
        (
            LLAMA,
            json!({"rope_theta": 5e3, "rope_scaling": theta(5e3)}),
            Ok(5e3),
        ),
        (
            LLAMA,
            json!({"rope_theta": 5e3, "rope_parameters": theta(5e3), "rope_scaling": default}),
            Ok(5e3),
        ),
        // version 5 takes 5000, version 4 the default
        (
            LLAMA,
            json!({"rope_scaling": theta(5e3)}),
            Err("`rope_scaling.rope_theta` = 5000"),
        ),
        // version 5 drops its own table for the older one
        (
            LLAMA,
            json!({"rope_parameters": theta(5e3), "rope_scaling": default}),
            Err("`rope_parameters.rope_theta` = 5000"),
        ),
        (
            LLAMA,
            json!({"rope_parameters": theta(5e3), "rope_scaling": theta(3e3)}),
            Err("`rope_parameters.rope_theta` = 5000"),
        ),
        (
            LLAMA,
            json!({"rope_theta": 1e4, "rope_parameters": theta(5e3)}),
            Err("`rope_theta` = 10000"),
        ),
        (
            NEOX,
            json!({"rotary_emb_base": null, "rope_parameters": theta(5e3)}),
            Ok(5e3),
        ),
        (
            NEOX,
            json!({"rotary_emb_base": 5e3, "rope_theta": 5e3}),
            Ok(5e3),
        ),
        (
            NEOX,
            json!({"rotary_emb_base": 5e3, "rope_theta": 1e4}),
            Err("`rope_theta` = 10000"),
        ),
        // which no version reads
        (
            NEOX,
            json!({"rotary_emb_base": null, "rope_theta": 5e3}),
            Err("`rope_theta` = 5000"),
        ),
        (
            NEOX,
            json!({"rotary_pct": null, "partial_rotary_factor": 0.5}),
            Err("`partial_rotary_factor` = 0.5"),
        ),
    ] {
        let read = base(model, changes.clone());
        match expected {
            Ok(expected) => assert_eq!(read, Ok(expected), "{model} {changes}"),
            Err(part) => assert!(read.unwrap_err().contains(part), "{model} {changes}"),
        }
    }
}

/// Older transformers take a null flag as false and newer ones refuse it; neither computes with a number or
/// an activation that is null.
#[test]
fn null_is_refused_where_it_is_not_the_default() {
    let with_null = |model, setting: &str| {
        let mut config = published_as(model);
        config[setting] = Value::Null;
        parse(&config).map_err(|error| error.to_string())
    };
    for (model, setting) in [
        (NEOX, "use_parallel_residual"),
        (NEOX, "attention_bias"),
        (NEOX, "rotary_pct"),
        (NEOX, "layer_norm_eps"),
        (NEOX, "hidden_act"),
        (NEOX, "is_causal"),
        (GPT2, "tie_word_embeddings"),
        (GPT2, "scale_attn_weights"),
        (GPT2, "activation_function"),
        (LLAMA, "rope_theta"),
        (LLAMA, "rms_norm_eps"),
        (QWEN2, "head_dim"),
        (QWEN3, "head_dim"),
        (QWEN3, "hidden_act"),
    ] {
        let error = with_null(model, setting).unwrap_err();
        assert!(
            error.contains(&format!("`{setting}` = null")),
            "{model}: {error}"
        );
    }
    for (model, setting) in [
        (NEOX, "tie_word_embeddings"),
        (NEOX, "rope_scaling"),
        (GPT2, "n_inner"),
        (GPT2, "scale_attn_by_inverse_layer_idx"),
        (LLAMA, "attention_bias"),
        (LLAMA, "head_dim"),
        (LLAMA, "num_key_value_heads"),
        (MISTRAL, "sliding_window"),
        (QWEN2, "use_sliding_window"),
        (QWEN3, "layer_types"),
    ] {
        assert!(with_null(model, setting).is_ok(), "{model} {setting}");
    }
}

#[test]
fn windows_are_read_layer_by_layer() {
    let window = |model, changes| parse(&changed(model, &changes)).unwrap().arch.window;
    let of = |width, layers: Vec<usize>| Some(Window { width, layers });
    let all = |n: usize| (1..=n).collect::<Vec<_>>();
    assert_eq!(
        window(MISTRAL, json!({"sliding_window": 4096})),
        of(4096, all(32))
    );
    assert_eq!(
        window(MISTRAL, json!({"sliding_window": 65_536})),
        of(65_536, all(32))
    );
    // the default of the type
    assert_eq!(
        window(MISTRAL, json!({"sliding_window": null})),
        of(4096, all(32))
    );
    let used = json!({"use_sliding_window": true, "sliding_window": 64, "max_window_layers": 21});
    assert_eq!(window(QWEN2, used), of(64, vec![22, 23, 24]));
    let mut kinds = vec!["full_attention"; 28];
    kinds[4] = "sliding_attention";
    let by_layer = json!({"use_sliding_window": true, "sliding_window": 64, "layer_types": kinds});
    assert_eq!(window(QWEN3, by_layer), of(64, vec![5]));
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
    assert_eq!(
        arch(QWEN3, json!({"attention_bias": true})).bias,
        Bias::Attention
    );
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
