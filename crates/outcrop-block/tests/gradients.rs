//! Blocks of many architectures, forward and backward, against finite differences of plain sums in f64.

mod reference;

use outcrop_arch::{
    Activation, ArchSpec, Bias, Norm, NormPlacement, Plan, Position, Residual, Window,
};
use outcrop_block::{Block, Loss};
use reference::{f32s, numbers, run, weights};

/// Numbers of one input whose derivatives are compared.
const COMPARED: usize = 48;

/// An architecture with heads of 5 channels, two layers.
fn arch() -> ArchSpec {
    ArchSpec {
        d_ff: 9,
        norm_eps: 1e-3,
        activation: Activation::GeluTanh,
        ..ArchSpec::new(2, 10, 2)
    }
}

/// As [`arch`], as Llama: four heads of 6 that share two key-value heads.
fn llama() -> ArchSpec {
    ArchSpec {
        kv_heads: 2,
        head_dim: Some(6),
        norm: Norm::RmsNorm,
        residual: Residual::Sequential,
        activation: Activation::SwiGlu,
        bias: Bias::None,
        position: rotary(1.0),
        ..ArchSpec {
            heads: 4,
            kv_heads: 4,
            ..arch()
        }
    }
}

fn rotary(fraction: f64) -> Position {
    Position::Rotary {
        fraction,
        base: 100.0,
    }
}

fn cases() -> Vec<(&'static str, ArchSpec)> {
    let neox = ArchSpec {
        position: rotary(0.8),
        ..arch()
    };
    let gpt2 = ArchSpec {
        residual: Residual::Sequential,
        position: Position::Learned,
        ..arch()
    };
    let window = |width, layers| Some(Window { width, layers });
    vec![
        ("neox", neox.clone()),
        ("gpt2", gpt2.clone()),
        ("llama", llama()),
        (
            "relu",
            ArchSpec {
                activation: Activation::Relu,
                position: rotary(0.4),
                ..gpt2.clone()
            },
        ),
        (
            "exact gelu",
            ArchSpec {
                activation: Activation::Gelu,
                position: Position::None,
                ..neox.clone()
            },
        ),
        (
            "no bias",
            ArchSpec {
                bias: Bias::None,
                ..neox.clone()
            },
        ),
        (
            "bias of queries",
            ArchSpec {
                bias: Bias::Qkv,
                ..llama()
            },
        ),
        (
            "bias of attention",
            ArchSpec {
                bias: Bias::Attention,
                ..gpt2.clone()
            },
        ),
        (
            "norms of heads",
            ArchSpec {
                qk_norm: true,
                ..llama()
            },
        ),
        (
            "norms of heads without rotation",
            ArchSpec {
                qk_norm: true,
                ..gpt2.clone()
            },
        ),
        (
            "one key",
            ArchSpec {
                kv_heads: 1,
                ..llama()
            },
        ),
        (
            "window",
            ArchSpec {
                window: window(3, vec![1]),
                ..llama()
            },
        ),
        (
            "wide window",
            ArchSpec {
                window: window(37, vec![1]),
                ..neox.clone()
            },
        ),
        (
            "rms parallel",
            ArchSpec {
                norm: Norm::RmsNorm,
                ..neox.clone()
            },
        ),
        (
            "gated parallel",
            ArchSpec {
                activation: Activation::SwiGlu,
                ..neox.clone()
            },
        ),
        (
            "post",
            ArchSpec {
                norm_placement: NormPlacement::Post,
                ..gpt2.clone()
            },
        ),
        (
            "post, parallel",
            ArchSpec {
                norm_placement: NormPlacement::Post,
                ..neox.clone()
            },
        ),
        (
            "post, llama",
            ArchSpec {
                norm_placement: NormPlacement::Post,
                qk_norm: true,
                ..llama()
            },
        ),
        (
            "peri",
            ArchSpec {
                norm_placement: NormPlacement::Peri,
                ..llama()
            },
        ),
        (
            "peri, parallel",
            ArchSpec {
                norm_placement: NormPlacement::Peri,
                ..neox
            },
        ),
        (
            "peri, sequential",
            ArchSpec {
                norm_placement: NormPlacement::Peri,
                ..gpt2
            },
        ),
    ]
}

/// (f(x + h) - f(x - h)) / 2h of some numbers of one of the inputs, with their places.
fn differences(
    given: &[Vec<f64>],
    which: usize,
    f: &dyn Fn(&[Vec<f64>]) -> f64,
) -> Vec<(usize, f64)> {
    let h = 1e-5;
    let mut moved = given.to_vec();
    let mut at = |i: usize, x: f64| {
        moved[which][i] = x;
        let value = f(&moved);
        moved[which][i] = given[which][i];
        value
    };
    let numbers = &given[which];
    let step = numbers.len().div_ceil(COMPARED);
    let slope = |i: usize| {
        (
            i,
            (at(i, numbers[i] + h) - at(i, numbers[i] - h)) / (2.0 * h),
        )
    };
    (0..numbers.len()).step_by(step).map(slope).collect()
}

fn assert_close(ours: &[f32], exact: &[(usize, f64)], what: &str) {
    let size = exact.iter().fold(0.0f64, |m, (_, x)| m.max(x.abs()));
    for (i, exact) in exact {
        let error = (f64::from(ours[*i]) - exact).abs();
        assert!(
            error < 2e-5 * (size + 0.1),
            "{what} {i}: {} {exact}",
            ours[*i]
        );
    }
}

fn check(name: &str, arch: &ArchSpec, [sequences, tokens]: [usize; 2]) {
    arch.check().expect(name);
    let plan = Plan::new(arch);
    let section = plan.block(1);
    let block = Block::new(section).expect(name);
    let rows = sequences * tokens;
    let counts = block
        .inputs()
        .iter()
        .map(|input| input.shape.iter().product());
    let counts: Vec<usize> = counts.chain([rows * arch.d_model]).collect();
    let scaled = |(i, n): (usize, &usize)| numbers(*n, i as u64 + 1);
    let mut given: Vec<Vec<f64>> = counts.iter().enumerate().map(scaled).collect();
    let x = given.len() - 1;
    let dy = numbers(counts[x], 50);
    let output = |given: &[Vec<f64>]| {
        run(
            section,
            &weights(block.inputs(), &given[..x]),
            &given[x],
            tokens,
        )
    };
    let value = |given: &[Vec<f64>]| {
        output(given)
            .iter()
            .zip(&dy)
            .map(|(y, w)| y * w)
            .sum::<f64>()
    };
    // gains that are near one
    for (input, values) in block.inputs().iter().zip(&mut given) {
        if input.kind == outcrop_arch::TensorKind::Gain {
            values.iter_mut().for_each(|gain| *gain = 1.0 + *gain / 4.0);
        }
    }
    let ours: Vec<Vec<f32>> = given.iter().map(|x| f32s(x)).collect();
    let inputs: Vec<&[f32]> = ours[..x].iter().map(Vec::as_slice).collect();
    let (y, tape) = block.forward(&inputs, &ours[x], tokens, true, None);
    let exact: Vec<(usize, f64)> = output(&given).into_iter().enumerate().collect();
    assert_close(&y, &exact, &format!("{name}: y"));
    let (without, _) = block.forward(&inputs, &ours[x], tokens, false, None);
    assert_eq!(y, without, "{name}: without a tape");
    let tape = tape.expect("it was asked for");
    let (dx, mut gradients) = block.backward(&inputs, &ours[x], tokens, &tape, &f32s(&dy));
    gradients.push(dx);
    for (i, gradient) in gradients.iter().enumerate() {
        let roles = block
            .inputs()
            .get(i)
            .map(|input| (&input.roles, input.kind));
        let what = format!("{name}: {roles:?}");
        assert_eq!(gradient.len(), counts[i], "{what}");
        assert_close(gradient, &differences(&given, i, &value), &what);
    }
}

#[test]
fn a_block_and_its_gradients_are_those_in_f64() {
    for (name, arch) in cases() {
        check(name, &arch, [2, 7]);
    }
}

/// More positions than a panel has columns, more rows than go through a block together.
#[test]
fn long_sequences_and_many_rows() {
    for (name, arch) in cases() {
        if [
            "neox",
            "llama",
            "window",
            "wide window",
            "post",
            "norms of heads",
        ]
        .contains(&name)
        {
            check(name, &arch, [8, 45]);
        }
    }
}

#[test]
fn a_loss_and_its_gradients_are_those_in_f64() {
    let of = |norm, norm_placement, tied| ArchSpec {
        norm,
        norm_placement,
        tied,
        vocab: 11,
        ..arch()
    };
    let cases = [
        of(Norm::LayerNorm, NormPlacement::Pre, false),
        of(Norm::RmsNorm, NormPlacement::Peri, true),
        of(Norm::LayerNorm, NormPlacement::Post, false),
    ];
    for arch in cases {
        let section = Plan::new(&arch).end;
        let loss = Loss::new(&section).expect("an end");
        for rows in [9, 300] {
            let targets: Vec<usize> = (0..rows).map(|i| (i * 5) % arch.vocab).collect();
            let counts = loss
                .inputs()
                .iter()
                .map(|input| input.shape.iter().product());
            let counts: Vec<usize> = counts.chain([rows * arch.d_model]).collect();
            let filled = |(i, n): (usize, &usize)| numbers(*n, i as u64 + 20);
            let given: Vec<Vec<f64>> = counts.iter().enumerate().map(filled).collect();
            let x = given.len() - 1;
            let value = |given: &[Vec<f64>]| {
                let weights = weights(loss.inputs(), &given[..x]);
                let logits = run(&section, &weights, &given[x], rows);
                let of = |(row, target): (&[f64], &usize)| {
                    row.iter().map(|l| l.exp()).sum::<f64>().ln() - row[*target]
                };
                logits.chunks(arch.vocab).zip(&targets).map(of).sum::<f64>() / rows as f64
            };
            let ours: Vec<Vec<f32>> = given.iter().map(|x| f32s(x)).collect();
            let inputs: Vec<&[f32]> = ours[..x].iter().map(Vec::as_slice).collect();
            let (nats, gradients) = loss.compute(&inputs, &ours[x], &targets, true);
            assert!((f64::from(nats) - value(&given)).abs() < 1e-6);
            assert_eq!(loss.compute(&inputs, &ours[x], &targets, false).0, nats);
            let (dx, mut gradients) = gradients.expect("they were asked for");
            gradients.push(dx);
            for (i, gradient) in gradients.iter().enumerate() {
                assert_close(
                    gradient,
                    &differences(&given, i, &value),
                    &format!("input {i}"),
                );
            }
        }
    }
}
