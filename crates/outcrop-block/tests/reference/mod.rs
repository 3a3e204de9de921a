//! Plain sums in f64: an interpreter of a plan's steps that knows nothing of how the crate computes.

pub(crate) mod attention;
mod experts;

use std::collections::HashMap;

use outcrop_arch::{Nonlinearity, Over, RotaryPairs, Rows, Section, Step, TensorKind, TensorRole};
use outcrop_vector::rotary_tables;

use attention::attend;

/// The weights of a section by what they belong to: matrices [outputs, inputs].
pub(crate) type Weights = HashMap<(TensorRole, TensorKind), Vec<f64>>;

/// What a section makes of sequences of `tokens` positions; the residual stream, or logits.
pub(crate) fn run(section: &Section, weights: &Weights, x: &[f64], tokens: usize) -> Vec<f64> {
    let mut tokens = tokens;
    let d = section
        .parts
        .iter()
        .find(|p| p.shape.len() == 2)
        .map_or(0, |p| p.shape[1]);
    let mut count = x.len() / d;
    let mut rows: HashMap<Rows, Vec<f64>> = HashMap::from([(Rows::Residual, x.to_vec())]);
    let mut logits = None;
    for step in &section.steps {
        match *step {
            Step::Norm {
                role,
                centred,
                eps,
                from,
                to,
            } => {
                let normed = norm(
                    &rows[&from],
                    rows[&from].len() / count,
                    weights,
                    role,
                    f64::from(eps as f32),
                    centred,
                );
                rows.insert(to, normed);
            }
            Step::DynamicTanh { role, from, to } => {
                let own = |kind| &weights[&(role, kind)];
                let (gain, shift) = (own(TensorKind::Gain), own(TensorKind::Shift));
                let alpha = own(TensorKind::Alpha)[0];
                let row = |(i, x): (usize, &f64)| {
                    (alpha * x).tanh() * gain[i % gain.len()] + shift[i % shift.len()]
                };
                let y = rows[&from].iter().enumerate().map(row).collect();
                rows.insert(to, y);
            }
            Step::Project { role, from, to } => {
                let y = project(&rows[&from], count, weights, role);
                rows.insert(to, y);
            }
            Step::ProjectSlices { role, from, to } => {
                let table = &weights[&(role, TensorKind::Embedding)];
                let bias = weights.get(&(role, TensorKind::Bias));
                let width = rows[&from].len() / count;
                let slices = heads(section);
                let mut y = Vec::new();
                for row in rows[&from].chunks(width) {
                    for slice in 0..slices {
                        let own = slice * width / slices..(slice + 1) * width / slices;
                        let sum: f64 = own.map(|i| row[i] * table[i]).sum();
                        y.push(sum + bias.map_or(0.0, |bias| bias[slice]));
                    }
                }
                rows.insert(to, y);
            }
            Step::Scale { of, by } => {
                let by = f64::from(by as f32);
                let values = rows.get_mut(&of).expect("rows");
                values.iter_mut().for_each(|x| *x *= by);
            }
            Step::Clip { of, limit } => {
                let limit = f64::from(limit as f32);
                let values = rows.get_mut(&of).expect("rows");
                values.iter_mut().for_each(|x| *x = x.clamp(-limit, limit));
            }
            Step::HeadNorm {
                role,
                centred,
                eps,
                of,
                over,
            } => {
                let (d_head, all) = (d_head(section), rows[&of].len() / count);
                let width = if over == Over::Width { all } else { d_head };
                let eps = f64::from(eps as f32);
                let normed = norm(&rows[&of], width, weights, role, eps, centred);
                rows.insert(of, normed);
            }
            Step::Rotate {
                of,
                ref angles,
                pairs,
            } => {
                let frequencies = angles.frequencies(tokens);
                let tables = rotary_tables(&frequencies, angles.scale(), tokens);
                let heads = rows.get_mut(&of).expect("heads");
                let how = (pairs, frequencies.len(), tokens);
                rotate(heads, d_head(section), how, &tables, count);
            }
            Step::Attend { .. } => {
                let [q, k, v] = [Rows::Queries, Rows::Keys, Rows::Values].map(|r| &rows[&r]);
                let read = attend([q, k, v], step, weights, tokens);
                rows.insert(Rows::Read, read);
            }
            Step::Activate { kind, of } => {
                let values = rows.get_mut(&of).expect("rows");
                let alphas = [
                    TensorRole::ActivationPositive,
                    TensorRole::ActivationNegative,
                ]
                .map(|role| {
                    let found = weights.get(&(role, TensorKind::Shift));
                    found.map_or(0.0, |values| values[0])
                });
                values
                    .iter_mut()
                    .for_each(|x| *x = activation(kind, alphas, *x));
            }
            Step::Multiply { from, to } => {
                let factors = rows[&from].clone();
                let values = rows.get_mut(&to).expect("rows");
                let each = values.len() / factors.len();
                let factors = factors.iter().flat_map(|f| std::iter::repeat_n(f, each));
                values.iter_mut().zip(factors).for_each(|(x, f)| *x *= f);
            }
            Step::Add { from, to } => {
                let terms = rows[&from].clone();
                let values = rows.get_mut(&to).expect("rows");
                values.iter_mut().zip(terms).for_each(|(x, t)| *x += t);
            }
            Step::Unembed {
                role,
                from,
                scale,
                softcap,
            } => {
                let mut products = project(&rows[&from], count, weights, role);
                if role == TensorRole::TokenEmbedding
                    && let Some(bias) = weights.get(&(TensorRole::Unembedding, TensorKind::Bias))
                {
                    let biases = bias.iter().cycle();
                    products.iter_mut().zip(biases).for_each(|(x, b)| *x += b);
                }
                let scale = f64::from(scale as f32);
                let cap = softcap.map(|cap| f64::from(cap as f32));
                logits = Some(
                    products
                        .into_iter()
                        .map(|x| capped(scale * x, cap))
                        .collect(),
                );
            }
            Step::AddPosition { role } => {
                let table = &weights[&(role, TensorKind::Embedding)];
                let values = rows.get_mut(&Rows::Residual).expect("rows");
                let sequences = values.chunks_mut(table.len());
                sequences.for_each(|x| x.iter_mut().zip(table).for_each(|(x, p)| *x += p));
            }
            Step::Insert { role, at } => {
                let table = &weights[&(role, TensorKind::Embedding)];
                let values = &rows[&Rows::Residual];
                let (width, sequences) = (values.len() / count, count / tokens);
                let longer = values.chunks(tokens * width).flat_map(|sequence| {
                    let (before, after) = sequence.split_at(at * width);
                    [before, table, after].concat()
                });
                let longer = longer.collect();
                tokens += table.len() / width;
                count = sequences * tokens;
                rows.insert(Rows::Residual, longer);
            }
            Step::Remove { count: removed } => {
                let values = &rows[&Rows::Residual];
                let (width, sequences) = (values.len() / count, count / tokens);
                let shorter = values.chunks(tokens * width);
                let shorter = shorter.flat_map(|sequence| &sequence[removed * width..]);
                let shorter = shorter.copied().collect();
                tokens -= removed;
                count = sequences * tokens;
                rows.insert(Rows::Residual, shorter);
            }
            Step::Gain { .. } => unreachable!("no row of the table sees images"),
            Step::Experts { from, to, .. } => {
                let y = experts::mixture(&rows[&from], count, step, weights);
                rows.insert(to, y);
            }
            // its rows are given
            Step::Embed { .. } => {}
        }
    }
    logits.unwrap_or_else(|| rows[&Rows::Residual].clone())
}

/// The mean over rows of `logits` of ln(sum_j exp(l_j)) - l_target.
pub(crate) fn cross_entropy(logits: &[f64], targets: &[usize]) -> f64 {
    let of = |(row, target): (&[f64], &usize)| {
        row.iter().map(|l| l.exp()).sum::<f64>().ln() - row[*target]
    };
    let rows = logits.chunks(logits.len() / targets.len()).zip(targets);
    rows.map(of).sum::<f64>() / targets.len() as f64
}

pub(crate) fn capped(x: f64, cap: Option<f64>) -> f64 {
    cap.map_or(x, |cap| cap * (x / cap).tanh())
}

/// Width of a head.
fn heads(section: &Section) -> usize {
    of_attention(section)[0]
}

fn d_head(section: &Section) -> usize {
    of_attention(section)[1]
}

fn of_attention(section: &Section) -> [usize; 2] {
    let of = |step: &Step| match step {
        Step::Attend { heads, d_head, .. } => Some([*heads, *d_head]),
        _ => None,
    };
    section.steps.iter().find_map(of).expect("attention")
}

fn norm(
    x: &[f64],
    d: usize,
    weights: &Weights,
    role: TensorRole,
    eps: f64,
    centred: bool,
) -> Vec<f64> {
    let gain = weights.get(&(role, TensorKind::Gain));
    let shift = weights.get(&(role, TensorKind::Shift));
    let row = |(number, x): (usize, &[f64])| {
        let mean = if centred {
            x.iter().sum::<f64>() / d as f64
        } else {
            0.0
        };
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / d as f64;
        let factor = 1.0 / (variance + eps).sqrt();
        let of = |i: usize| {
            let normed = (x[i] - mean) * factor;
            let own = |values: &Vec<f64>| values[(number * d + i) % values.len()];
            normed * gain.map_or(1.0, own) + shift.map_or(0.0, own)
        };
        (0..d).map(of).collect::<Vec<_>>()
    };
    x.chunks(d).enumerate().flat_map(row).collect()
}

fn project(x: &[f64], count: usize, weights: &Weights, role: TensorRole) -> Vec<f64> {
    // a tied unembedding is an embedding by its kind
    let matrix = weights.get(&(role, TensorKind::Matrix));
    let matrix = matrix.expect("a matrix");
    let inputs = x.len() / count;
    let bias = weights.get(&(role, TensorKind::Bias));
    let mut y = Vec::new();
    for row in x.chunks(inputs) {
        for (output, weights) in matrix.chunks(inputs).enumerate() {
            let sum: f64 = row.iter().zip(weights).map(|(x, w)| x * w).sum();
            y.push(sum + bias.map_or(0.0, |bias| bias[output]));
        }
    }
    y
}

fn rotate(
    x: &mut [f64],
    d_head: usize,
    (pairs, half, tokens): (RotaryPairs, usize, usize),
    tables: &[Vec<f32>; 2],
    count: usize,
) {
    let width = x.len() / count;
    for (row, line) in x.chunks_mut(width).enumerate() {
        let position = row % tokens;
        for head in line.chunks_mut(d_head) {
            for i in 0..half {
                let [c, s] = [0, 1].map(|t: usize| f64::from(tables[t][position * half + i]));
                let ([first, second], s) = match pairs {
                    RotaryPairs::Halves => ([i, i + half], s),
                    RotaryPairs::HalvesBack => ([i, i + half], -s),
                    RotaryPairs::Neighbours => ([2 * i, 2 * i + 1], s),
                };
                let (a, b) = (head[first], head[second]);
                (head[first], head[second]) = (a * c - b * s, b * c + a * s);
            }
        }
    }
}

fn activation(kind: Nonlinearity, [a, b]: [f64; 2], x: f64) -> f64 {
    let softplus = |x: f64| x.exp().ln_1p();
    match kind {
        Nonlinearity::Relu => x.max(0.0),
        Nonlinearity::Xielu if x > 0.0 => softplus(a) * x * x + 0.5 * x,
        Nonlinearity::Xielu => (0.5 + softplus(b)) * (x.exp() - 1.0 - x) + 0.5 * x,
        Nonlinearity::Relu2 => x.max(0.0).powi(2),
        Nonlinearity::Silu => x / (1.0 + (-x).exp()),
        Nonlinearity::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Nonlinearity::QuickGelu => x / (1.0 + (-1.702 * x).exp()),
        Nonlinearity::Gelu => 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
        Nonlinearity::GeluTanh => {
            0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh())
        }
    }
}

/// 2 / sqrt(pi) exp(-x^2) times the sum of 2^n x^(2n+1) / (1 3 5 ... (2n+1)): terms of one sign, which cancel nothing.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..400 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
}
