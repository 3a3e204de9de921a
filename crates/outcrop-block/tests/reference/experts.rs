use outcrop_arch::{Nonlinearity, Step, TensorKind, TensorRole};

use super::{Weights, activation};

/// A mixture of experts, row by row: every expert that is chosen, times its factor.
pub(super) fn mixture(x: &[f64], count: usize, step: &Step, weights: &Weights) -> Vec<f64> {
    let Step::Experts {
        count: experts,
        chosen,
        normalised,
        kind,
        limit,
        shared,
        ..
    } = *step
    else {
        unreachable!("it is a mixture of experts")
    };
    let limit = limit.map(|limit| f64::from(limit as f32));
    let row = |x: &[f64]| {
        let scores = linear(x, weights, TensorRole::Router, [0, 1]);
        let sum: f64 = scores.iter().map(|s| s.exp()).sum();
        let p: Vec<f64> = scores.iter().map(|s| s.exp() / sum).collect();
        let mut order: Vec<usize> = (0..experts).collect();
        order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
        order.truncate(chosen);
        let all: f64 = match normalised {
            true => order.iter().map(|e| p[*e]).sum(),
            false => 1.0,
        };
        let mut y = vec![0.0; x.len()];
        for expert in order {
            let which = [expert, experts];
            let maps = [
                TensorRole::ExpertGate,
                TensorRole::ExpertUp,
                TensorRole::ExpertDown,
            ];
            let out = passed(x, weights, (maps, which), (kind, limit));
            let factor = p[expert] / all;
            y.iter_mut()
                .zip(out)
                .for_each(|(y, out)| *y += factor * out);
        }
        if shared {
            let maps = [
                TensorRole::SharedGate,
                TensorRole::SharedUp,
                TensorRole::SharedDown,
            ];
            let score = linear(x, weights, TensorRole::SharedScore, [0, 1])[0];
            let out = passed(x, weights, (maps, [0, 1]), (kind, limit));
            let factor = 1.0 / (1.0 + (-score).exp());
            y.iter_mut()
                .zip(out)
                .for_each(|(y, out)| *y += factor * out);
        }
        y
    };
    x.chunks(x.len() / count).flat_map(row).collect()
}

/// What one expert makes of a row.
fn passed(
    x: &[f64],
    weights: &Weights,
    ([gate, up, down], which): ([TensorRole; 3], [usize; 2]),
    (kind, limit): (Nonlinearity, Option<f64>),
) -> Vec<f64> {
    let (gate, up) = (
        linear(x, weights, gate, which),
        linear(x, weights, up, which),
    );
    let one = |(g, h): (f64, f64)| match limit {
        None => activation(kind, [0.0; 2], g) * h,
        Some(c) => activation(kind, [0.0; 2], g.min(c)) * (1.0 + h.clamp(-c, c)),
    };
    let hidden: Vec<f64> = gate.into_iter().zip(up).map(one).collect();
    linear(&hidden, weights, down, which)
}

/// W x + b with the rows of one of so many matrices, which are one below another.
fn linear(x: &[f64], weights: &Weights, role: TensorRole, [which, of]: [usize; 2]) -> Vec<f64> {
    let matrix = &weights[&(role, TensorKind::Matrix)];
    let outputs = matrix.len() / x.len() / of;
    let bias = weights.get(&(role, TensorKind::Bias));
    let output = |o: usize| {
        let o = which * outputs + o;
        let row = &matrix[o * x.len()..][..x.len()];
        let sum: f64 = row.iter().zip(x).map(|(w, x)| w * x).sum();
        sum + bias.map_or(0.0, |bias| bias[o])
    };
    (0..outputs).map(output).collect()
}
