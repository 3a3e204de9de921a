//! What switches of attention have in common with one another.

mod numbers;

use architectures::table;
use numbers::{f32s, numbers};
use outcrop_arch::{
    ArchSpec, Attention, Bias, Clipping, KvBias, Plan, Position, TensorKind, TensorRole,
};
use outcrop_block::{Block, Input, Stream, Weight};
use outcrop_gemm::Packed;

const SEQUENCES: usize = 2;
const TOKENS: usize = 45;

/// What all numbers of a part are; none where they follow from its name.
type Fill = fn(TensorRole, TensorKind) -> Option<f32>;

/// A block, what it makes of numbers that follow from names, and the gradients by the names of inputs.
struct Run {
    y: Vec<f32>,
    dx: Vec<f32>,
    gradients: Vec<(String, Vec<f32>)>,
    /// Of the first sequence, by head.
    weights: Vec<Vec<f32>>,
}

fn values(input: &Input, fill: Fill) -> Vec<f32> {
    let seed = format!("{:?}", input.roles).len() as u64 + input.shape.len() as u64;
    let mut values = f32s(&numbers(input.shape.iter().product(), seed));
    let places = input.columns.iter();
    let roles: Vec<TensorRole> = places
        .flat_map(|c| std::iter::repeat_n(c.role, c.outputs.len()))
        .collect();
    for (value, role) in values.iter_mut().zip(roles.iter().cycle()) {
        *value = fill(*role, input.kind).unwrap_or(*value);
    }
    values
}

fn run(arch: &ArchSpec, fill: Fill) -> Run {
    let block = Block::new(Plan::new(arch).block(1)).expect("a block");
    let inputs = block.inputs();
    let given: Vec<Vec<f32>> = inputs.iter().map(|input| values(input, fill)).collect();
    let weights: Vec<&[f32]> = given.iter().map(Vec::as_slice).collect();
    let rows = SEQUENCES * TOKENS * arch.d_model;
    let (x, dy) = (f32s(&numbers(rows, 1)), f32s(&numbers(rows, 2)));
    let (y, tape) = block.forward(&weights, &x, TOKENS, true, None);
    let tape = tape.expect("it was asked for");
    let (dx, gradients) = block.backward(&weights, &x, TOKENS, &tape, &dy);
    let names = inputs
        .iter()
        .map(|input| format!("{:?} {:?}", input.roles, input.kind));
    let ready = |(input, values): (&Input, &Vec<f32>)| match input.shape[..] {
        [k, n] => Weight::Matrix(vec![Packed::new(values, k, n)]),
        _ => Weight::Vector(values.clone()),
    };
    let packed: Vec<Weight> = inputs.iter().zip(&given).map(ready).collect();
    let mut stream = Stream::default();
    stream.look(&block, &packed, &[TOKENS; SEQUENCES], &mut x.clone());
    let attention = stream.attention(0..TOKENS);
    let of = |head| {
        let mut weights = Vec::new();
        attention.weights(head, &mut weights);
        weights
    };
    Run {
        y,
        dx,
        gradients: names.zip(gradients).collect(),
        weights: (0..arch.heads).map(of).collect(),
    }
}

fn plain(_: TensorRole, _: TensorKind) -> Option<f32> {
    None
}

/// The first row of the table, with grouped heads.
fn base() -> ArchSpec {
    ArchSpec {
        kv_heads: 1,
        ..table().swap_remove(0).arch
    }
}

fn with(attention: Attention) -> ArchSpec {
    ArchSpec {
        attention,
        ..base()
    }
}

fn assert_near(ours: &[f32], others: &[f32]) {
    let largest = others.iter().fold(1.0f32, |m, x| m.max(x.abs()));
    for (a, b) in ours.iter().zip(others) {
        assert!((a - b).abs() <= 2e-6 * largest, "{a} {b}");
    }
}

#[test]
fn sink_logits_of_zero_are_softmax_with_one_in_the_sum() {
    let sinks = ArchSpec {
        sink_logits: true,
        ..base()
    };
    let zero: Fill = |role, _| (role == TensorRole::SinkLogits).then_some(0.0);
    let (mut sinks, one) = (run(&sinks, zero), run(&with(Attention::SoftmaxOne), plain));
    assert_eq!((&sinks.y, &sinks.dx), (&one.y, &one.dx));
    assert_eq!(sinks.weights, one.weights);
    let own = |(name, _): &(String, Vec<f32>)| name.contains("SinkLogits");
    let of_sinks: Vec<_> = sinks.gradients.extract_if(.., |input| own(input)).collect();
    assert_eq!(of_sinks.len(), 1);
    assert!(of_sinks[0].1.iter().all(|gradient| *gradient != 0.0));
    assert_eq!(sinks.gradients, one.gradients);
    // a row adds up to less than 1
    for row in one
        .weights
        .iter()
        .flat_map(|weights| weights.chunks(TOKENS))
    {
        assert!(row.iter().sum::<f32>() < 1.0);
    }
}

#[test]
fn far_sinks_leave_softmax_and_near_ones_nothing() {
    let sinks = ArchSpec {
        sink_logits: true,
        ..base()
    };
    let far = run(&sinks, |role, _| {
        (role == TensorRole::SinkLogits).then_some(-1e4)
    });
    let softmax = run(&base(), plain);
    assert_near(&far.y, &softmax.y);
    assert_near(&far.dx, &softmax.dx);
    let near = run(&sinks, |role, _| {
        (role == TensorRole::SinkLogits).then_some(1e4)
    });
    assert!(near.weights.concat().iter().all(|weight| *weight == 0.0));
    assert!(near.y.iter().chain(&near.dx).all(|x| x.is_finite()));
}

#[test]
fn clipped_softmax_has_exact_zeros_and_without_stretching_is_softmax() {
    let clipped = |eta, alpha| ArchSpec {
        clipping: Clipping { eta, alpha },
        ..with(Attention::ClippedSoftmax)
    };
    let (same, softmax) = (run(&clipped(1.0, 0.0), plain), run(&base(), plain));
    assert_near(&same.y, &softmax.y);
    assert_near(&same.dx, &softmax.dx);
    assert_near(&same.weights.concat(), &softmax.weights.concat());
    for ((name, ours), (_, others)) in same.gradients.iter().zip(&softmax.gradients) {
        println!("{name}");
        assert_near(ours, others);
    }
    let stretched = run(&clipped(1.2, 10.0), plain).weights.concat();
    let all = softmax.weights.concat();
    let count = |x: f32| {
        stretched
            .iter()
            .zip(&all)
            .filter(|(a, b)| **b > 0.0 && **a == x)
            .count()
    };
    assert!(
        count(0.0) > 100 && count(1.0) > 0,
        "{} {}",
        count(0.0),
        count(1.0)
    );
}

/// Queries of ones and keys of minus ones: no score is above 0.
#[test]
fn softpick_of_scores_below_zero_reads_nothing() {
    let arch = ArchSpec {
        position: Position::None,
        bias: Bias::All,
        ..with(Attention::Softpick)
    };
    let below: Fill = |role, kind| match (role, kind) {
        (TensorRole::Query, TensorKind::Bias) => Some(1.0),
        (TensorRole::Key, TensorKind::Bias) => Some(-1.0),
        (TensorRole::Query | TensorRole::Key, _) => Some(0.0),
        _ => None,
    };
    let none = run(&arch, below);
    assert!(none.weights.concat().iter().all(|weight| *weight == 0.0));
    // values are not read, whatever they are
    let silent: Fill = |role, kind| match (role, kind) {
        (TensorRole::Query, TensorKind::Bias) => Some(1.0),
        (TensorRole::Key, TensorKind::Bias) => Some(-1.0),
        (TensorRole::Query | TensorRole::Key | TensorRole::Value, _) => Some(0.0),
        _ => None,
    };
    let other = run(&arch, silent);
    assert_eq!((none.y, none.dx), (other.y, other.dx));
}

/// Queries of about one, and an extra key of large negative numbers.
#[test]
fn an_extra_key_far_below_leaves_plain_attention() {
    let far: Fill = |role, kind| match (role, kind) {
        (TensorRole::Query, TensorKind::Bias) => Some(9.0),
        (TensorRole::ExtraKey, _) => Some(-1e4),
        _ => None,
    };
    let arch = |kv_bias| ArchSpec {
        kv_bias,
        position: Position::None,
        ..base()
    };
    let softmax = run(&arch(KvBias::None), far);
    for kv_bias in [KvBias::Key, KvBias::KeyValue] {
        let ours = run(&arch(kv_bias), far);
        assert_near(&ours.y, &softmax.y);
        assert_near(&ours.dx, &softmax.dx);
        assert_near(&ours.weights.concat(), &softmax.weights.concat());
    }
}

/// A key of zeros has a score of 0, as softmax with 1 in the sum; a value of zeros reads what none does.
#[test]
fn an_extra_key_of_zeros_is_softmax_with_one_in_the_sum() {
    let zero: Fill =
        |role, _| matches!(role, TensorRole::ExtraKey | TensorRole::ExtraValue).then_some(0.0);
    let one = run(&with(Attention::SoftmaxOne), plain);
    for kv_bias in [KvBias::Key, KvBias::KeyValue] {
        let ours = run(&ArchSpec { kv_bias, ..base() }, zero);
        assert_near(&ours.y, &one.y);
        assert_near(&ours.dx, &one.dx);
        assert_eq!(ours.weights, one.weights);
    }
}
