//! Registers: what tokens behind them see of one another is as without them, and nothing reads what becomes of them.

mod numbers;

use numbers::{f32s, numbers};
use outcrop_arch::{Alibi, AlibiOrder, ArchSpec, Plan, Position, Residual};
use outcrop_block::{Block, Input, Loss, Start, Stream, Weight};
use outcrop_gemm::Packed;

const REGISTERS: usize = 3;
const TOKENS: usize = 40;

fn arch(position: Position, registers: usize) -> ArchSpec {
    ArchSpec {
        residual: Residual::Sequential,
        position,
        registers,
        vocab: 11,
        context: TOKENS,
        ..ArchSpec::new(1, 16, 2)
    }
}

/// Numbers that follow from the roles of an input.
fn drawn(input: &Input) -> Vec<f32> {
    let count = input.shape.iter().product();
    f32s(&numbers(count, input.roles[0] as u64 + 3))
}

fn ids() -> Vec<usize> {
    (0..TOKENS).map(|i| i * i % 11).collect()
}

/// The residual stream before the first block, [registers + tokens, d_model].
fn started(arch: &ArchSpec) -> Vec<f32> {
    let start = Start::new(&Plan::new(arch).start).expect("a start");
    assert_eq!(start.inserted(), arch.registers);
    let drawn = |inputs: &[Input]| inputs.iter().map(drawn).collect::<Vec<_>>();
    let (tables, weights) = (drawn(start.tables()), drawn(start.inputs()));
    let tables: Vec<&[f32]> = tables.iter().map(Vec::as_slice).collect();
    let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
    start.forward(&tables, &weights, &ids(), TOKENS).0
}

/// The attention weights [queries, keys] of each head of the first block.
fn attended(arch: &ArchSpec) -> Vec<Vec<f32>> {
    let block = Block::new(Plan::new(arch).block(1)).expect("a block");
    let weight = |input: &Input| match input.shape[..] {
        [k, n] => Weight::Matrix(vec![Packed::new(&drawn(input), k, n)]),
        _ => Weight::Vector(drawn(input)),
    };
    let weights: Vec<Weight> = block.inputs().iter().map(weight).collect();
    let positions = arch.registers + TOKENS;
    let (mut x, mut stream) = (started(arch), Stream::default());
    stream.look(&block, &weights, &[positions], &mut x);
    let attention = stream.attention(0..positions);
    let of_head = |head| {
        let mut weights = Vec::new();
        attention.weights(head, &mut weights);
        weights
    };
    (0..arch.heads).map(of_head).collect()
}

const POSITIONS: [Position; 4] = [
    Position::Rotary {
        fraction: 0.5,
        base: 100.0,
    },
    Position::Learned,
    Position::Alibi,
    Position::None,
];

#[test]
fn tokens_have_the_bits_and_positions_that_they_have_without_registers() {
    for position in POSITIONS {
        let [plain, with] = [0, REGISTERS].map(|registers| started(&arch(position, registers)));
        assert_eq!(with.len(), plain.len() + REGISTERS * 16);
        assert_eq!(with[REGISTERS * 16..], plain, "{position:?}");
    }
}

/// Among tokens weights have the same proportions: rotary embeddings and linear biases are of distances.
#[test]
fn tokens_see_one_another_as_without_registers() {
    for position in POSITIONS {
        let [plain, with] = [0, REGISTERS].map(|registers| attended(&arch(position, registers)));
        for (plain, with) in plain.iter().zip(&with) {
            let rows = with.chunks(REGISTERS + TOKENS).skip(REGISTERS);
            for (query, (row, plain)) in rows.zip(plain.chunks(TOKENS)).enumerate() {
                let (registers, tokens) = row.split_at(REGISTERS);
                assert!(registers.iter().all(|weight| *weight > 0.0), "{query}");
                let sum: f32 = tokens.iter().sum();
                for (ours, plain) in tokens.iter().zip(plain) {
                    let error = (ours / sum - plain).abs();
                    assert!(error < 1e-5, "{position:?} {query}: {ours} {sum} {plain}");
                }
            }
        }
    }
}

/// A query sees registers as the positions before the first token: with linear biases the nearest most.
#[test]
fn registers_are_the_positions_before_the_first_token() {
    let mut arch = arch(Position::Alibi, REGISTERS);
    arch.alibi = Alibi {
        order: AlibiOrder::Press,
        ..arch.alibi
    };
    let block = Block::new(Plan::new(&arch).block(1)).expect("a block");
    // queries and keys of 0: scores are the biases alone
    let weight = |input: &Input| match input.shape[..] {
        [k, n] => Weight::Matrix(vec![Packed::new(&vec![0.0; k * n], k, n)]),
        _ => Weight::Vector(vec![0.0; input.shape[0]]),
    };
    let weights: Vec<Weight> = block.inputs().iter().map(weight).collect();
    let (mut x, mut stream) = (started(&arch), Stream::default());
    let positions = REGISTERS + TOKENS;
    stream.look(&block, &weights, &[positions], &mut x);
    let mut given = Vec::new();
    stream.attention(0..positions).weights(0, &mut given);
    let first_token = &given[REGISTERS * positions..][..REGISTERS + 1];
    // of two heads the first loses 2^-4 for each position
    for pair in first_token.windows(2) {
        let ratio = pair[1] / pair[0];
        assert!((ratio - 0.0625f32.exp()).abs() < 1e-5, "{ratio}");
    }
}

#[test]
fn nothing_reads_what_becomes_of_registers() {
    let arch = arch(Position::None, REGISTERS);
    let loss = Loss::new(&Plan::new(&arch).end).expect("an end");
    assert_eq!(loss.removed(), REGISTERS);
    let weights: Vec<Vec<f32>> = loss.inputs().iter().map(drawn).collect();
    let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
    let d = arch.d_model;
    let sequence = (REGISTERS + TOKENS) * d;
    let x = f32s(&numbers(2 * sequence, 90));
    let targets = [ids(), ids()].concat();
    let (nats, gradients) = loss.compute(&weights, &x, &targets, true);
    let (dx, _) = gradients.expect("they were asked for");
    let mut changed = x.clone();
    for (x, dx) in changed.chunks_mut(sequence).zip(dx.chunks(sequence)) {
        let (registers, tokens) = dx.split_at(REGISTERS * d);
        assert!(registers.iter().all(|dx| *dx == 0.0));
        assert!(tokens.iter().all(|dx| *dx != 0.0));
        x[..REGISTERS * d].fill(1e3);
    }
    assert_eq!(
        loss.compute(&weights, &changed, &targets, true),
        (nats, loss.compute(&weights, &x, &targets, true).1)
    );
    // as of the tokens alone, without registers
    let plain = ArchSpec {
        registers: 0,
        ..arch.clone()
    };
    let plain = Loss::new(&Plan::new(&plain).end).expect("an end");
    let tokens: Vec<f32> = x
        .chunks(sequence)
        .flat_map(|x| &x[REGISTERS * d..])
        .copied()
        .collect();
    assert_eq!(plain.compute(&weights, &tokens, &targets, false).0, nats);
}
