//! Norms and projections that are others in other words.

mod numbers;

use numbers::{f32s, numbers};
use outcrop_arch::{ArchSpec, Norm, NormPlacement, Plan, Residual, TensorKind, TensorRole};
use outcrop_block::{Block, Input, Start};

const TOKENS: usize = 11;

fn arch(norm: Norm) -> ArchSpec {
    ArchSpec {
        norm,
        norm_placement: NormPlacement::Peri,
        residual: Residual::Sequential,
        vocab: 7,
        context: TOKENS,
        ..ArchSpec::new(1, 24, 2)
    }
}

/// Numbers that follow from the roles of an input; a gain is the same number for all channels.
fn drawn(input: &Input) -> Vec<f32> {
    let count = input.shape.iter().product();
    let values = f32s(&numbers(count, input.roles[0] as u64 + 3));
    match input.kind {
        TensorKind::Gain => vec![1.0 + values[0]; count],
        TensorKind::Embedding
        | TensorKind::Matrix
        | TensorKind::Bias
        | TensorKind::Shift
        | TensorKind::Alpha => values,
    }
}

/// Park et al. 2025: SSNorm is RMSNorm with all gains equal, and the gradient of its gain is the sum of theirs.
#[test]
fn one_gain_is_all_gains_alike() {
    let x = f32s(&numbers(3 * TOKENS * 24, 70));
    let pass = |norm| {
        let block = Block::new(Plan::new(&arch(norm)).block(1)).expect("a block");
        let weights: Vec<Vec<f32>> = block.inputs().iter().map(drawn).collect();
        let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
        let (y, tape) = block.forward(&weights, &x, TOKENS, true, None);
        let tape = tape.expect("it was asked for");
        let (dx, gradients) = block.backward(&weights, &x, TOKENS, &tape, &y);
        let inputs = block.inputs().to_vec();
        (y, dx, inputs.into_iter().zip(gradients).collect::<Vec<_>>())
    };
    let ((y, dx, single), (expected, by_x, each)) = (pass(Norm::SsNorm), pass(Norm::RmsNorm));
    assert_eq!((y, dx), (expected, by_x));
    for ((input, ours), (_, each)) in single.into_iter().zip(each) {
        if input.kind == TensorKind::Gain {
            let sum: f64 = each.iter().map(|x| f64::from(*x)).sum();
            assert_eq!((input.shape, ours.len()), (vec![1], 1));
            assert!((f64::from(ours[0]) - sum).abs() < 1e-5 * sum.abs().max(1.0));
        } else {
            assert_eq!(ours, each, "{:?}", input.roles);
        }
    }
}

/// A projection behind the embedding can be multiplied into it.
#[test]
fn a_projection_behind_the_embedding_is_another_embedding() {
    let [plain, projected] = [false, true].map(|embedding_projection| {
        let arch = ArchSpec {
            embedding_projection,
            ..arch(Norm::RmsNorm)
        };
        Start::new(&Plan::new(&arch).start).expect("a start")
    });
    let (table, matrix) = (drawn(&plain.tables()[0]), drawn(&projected.inputs()[0]));
    assert_eq!(
        projected.inputs()[0].roles,
        [TensorRole::EmbeddingProjection]
    );
    let product = |row: &[f32], column: usize| -> f32 {
        let terms = row.iter().zip(matrix[column..].iter().step_by(24));
        terms
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum::<f64>() as f32
    };
    let rows = table
        .chunks(24)
        .flat_map(|row| (0..24).map(move |column| (row, column)));
    let merged: Vec<f32> = rows.map(|(row, column)| product(row, column)).collect();
    let ids: Vec<usize> = (0..TOKENS).map(|i| i * i % 7).collect();
    let (ours, _) = projected.forward(&[&table], &[&matrix], &ids, TOKENS);
    let (expected, _) = plain.forward(&[&merged], &[], &ids, TOKENS);
    for (ours, expected) in ours.iter().zip(&expected) {
        assert!((ours - expected).abs() < 1e-5, "{ours} {expected}");
    }
}
