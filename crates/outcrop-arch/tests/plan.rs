//! A plan against closed forms, on random architectures.

use outcrop_arch::{
    Activation, ArchSpec, AttentionGate, Bias, Draw, Experts, Gain, HuggingFace, Init, LLAMA,
    Nonlinearity, Norm, NormPlacement, Parameters, Plan, Position, QkNorm, Residual, Rows, Scale,
    Step, TensorKind, TensorRole, Window,
};
use proptest::prelude::*;
use proptest::sample::select;

/// Numbers as the formulas of textbooks have them, switch by switch.
fn counted(arch: &ArchSpec) -> Parameters {
    let [d, ff, layers] = [arch.d_model, arch.d_ff, arch.layers].map(|n| n as u64);
    let [heads, kv_heads, d_head] = [arch.heads, arch.kv_heads, arch.d_head()].map(|n| n as u64);
    let linear = |i: u64, o: u64, bias: bool| i * o + if bias { o } else { 0 };
    let norm = arch.norm.properties();
    let gain = match norm.gain {
        Gain::None => 0,
        Gain::Channels => d,
        Gain::Single => 1,
    };
    let norm = gain + d * u64::from(norm.shift) + u64::from(norm.tanh);
    let placement = arch.norm_placement.properties();
    let read = if arch.residual.properties().shared {
        1
    } else {
        2
    };
    let [input, output, stream] =
        [placement.input, placement.output, placement.stream].map(u64::from);
    let norms = read * input + 2 * (output + stream);
    let ends = u64::from(placement.last) + u64::from(arch.embedding_norm);
    let attention = linear(d, (heads + 2 * kv_heads) * d_head, arch.bias.qkv())
        + linear(heads * d_head, d, arch.bias.attention_output())
        + match arch.qk_norm {
            QkNorm::None | QkNorm::AfterRotationPlain => 0,
            QkNorm::Head | QkNorm::AfterRotation => 2 * d_head,
            QkNorm::LayerNorm => 4 * d_head,
            QkNorm::Width | QkNorm::LayerNormHeads => (heads + kv_heads) * d_head,
        };
    let [inputs, gates] = match arch.attention_gate {
        AttentionGate::None => [d, 0],
        AttentionGate::PerHead => [d, heads],
        AttentionGate::PerHeadSlice => [d / heads, heads],
        AttentionGate::PerElement => [d, heads * d_head],
    };
    let attention = attention + linear(inputs, gates, arch.attention_gate_init.is_some());
    let ups = 1 + u64::from(arch.activation.properties().gated);
    let mlp = ups * linear(d, ff, arch.bias.mlp()) + linear(ff, d, arch.bias.mlp());
    let learned = 2 * u64::from(arch.activation == Activation::Xielu);
    let projections = arch.embedding_dim.map_or(0, |width| 2 * width as u64 * d);
    let non_embedding =
        layers * (norms * norm + attention + mlp + learned) + ends * norm + projections;
    let width = arch.embedding_dim.unwrap_or(arch.d_model);
    let tokens = (arch.vocab * width) as u64 * if arch.tied { 1 } else { 2 };
    let bias = if arch.unembedding_bias {
        arch.vocab as u64
    } else {
        0
    };
    let positioned = arch.position == Position::Learned;
    let positions = if positioned {
        arch.context as u64 * d
    } else {
        0
    };
    Parameters {
        total: non_embedding + tokens + positions + bias,
        non_embedding,
        active: non_embedding,
    }
}

fn architectures() -> impl Strategy<Value = ArchSpec> {
    let shape = (
        1..5usize,
        1..4usize,
        1..4usize,
        1..9usize,
        1..50usize,
        any::<bool>(),
    );
    let rotary = Position::Rotary {
        fraction: 1.0,
        base: 1e4,
    };
    let norms = (
        select(&Norm::ALL[..]),
        select(&NormPlacement::ALL[..]),
        select(&Residual::ALL[..]),
        select(&QkNorm::ALL[..]),
        select(&AttentionGate::ALL[..]),
    );
    let rest = (
        select(vec![
            rotary,
            Position::Learned,
            Position::Alibi,
            Position::None,
        ]),
        select(&Activation::ALL[..]),
        select(vec![
            Bias::All,
            Bias::Qkv,
            Bias::Attention,
            Bias::None,
            Bias::Mlp,
            Bias::OutputMlp,
        ]),
        select(vec![Init::SmallWang, Init::Normal { std: 0.02 }]),
        any::<[bool; 6]>(),
    );
    (shape, norms, rest).prop_map(|(shape, norms, rest)| {
        let (layers, kv_heads, group, half, d_ff, grouped) = shape;
        let heads = kv_heads * group;
        let (norm, norm_placement, residual, qk_norm, attention_gate) = norms;
        let (
            position,
            activation,
            bias,
            init,
            [
                tied,
                wide,
                windowed,
                narrow,
                embedding_norm,
                unembedding_bias,
            ],
        ) = rest;
        ArchSpec {
            kv_heads: if grouped { kv_heads } else { heads },
            head_dim: wide.then_some(2 * half + 2),
            d_ff,
            vocab: 7 + d_ff,
            context: 3 + d_ff,
            norm,
            norm_placement,
            residual,
            qk_norm,
            attention_gate,
            position,
            activation,
            bias,
            init,
            tied,
            embedding_dim: narrow.then_some(half + 1),
            embedding_norm,
            unembedding_bias,
            clip_qkv: narrow.then_some(4.0),
            scale: Scale {
                residual: if wide { 0.5 } else { 1.0 },
                by_layer: narrow,
                ..Scale::default()
            },
            window: windowed.then(|| Window {
                width: half,
                layers: vec![layers],
            }),
            ..ArchSpec::new(layers, heads * 2 * half, heads)
        }
    })
}

proptest! {
    #[test]
    fn parameters_and_operations_are_those_of_the_closed_form(arch in architectures()) {
        arch.check().unwrap();
        let expected = counted(&arch);
        prop_assert_eq!(arch.parameters(), expected);
        let head = (arch.vocab * arch.embedding_dim.unwrap_or(arch.d_model)) as u64;
        let scores = arch.layers * arch.context * arch.heads * arch.d_head();
        let flops = 6 * (expected.non_embedding + head) + 12 * scores as u64;
        prop_assert_eq!(arch.flops_per_token(), flops as f64);
    }

    #[test]
    fn what_is_drawn_decays_and_what_writes_to_the_stream_is_drawn_smaller(arch in architectures()) {
        let plan = Plan::new(&arch);
        for part in plan.sections().flat_map(|(_, section)| &section.parts) {
            let matrix = matches!(part.kind, TensorKind::Matrix | TensorKind::Embedding);
            prop_assert_eq!((part.decays, part.shape.len() == 2), (matrix, matrix));
            let writes = [TensorRole::AttentionOutput, TensorRole::MlpDown].contains(&part.role);
            let d = arch.d_model as f64;
            let std = match arch.init {
                Init::Normal { std } => std,
                Init::SmallWang if writes => 2.0 / (arch.layers as f64 * d.sqrt()),
                Init::SmallWang => (2.0 / (5.0 * d)).sqrt(),
            };
            match part.init {
                Draw::Normal { std: drawn } => prop_assert!((drawn / std - 1.0).abs() < 1e-12),
                Draw::Ones => prop_assert_eq!(part.kind, TensorKind::Gain),
                Draw::Constant { .. } => prop_assert_eq!(part.kind, TensorKind::Alpha),
                Draw::Orthogonal => prop_assert!(matrix && arch.embedding_projection),
                Draw::Zeros => prop_assert!(!matrix && part.kind != TensorKind::Gain),
            }
        }
    }

    /// Rows that a step reads were written before; a part is used by the steps of its section, but for the
    /// unembedding that is tied.
    #[test]
    fn steps_read_what_was_written_and_every_part_is_used(arch in architectures()) {
        let plan = Plan::new(&arch);
        for section in [&plan.start, plan.block(1), plan.block(arch.layers), &plan.end] {
            let mut written = vec![Rows::Residual];
            let mut used = Vec::new();
            for step in &section.steps {
                let (reads, writes, role) = flow(step);
                prop_assert!(reads.iter().all(|rows| written.contains(rows)), "{:?}", step);
                written.extend(writes);
                used.extend(role);
                if matches!(step, Step::Activate { kind: Nonlinearity::Xielu, .. }) {
                    used.extend([TensorRole::ActivationPositive, TensorRole::ActivationNegative]);
                }
            }
            for part in section.parts.iter().filter(|part| !part.optional) {
                prop_assert!(used.contains(&part.role), "{:?}", part.role);
            }
        }
        prop_assert_eq!(plan.layers(), arch.layers);
    }
}

/// What a step reads and writes, and whose weights it takes.
fn flow(step: &Step) -> (Vec<Rows>, Option<Rows>, Option<TensorRole>) {
    match *step {
        Step::Embed { role } => (vec![], Some(Rows::Residual), Some(role)),
        Step::AddPosition { role } | Step::Insert { role, .. } => {
            (vec![Rows::Residual], None, Some(role))
        }
        Step::Remove { .. } => (vec![Rows::Residual], None, None),
        Step::Gain { role, of } => (vec![of], None, Some(role)),
        Step::Norm { role, from, to, .. }
        | Step::DynamicTanh { role, from, to }
        | Step::Project { role, from, to }
        | Step::ProjectSlices { role, from, to } => (vec![from], Some(to), Some(role)),
        Step::Experts { from, to, .. } => (vec![from], Some(to), None),
        Step::HeadNorm { role, of, .. } => (vec![of], None, Some(role)),
        Step::Scale { of, .. } | Step::Clip { of, .. } => (vec![of], None, None),
        Step::Rotate { of, .. } | Step::Activate { of, .. } => (vec![of], None, None),
        Step::Attend { .. } => {
            let reads = vec![Rows::Queries, Rows::Keys, Rows::Values];
            (reads, Some(Rows::Read), None)
        }
        Step::Multiply { from, to } | Step::Add { from, to } => (vec![from, to], None, None),
        // a tied unembedding may have a bias of its own
        Step::Unembed { from, .. } => (vec![from], None, Some(TensorRole::Unembedding)),
    }
}

/// Wherever norms stand; after an addition none of them keeps what the stream was before.
#[test]
fn a_parallel_mlp_reads_the_stream_before_attention_writes_to_it() {
    for norm_placement in NormPlacement::ALL {
        for residual in Residual::ALL {
            let steps = Plan::new(&ArchSpec {
                norm_placement,
                residual,
                ..ArchSpec::new(1, 8, 2)
            });
            let steps = &steps.block(1).steps;
            let position = |is: &dyn Fn(&Step) -> bool| steps.iter().position(is).unwrap();
            let up = |step: &Step| match *step {
                Step::Project {
                    role: TensorRole::MlpUp,
                    from,
                    ..
                } => Some(from),
                _ => None,
            };
            let from = steps.iter().find_map(up).unwrap();
            let reads = |step: &Step| match *step {
                Step::Norm { to, .. } if from != Rows::Residual => to == from,
                _ => up(step) == Some(Rows::Residual),
            };
            let adds = |step: &Step| matches!(step, Step::Add { .. });
            let early = position(&reads) < position(&adds);
            assert_eq!(
                early,
                residual.properties().parallel,
                "{norm_placement:?} {residual:?}"
            );
        }
    }
}

#[test]
fn a_part_without_a_name_is_refused() {
    let arch = ArchSpec {
        norm_placement: NormPlacement::Peri,
        ..ArchSpec::new(2, 64, 4)
    };
    let error = &LLAMA.name_parts(&Plan::new(&arch)).unwrap_err().to_string();
    assert!(
        error.contains("Llama") && error.contains("AttentionOutputNorm"),
        "{error}"
    );
}

#[test]
fn windows_make_a_second_kind_of_block() {
    let window = Some(Window {
        width: 4,
        layers: vec![2, 4],
    });
    let plan = Plan::new(&ArchSpec {
        window,
        ..ArchSpec::new(5, 64, 4)
    });
    let width = |layer| {
        let seen = |step: &Step| match step {
            Step::Attend { window, .. } => Some(*window),
            _ => None,
        };
        plan.block(layer).steps.iter().find_map(seen).unwrap()
    };
    assert_eq!(
        [1, 2, 3, 4, 5].map(width),
        [None, Some(4), None, Some(4), None]
    );
}

/// Mixtral-8x7B-v0.1, Qwen3-30B-A3B and gpt-oss-20b, whose sizes are published: 46.7, 30.5 and 20.9 billion parameters, of
/// which a token passes 12.9, 3.3 and, without the embedding, 3.6 billion.
#[test]
fn experts_that_a_token_does_not_pass_are_not_active() {
    let mixtral = r#"{"model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000, "max_position_embeddings": 32768,
        "num_local_experts": 8, "num_experts_per_tok": 2, "sliding_window": null, "rope_theta": 1000000.0}"#;
    let qwen = r#"{"model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 48,
        "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936, "num_experts": 128,
        "max_position_embeddings": 40960, "num_experts_per_tok": 8, "moe_intermediate_size": 768, "rope_theta": 1000000.0,
        "decoder_sparse_step": 1, "mlp_only_layers": [], "norm_topk_prob": true, "use_sliding_window": false,
        "max_window_layers": 48}"#;
    let oss = r#"{"model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24,
        "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 201088, "attention_bias": true,
        "max_position_embeddings": 131072, "initial_context_length": 4096, "num_local_experts": 32, "swiglu_limit": 7.0,
        "num_experts_per_tok": 4, "experts_per_token": 4, "hidden_act": "silu", "sliding_window": 128,
        "rope_theta": 150000, "rope_scaling": {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "rope_type": "yarn",
        "original_max_position_embeddings": 4096, "truncate": false}}"#;
    for (config, total, active) in [
        (mixtral, 46_702_792_704, 12_879_925_248),
        (qwen, 30_532_122_624, 3_353_032_704u64),
        (oss, 20_914_757_184, 4_187_440_704),
    ] {
        let arch = HuggingFace::parse(config, "config.json").unwrap().arch;
        let counted = arch.parameters();
        let embeddings = counted.total - counted.non_embedding;
        assert_eq!(
            (counted.total, counted.active + embeddings),
            (total, active)
        );
        let head = (arch.vocab * arch.d_model) as u64;
        let scores = (12 * arch.layers * arch.context * arch.heads * arch.d_head()) as u64;
        let flops = 6 * (counted.active + head) + scores;
        assert_eq!(arch.flops_per_token(), flops as f64);
    }
}

#[test]
fn experts_out_of_range_are_refused_by_field() {
    let good = Experts {
        count: 4,
        chosen: 2,
        width: 8,
        layers: vec![1, 2],
        normalised: true,
        limit: None,
        shared: None,
    };
    let base = ArchSpec {
        activation: Activation::SwiGlu,
        residual: Residual::Sequential,
        ..ArchSpec::new(2, 64, 4)
    };
    let field = |arch: ArchSpec| arch.check().unwrap_err().field().unwrap().to_owned();
    let with = |experts: Experts| ArchSpec {
        experts: Some(experts),
        ..base.clone()
    };
    with(good.clone()).check().unwrap();
    for (experts, expected) in [
        (
            Experts {
                chosen: 5,
                ..good.clone()
            },
            "arch.experts.chosen",
        ),
        (
            Experts {
                width: 0,
                ..good.clone()
            },
            "arch.experts.width",
        ),
        (
            Experts {
                shared: Some(0),
                ..good.clone()
            },
            "arch.experts.shared",
        ),
        (
            Experts {
                layers: vec![],
                ..good.clone()
            },
            "arch.experts.layers",
        ),
        (
            Experts {
                layers: vec![3],
                ..good.clone()
            },
            "arch.experts.layers",
        ),
        (
            Experts {
                limit: Some(0.0),
                ..good.clone()
            },
            "arch.experts.limit",
        ),
    ] {
        assert_eq!(field(with(experts)), expected);
    }
    let plain = ArchSpec {
        activation: Activation::Gelu,
        ..with(good.clone())
    };
    assert_eq!(field(plain), "arch.activation");
    let parallel = ArchSpec {
        residual: Residual::Parallel,
        ..with(good)
    };
    assert_eq!(field(parallel), "arch.residual");
}
