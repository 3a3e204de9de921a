//! What one version of transformers reads otherwise than another, or layer by layer.

use outcrop_arch::{Position, Window};
use serde_json::{Value, json};

use crate::fixtures::{GPT2, LLAMA, MISTRAL, NEOX, QWEN2, QWEN3, changed, parse, published_as};

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
