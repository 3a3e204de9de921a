//! The list of switches says what is true of each.

use std::path::Path;

use outcrop_arch::{
    ArchSpec, AttentionGate, GPT_NEOX, KEYS, Number, NumberKind, Position, QkNorm, SWITCHES,
    numbers, reference, schema,
};
use serde_json::json;

fn read(key: &str, value: serde_json::Value) -> Result<ArchSpec, String> {
    // heads of any width, but where something is said of rotation
    let kind = if key.starts_with("rotary") {
        "rotary"
    } else {
        "none"
    };
    let mut position = json!({ "kind": kind });
    if kind == "rotary" {
        position = json!({ "kind": kind, "fraction": 0.5, "base": 100.0 });
    }
    let mut spec = json!({ "layers": 2, "d_model": 64, "heads": 4, "position": position });
    spec[key] = value;
    let arch: ArchSpec = serde_json::from_value(spec).map_err(|e| e.to_string())?;
    arch.check().map_err(|e| e.to_string())?;
    Ok(arch)
}

#[test]
fn keys_are_the_fields_in_order() {
    let mut full = ArchSpec::new(2, 64, 4);
    (full.head_dim, full.qk_norm) = (Some(8), QkNorm::Head);
    (full.embedding_dim, full.clip_qkv) = (Some(8), Some(4.0));
    (full.embedding_norm, full.unembedding_bias) = (true, true);
    full.embedding_projection = true;
    full.local_base = Some(100.0);
    full.scale.residual = 0.5;
    full.softcap.logits = Some(30.0);
    full.alibi.max = 4.0;
    full.window = Some(outcrop_arch::Window {
        width: 4,
        layers: vec![1],
    });
    full.unrotated_layers = vec![2];
    full.sink_logits = true;
    (full.attention_gate, full.attention_gate_init) = (AttentionGate::PerHead, Some(0.25));
    full.clipping.alpha = 2.0;
    full.kv_bias = outcrop_arch::KvBias::Key;
    (full.bidirectional, full.layer_scale) = (true, true);
    full.registers = 1;
    full.patches = Some(outcrop_arch::Patches {
        numbers: 48,
        bias: true,
        registers: 4,
    });
    full.experts = Some(outcrop_arch::Experts {
        count: 4,
        chosen: 2,
        width: 8,
        layers: vec![1],
        normalised: false,
        limit: None,
        shared: None,
    });
    full.rotary_pairs = outcrop_arch::RotaryPairs::Neighbours;
    full.rotary_scaling = Some(outcrop_arch::RotaryScaling::Linear { factor: 2.0 });
    let json = serde_json::to_value(&full).unwrap();
    let fields: Vec<_> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(fields, KEYS);
    assert_eq!(SWITCHES.map(|switch| switch.key), KEYS);
}

/// A scaling of this kind, for four pairs of channels.
fn scaling(kind: &str) -> serde_json::Value {
    match kind {
        "linear" => json!({ "kind": kind, "factor": 2.0 }),
        "dynamic" => json!({ "kind": kind, "factor": 2.0, "original_context": 64 }),
        "yarn" => json!({
            "kind": kind, "factor": 2.0, "original_context": 64, "beta_fast": 32.0, "beta_slow": 1.0,
            "truncate": true, "attention_factor": 1.5,
        }),
        "long-rope" => json!({
            "kind": kind, "short_factors": [1.0, 1.5, 2.0, 4.0], "long_factors": [1.0, 2.0, 4.0, 8.0],
            "original_context": 64, "attention_factor": 1.5,
        }),
        _ => json!({
            "kind": kind, "factor": 2.0, "low_frequency_factor": 1.0, "high_frequency_factor": 4.0,
            "original_context": 64,
        }),
    }
}

/// Each word that the list has for a switch is read and written again as that word.
#[test]
fn every_word_is_read_and_written() {
    for switch in SWITCHES {
        for (word, _) in switch.values {
            let value: serde_json::Value = match (switch.key, *word) {
                ("position", "rotary") => {
                    json!({ "kind": "rotary", "fraction": 0.5, "base": 100.0 })
                }
                ("init", "normal") => json!({ "kind": "normal", "std": 0.5 }),
                ("position" | "init", kind) => json!({ "kind": kind }),
                ("rotary_scaling", kind) => scaling(kind),
                ("bias" | "qk_norm", "true" | "false") => json!(*word == "true"),
                _ => json!(word),
            };
            let arch = read(switch.key, value.clone()).unwrap();
            let written = &serde_json::to_value(&arch).unwrap()[switch.key];
            // the default of a later switch is not written
            let left_out = written.is_null() && *word == switch.values[0].0;
            assert!(*written == value || left_out, "{}: {word}", switch.key);
        }
        if !switch.values.is_empty() {
            let known = read(switch.key, json!("no such word"));
            let known = known.or_else(|_| read(switch.key, json!({ "kind": "no such word" })));
            let error = known.unwrap_err();
            for (word, _) in switch
                .values
                .iter()
                .filter(|(word, _)| !["true", "false"].contains(word))
            {
                assert!(error.contains(word), "{}: {word}: {error}", switch.key);
            }
        }
    }
}

/// The bounds of the schema are those of the check: on them is fine, beyond is refused.
#[test]
fn bounds_of_the_schema_are_those_of_the_check() {
    let properties = &schema()["properties"];
    for switch in SWITCHES {
        let property = &properties[switch.key];
        if property["type"] == "integer" {
            let [low, high] = ["minimum", "maximum"].map(|bound| property[bound].as_u64().unwrap());
            assert!(
                read(switch.key, json!(low)).is_ok() || switch.key == "d_model",
                "{}",
                switch.key
            );
            assert!(read(switch.key, json!(high + 1)).is_err(), "{}", switch.key);
            if low > 0 {
                assert!(read(switch.key, json!(low - 1)).is_err(), "{}", switch.key);
            }
        }
    }
    assert_eq!(schema()["required"], json!(["layers", "d_model", "heads"]));
}

/// A checkpoint of an architecture that no family has is our own; asked for a family, the key is named.
#[test]
fn gates_are_refused_by_families_and_where_they_say_nothing() {
    let gated = ArchSpec {
        attention_gate: AttentionGate::PerElement,
        ..ArchSpec::new(2, 64, 4)
    };
    gated.check().unwrap();
    let error = GPT_NEOX.check(&gated).unwrap_err().to_string();
    assert!(
        error.contains("arch.attention_gate") && error.contains("GPT-NeoX"),
        "{error}"
    );
    assert_eq!(gated.to_config().unwrap()["model_type"], "outcrop");
    let names = gated.family().tensors(&gated).unwrap();
    let gate = names
        .iter()
        .find(|tensor| tensor.name.contains("layers.1.attention.gate"));
    let gate = gate.unwrap();
    assert_eq!(
        (gate.name.as_str(), &gate.shape[..]),
        ("gpt_neox.layers.1.attention.gate.weight", &[64, 64][..])
    );
    for (init, gate) in [
        (0.0, AttentionGate::PerHead),
        (1.0, AttentionGate::PerHead),
        (f64::NAN, AttentionGate::PerHead),
        (0.25, AttentionGate::None),
    ] {
        let arch = ArchSpec {
            attention_gate: gate,
            attention_gate_init: Some(init),
            ..ArchSpec::new(2, 64, 4)
        };
        let error = arch.check().unwrap_err();
        assert_eq!(
            error.field(),
            Some("arch.attention_gate_init"),
            "{init} {gate:?}"
        );
    }
    let uneven = ArchSpec {
        attention_gate: AttentionGate::PerHeadSlice,
        head_dim: Some(6),
        position: Position::Learned,
        ..ArchSpec::new(2, 10, 4)
    };
    let error = uneven.check().unwrap_err();
    assert_eq!(error.field(), Some("arch.attention_gate"));
    assert!(
        error
            .to_string()
            .contains("`heads` (4) does not divide `d_model` (10)"),
        "{error}"
    );
}

/// What a number gets of an architecture it sets again, and every architecture has the same columns.
#[test]
fn a_number_sets_what_it_gets() {
    for number in numbers() {
        let mut arch = ArchSpec::new(2, 64, 4);
        match number.kind {
            NumberKind::Whole { get, set } => {
                set(&mut arch, 32);
                assert_eq!(get(&arch), 32, "{}", number.name);
            }
            NumberKind::Real { get, set } => {
                set(&mut arch, 0.5);
                assert_eq!(get(&arch), Some(0.5), "{}", number.name);
            }
        }
        let whole = matches!(number.kind, NumberKind::Whole { .. });
        assert!(
            whole || !number.knob,
            "{}: designs change whole numbers",
            number.name
        );
    }
}

#[test]
fn columns_and_knobs_are_the_numbers_in_order() {
    let names =
        |of: fn(&&Number) -> bool| -> Vec<_> { numbers().filter(of).map(|n| n.name).collect() };
    let columns = [
        "layers",
        "d_model",
        "heads",
        "kv_heads",
        "d_ff",
        "vocab",
        "context",
        "rotary_fraction",
        "rotary_base",
    ];
    assert_eq!(names(|_| true), columns);
    let knobs = ["layers", "d_model", "heads", "d_ff", "vocab", "context"];
    assert_eq!(names(|number| number.knob), knobs);
}

/// `docs/architecture-keys.md` ends with the reference; with `UPDATE_DOCS=1` it is written.
#[test]
fn the_page_of_all_keys_is_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/architecture-keys.md");
    let page = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\r\n", "\n");
    let expected = reference();
    let first = expected.lines().next().unwrap();
    let (head, found) = page.split_at(page.find(first).unwrap());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{head}{expected}")).unwrap();
    } else {
        assert_eq!(
            found, expected,
            "run UPDATE_DOCS=1 cargo test -p outcrop-arch --test switches"
        );
    }
}
