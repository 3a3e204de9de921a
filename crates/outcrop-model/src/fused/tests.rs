//! Gradients against finite differences of plain sums in f64.

use outcrop_arch::{Activation, Residual};

use super::attention::{Heads, Rotary};
use super::back;
use super::block::{self, Parts, Shape};
use super::loss::{self, Head};

/// Numbers that look random, between -1 and 1.
fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // numbers that f32 holds exactly
        f64::from((state >> 41) as f32 / (1 << 22) as f32 - 1.0)
    };
    (0..n).map(|_| next()).collect()
}

fn f32s(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}

/// (f(x + h) - f(x - h)) / 2h for each number of one of the inputs.
fn differences(given: &[Vec<f64>], which: usize, f: impl Fn(&[Vec<f64>]) -> f64) -> Vec<f64> {
    let h = 1e-5;
    let mut moved = given.to_vec();
    let mut at = |i: usize, x: f64| {
        moved[which][i] = x;
        let value = f(&moved);
        moved[which][i] = given[which][i];
        value
    };
    let numbers = given[which].iter().enumerate();
    numbers
        .map(|(i, x)| (at(i, x + h) - at(i, x - h)) / (2.0 * h))
        .collect()
}

fn assert_close(ours: &[f32], exact: &[f64], what: &str) {
    assert_eq!(ours.len(), exact.len(), "{what}");
    let size = exact.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for (i, (a, b)) in ours.iter().zip(exact).enumerate() {
        assert!(
            (f64::from(*a) - b).abs() < 1e-5 * (size + 0.1),
            "{what} {i}: {a} {b}"
        );
    }
}

fn layer_norm(x: &[f64], gain: &[f64], shift: &[f64], eps: f64) -> Vec<f64> {
    let d = gain.len();
    let row = |x: &[f64]| {
        let mean = x.iter().sum::<f64>() / d as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / d as f64;
        let factor = 1.0 / (variance + eps).sqrt();
        let normed = |i: usize| (x[i] - mean) * factor * gain[i] + shift[i];
        (0..d).map(normed).collect::<Vec<_>>()
    };
    x.chunks(d).flat_map(row).collect()
}

fn linear(x: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let (n, k) = (bias.len(), weight.len() / bias.len());
    let term = |row: &[f64], j: usize| (0..k).map(|p| row[p] * weight[p * n + j]).sum::<f64>();
    x.chunks(k)
        .flat_map(|row| (0..n).map(|j| term(row, j) + bias[j]).collect::<Vec<_>>())
        .collect()
}

fn added(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// GELU by its tanh form, or the rectifier.
fn activation(kind: Activation, x: f64) -> f64 {
    match kind {
        Activation::Relu => x.max(0.0),
        Activation::GeluTanh => {
            0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh())
        }
        Activation::Gelu | Activation::SwiGlu => unreachable!("no test asks for it"),
    }
}

/// Attention of one sequence of rows [heads, q | k | v].
fn attention(qkv: &[f64], heads: Heads<'_>) -> Vec<f64> {
    let (d, width) = (heads.d_head, heads.width());
    let tokens = qkv.len() / width;
    let part = |token: usize, head: usize, which: usize| {
        let mut x = qkv[token * width + (3 * head + which) * d..][..d].to_vec();
        if let (Some(Rotary { half, tables }), true) = (heads.rotary, which < 2) {
            for i in 0..half {
                let [c, s] = tables.map(|t| f64::from(t[token * half + i]));
                let (a, b) = (x[i], x[i + half]);
                (x[i], x[i + half]) = (a * c - b * s, b * c + a * s);
            }
        }
        x
    };
    let mut read = vec![0.0; tokens * heads.heads * d];
    for head in 0..heads.heads {
        for t in 0..tokens {
            let q = part(t, head, 0);
            let score = |k: usize| {
                let dot = q.iter().zip(part(k, head, 1)).map(|(q, k)| q * k);
                (dot.sum::<f64>() / (d as f64).sqrt()).exp()
            };
            let weights: Vec<f64> = (0..=t).map(score).collect();
            let sum: f64 = weights.iter().sum();
            for (k, w) in weights.iter().enumerate() {
                for (i, v) in part(k, head, 2).iter().enumerate() {
                    read[(t * heads.heads + head) * d + i] += w / sum * v;
                }
            }
        }
    }
    read
}

/// The block; `given` are x and pairs of parameters in their order.
fn reference(shape: Shape<'_>, given: &[Vec<f64>]) -> Vec<f64> {
    let [
        x,
        g1,
        s1,
        qkv,
        bqkv,
        dense,
        bdense,
        g2,
        s2,
        up,
        bup,
        down,
        bdown,
    ] = given
    else {
        panic!("13 inputs");
    };
    let eps = f64::from(shape.eps);
    let rows = linear(&layer_norm(x, g1, s1, eps), qkv, bqkv);
    let sequences = rows.chunks(shape.tokens * shape.heads.width());
    let read: Vec<f64> = sequences.flat_map(|s| attention(s, shape.heads)).collect();
    let middle = added(x, &linear(&read, dense, bdense));
    let before = match shape.residual {
        Residual::Parallel => x,
        Residual::Sequential => &middle,
    };
    let hidden = linear(&layer_norm(before, g2, s2, eps), up, bup);
    let active: Vec<f64> = hidden
        .iter()
        .map(|h| activation(shape.activation, *h))
        .collect();
    added(&middle, &linear(&active, down, bdown))
}

fn check_block(activation: Activation, residual: Residual, rotary: bool) {
    let (heads, d_head, tokens, d_ff, sequences, half) = (2, 5, 7, 9, 2, 2);
    let d = heads * d_head;
    let tables = [numbers(tokens * half, 90), numbers(tokens * half, 91)].map(|t| f32s(&t));
    let rotary = rotary.then(|| Rotary {
        half,
        tables: tables.each_ref().map(Vec::as_slice),
    });
    let shape = Shape {
        heads: Heads {
            heads,
            d_head,
            rotary,
        },
        tokens,
        d_ff,
        eps: 1e-3,
        activation,
        residual,
    };
    let counts = [
        sequences * tokens * d,
        d,
        d,
        3 * d * d,
        3 * d,
        d * d,
        d,
        d,
        d,
        d * d_ff,
        d_ff,
        d_ff * d,
        d,
    ];
    let given = counts
        .iter()
        .enumerate()
        .map(|(i, n)| numbers(*n, i as u64 + 1));
    let given: Vec<Vec<f64>> = given.collect();
    let dy = numbers(counts[0], 50);
    let value = |given: &[Vec<f64>]| {
        let y = reference(shape, given);
        y.iter().zip(&dy).map(|(y, w)| y * w).sum::<f64>()
    };
    let ours: Vec<Vec<f32>> = given.iter().map(|x| f32s(x)).collect();
    let parameters = Parts::from_array(std::array::from_fn(|i| [1, 2].map(|j| &*ours[2 * i + j])));
    let (y, kept) = block::forward(shape, parameters.clone(), &ours[0], None);
    assert_close(&y, &reference(shape, &given), "y");
    let (dx, parts) = back::backward(shape, parameters, &ours[0], &kept, &f32s(&dy));
    let gradients = std::iter::once(dx).chain(parts.into_array().into_iter().flatten());
    for (i, gradient) in gradients.enumerate() {
        let what = format!("{activation:?} {residual:?} input {i}");
        assert_close(&gradient, &differences(&given, i, value), &what);
    }
}

#[test]
fn a_block_back_is_its_finite_differences() {
    check_block(Activation::GeluTanh, Residual::Parallel, true);
    check_block(Activation::GeluTanh, Residual::Sequential, false);
    check_block(Activation::Relu, Residual::Sequential, true);
}

#[test]
fn a_loss_back_is_its_finite_differences() {
    let (d, vocab, rows) = (6, 11, 9);
    let targets: Vec<usize> = (0..rows).map(|i| (i * 5) % vocab).collect();
    let given = [rows * d, d, d, d * vocab];
    let given = given
        .iter()
        .enumerate()
        .map(|(i, n)| numbers(*n, i as u64 + 20));
    let given: Vec<Vec<f64>> = given.collect();
    let value = |given: &[Vec<f64>]| {
        let normed = layer_norm(&given[0], &given[1], &given[2], f64::from(1e-3f32));
        let logits = linear(&normed, &given[3], &vec![0.0; vocab]);
        let loss = |(row, target): (&[f64], &usize)| {
            row.iter().map(|l| l.exp()).sum::<f64>().ln() - row[*target]
        };
        logits.chunks(vocab).zip(&targets).map(loss).sum::<f64>() / rows as f64
    };
    let ours: Vec<Vec<f32>> = given.iter().map(|x| f32s(x)).collect();
    let head = Head {
        norm: [&ours[1], &ours[2]],
        eps: 1e-3,
        weight: &ours[3],
        targets: &targets,
    };
    let (loss, gradients) = loss::loss(head, &ours[0], true);
    assert!((f64::from(loss) - value(&given)).abs() < 1e-6);
    let loss::Gradients {
        x,
        norm: [gain, shift],
        weight,
    } = gradients.expect("they were asked for");
    for (i, gradient) in [x, gain, shift, weight].iter().enumerate() {
        assert_close(
            gradient,
            &differences(&given, i, value),
            &format!("input {i}"),
        );
    }
}
