//! Architectures that differ in every switch that a block knows.

use outcrop_arch::{Activation, ArchSpec, Bias, Norm, NormPlacement, Position, Residual, Window};

/// Heads of 5 channels, two layers.
pub(crate) fn arch() -> ArchSpec {
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

pub(crate) fn cases() -> Vec<(&'static str, ArchSpec)> {
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
            "linear biases",
            ArchSpec {
                position: Position::Alibi,
                ..llama()
            },
        ),
        (
            "linear biases in a window",
            ArchSpec {
                position: Position::Alibi,
                window: window(4, vec![1]),
                ..gpt2.clone()
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

/// Numbers that look random, between -1 and 1, which f32 holds exactly.
pub(crate) fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from((state >> 41) as f32 / (1 << 22) as f32 - 1.0)
    };
    (0..n).map(|_| next()).collect()
}

pub(crate) fn f32s(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}
