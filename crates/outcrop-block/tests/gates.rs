//! What gates of attention do that can be known without computing them.

mod numbers;

use numbers::{f32s, numbers};
use outcrop_arch::{
    ArchSpec, AttentionGate, Draw, Init, Plan, Residual, Section, TensorKind, TensorRole,
};
use outcrop_block::{Block, BlockPlace, Input, Stream, Weight};
use outcrop_gemm::Packed;

const TOKENS: usize = 96;

fn arch(attention_gate: AttentionGate, attention_gate_init: Option<f64>) -> ArchSpec {
    ArchSpec {
        residual: Residual::Sequential,
        init: Init::Normal { std: 0.05 },
        attention_gate,
        attention_gate_init,
        ..ArchSpec::new(1, 64, 4)
    }
}

/// The numbers of an input before training, the same for the same role whatever is beside it; `scale` times those of the
/// gate's matrix. The output projection is 1, so that what is written is what is read.
fn drawn(section: &Section, input: &Input, scale: f64) -> Vec<f32> {
    let count = input.shape.iter().product();
    let role = input.roles[0];
    let mut parts = section.parts.iter();
    let part = parts.find(|part| (part.role, part.kind) == (role, input.kind));
    if (role, input.kind) == (TensorRole::AttentionOutput, TensorKind::Matrix) {
        let width = input.shape[0];
        let on_diagonal = |i: usize| i / width == i % width;
        return (0..count)
            .map(|i| f32::from(u8::from(on_diagonal(i))))
            .collect();
    }
    match part.expect("a part").init {
        Draw::Zeros => vec![0.0; count],
        Draw::Ones | Draw::Orthogonal => vec![1.0; count],
        Draw::Constant { value } => vec![value as f32; count],
        Draw::Normal { std } => {
            let scale = if role == TensorRole::AttentionGate {
                scale
            } else {
                1.0
            };
            let values = numbers(count, role as u64 + 7);
            let size = (values.iter().map(|x| x * x).sum::<f64>() / count as f64).sqrt();
            f32s(
                &values
                    .iter()
                    .map(|x| x * scale * std / size)
                    .collect::<Vec<_>>(),
            )
        }
    }
}

/// What attention writes to the residual stream.
fn written(arch: &ArchSpec, scale: f64) -> Vec<f32> {
    let plan = Plan::new(arch);
    let block = Block::new(plan.block(1)).expect("a block");
    let weight = |input: &Input| {
        let values = drawn(plan.block(1), input, scale);
        match input.shape[..] {
            [k, n] => Weight::Matrix(vec![Packed::new(&values, k, n)]),
            _ => Weight::Vector(values),
        }
    };
    let weights: Vec<Weight> = block.inputs().iter().map(weight).collect();
    let mut x = f32s(&numbers(TOKENS * arch.d_model, 70));
    let mut stream = Stream::default();
    stream.keep(&[BlockPlace::AttentionWrite]);
    stream.look(&block, &weights, &[TOKENS], &mut x);
    stream.write(&block, &weights, &mut x);
    let rows = stream.rows(0..TOKENS);
    rows.at(BlockPlace::AttentionWrite)
        .expect("they were asked for")
        .to_vec()
}

const GATES: [AttentionGate; 3] = [
    AttentionGate::PerHead,
    AttentionGate::PerHeadSlice,
    AttentionGate::PerElement,
];

#[test]
fn a_gate_without_weights_halves_what_attention_writes() {
    let plain = written(&arch(AttentionGate::None, None), 0.0);
    for gate in GATES {
        let gated = written(&arch(gate, None), 0.0);
        let halved: Vec<f32> = plain.iter().map(|x| x / 2.0).collect();
        assert_eq!(gated, halved, "{gate:?}");
    }
}

/// Bondarenko et al. 2023: before training the mean gate is about 0.25.
#[test]
fn gates_begin_near_what_they_are_asked_to() {
    let plain = written(&arch(AttentionGate::None, None), 1.0);
    for gate in GATES {
        let gated = written(&arch(gate, Some(0.25)), 1.0);
        let gates = gated
            .iter()
            .zip(&plain)
            .filter(|(_, plain)| plain.abs() > 1e-3);
        let gates: Vec<f64> = gates
            .map(|(gated, plain)| f64::from(gated / plain))
            .collect();
        assert!(gates.iter().all(|gate| *gate > 0.0 && *gate < 1.0));
        let count = gates.len() as f64;
        let mean = gates.iter().sum::<f64>() / count;
        let spread = gates.iter().map(|gate| (gate - mean).powi(2)).sum::<f64>() / count;
        assert!((mean - 0.25).abs() < 0.03, "{gate:?}: {mean}");
        assert!(spread.sqrt() > 0.02, "{gate:?}: {spread}");
    }
}

/// Gates of a head are the same for all that it reads.
#[test]
fn a_gate_per_head_multiplies_all_that_a_head_reads() {
    let plain = written(&arch(AttentionGate::None, None), 1.0);
    let gated = written(&arch(AttentionGate::PerHead, None), 1.0);
    for (plain, gated) in plain.chunks(16).zip(gated.chunks(16)) {
        let ratios = gated
            .iter()
            .zip(plain)
            .filter(|(_, plain)| plain.abs() > 1e-2);
        let ratios: Vec<f32> = ratios.map(|(gated, plain)| gated / plain).collect();
        assert!(
            ratios.iter().all(|ratio| (ratio - ratios[0]).abs() < 1e-5),
            "{ratios:?}"
        );
    }
}
