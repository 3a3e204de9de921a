//! Switches that say how attention scores become weights.

use outcrop_arch::{
    ArchSpec, Attention, AttentionWeighting, Draw, GPT_NEOX, KvBias, OUTCROP, Part, Plan, Step,
    TensorRole,
};
use serde_json::{Value, json};

/// A key and a value of each key-value head are drawn as other weights and do not decay; a key alone has no value.
#[test]
fn extra_keys_and_values_are_drawn_and_do_not_decay() {
    let parts = |kv_bias| {
        let arch = ArchSpec {
            kv_bias,
            kv_heads: 2,
            ..ArchSpec::new(1, 64, 4)
        };
        let parts = Plan::new(&arch).block(1).parts.clone();
        let extra =
            |part: &Part| matches!(part.role, TensorRole::ExtraKey | TensorRole::ExtraValue);
        parts.into_iter().filter(extra).collect::<Vec<_>>()
    };
    assert_eq!(parts(KvBias::None), []);
    let (key, both) = (parts(KvBias::Key), parts(KvBias::KeyValue));
    assert_eq!((key.len(), both.len()), (1, 2));
    for part in &both {
        assert_eq!(part.shape, [2 * 16]);
        assert_eq!(part.init, Draw::Normal { std: 0.02 });
        assert!(!part.decays);
    }
}

/// What a clipping is of a sequence: gamma = -alpha / context.
#[test]
fn clipping_follows_the_context() {
    let arch = ArchSpec {
        attention: Attention::ClippedSoftmax,
        context: 64,
        ..ArchSpec::new(1, 64, 4)
    };
    let weighting = Plan::new(&arch).steps().find_map(|step| match step {
        Step::Attend { weighting, .. } => Some(*weighting),
        _ => None,
    });
    let expected = AttentionWeighting::ClippedSoftmax {
        eta: 1.0,
        gamma: -0.0625,
    };
    assert_eq!(weighting, Some(expected));
}

/// Each pair of switches of which one takes the meaning of the other is refused with both names.
#[test]
fn switches_of_attention_that_exclude_each_other_are_named() {
    let check = |json: Value| {
        let mut spec = json!({ "layers": 1, "d_model": 64, "heads": 4 });
        for (key, value) in json.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let arch: ArchSpec = serde_json::from_value(spec).unwrap();
        arch.check().map_err(|e| e.to_string())
    };
    for attention in ["softmax-one", "clipped-softmax", "softpick", "sigmoid"] {
        let error = check(json!({ "attention": attention, "sink_logits": true }));
        let error = error.unwrap_err();
        assert!(
            error.contains("sink_logits") && error.contains(attention),
            "{error}"
        );
        assert_eq!(check(json!({ "attention": attention })), Ok(()));
    }
    for (other, value, kv_bias) in [
        ("sink_logits", json!(true), "key"),
        ("sink_logits", json!(true), "key-value"),
        ("attention", json!("softmax-one"), "key"),
        ("attention", json!("softmax-one"), "key-value"),
        ("attention", json!("sigmoid"), "key"),
    ] {
        let error = check(json!({ "kv_bias": kv_bias, other: value })).unwrap_err();
        assert!(
            error.contains("kv_bias") && error.contains(other),
            "{error}"
        );
    }
    for attention in ["softmax", "clipped-softmax", "softpick", "sigmoid"] {
        let both = json!({ "attention": attention, "kv_bias": "key-value" });
        assert_eq!(check(both), Ok(()));
    }
    for clipping in [json!({ "eta": 0.9 }), json!({ "alpha": -1.0 })] {
        let both = json!({ "attention": "clipped-softmax", "clipping": clipping });
        assert!(check(both).unwrap_err().contains("arch.clipping."));
    }
    let alone = check(json!({ "clipping": { "alpha": 2.0 } })).unwrap_err();
    assert!(
        alone.contains("clipping") && alone.contains("attention"),
        "{alone}"
    );
}

/// Files of GPT-NeoX have no place for any of them; our own have one.
#[test]
fn other_attention_is_saved_in_our_own_files() {
    let base = ArchSpec::new(2, 64, 4);
    assert_eq!(base.family(), &GPT_NEOX);
    let change = |change: fn(&mut ArchSpec)| {
        let mut arch = base.clone();
        change(&mut arch);
        arch
    };
    for arch in [
        change(|arch| arch.attention = Attention::SoftmaxOne),
        change(|arch| arch.attention = Attention::ClippedSoftmax),
        change(|arch| arch.attention = Attention::Softpick),
        change(|arch| arch.attention = Attention::Sigmoid),
        change(|arch| arch.sink_logits = true),
        change(|arch| arch.kv_bias = KvBias::Key),
        change(|arch| arch.kv_bias = KvBias::KeyValue),
    ] {
        assert_eq!(arch.family(), &OUTCROP);
        let refused = GPT_NEOX.check(&arch).unwrap_err().to_string();
        let named = ["attention", "sink_logits", "kv_bias"].map(|key| format!("arch.{key}"));
        assert!(named.iter().any(|key| refused.contains(key)), "{refused}");
        let tensors = arch.family().tensors(&arch).unwrap();
        let own = tensors.iter().filter(|tensor| {
            ["sink_logits", "extra_key", "extra_value"]
                .iter()
                .any(|name| tensor.name.ends_with(name))
        });
        let expected = match (arch.sink_logits, arch.kv_bias) {
            (false, KvBias::None) => 0,
            (true, _) | (_, KvBias::Key) => 2,
            (false, KvBias::KeyValue) => 4,
        };
        assert_eq!(own.count(), expected);
    }
}
