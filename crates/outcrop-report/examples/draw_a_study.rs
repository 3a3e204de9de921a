//! Draws a report of made-up models, as many as are asked for: `draw_a_study OUT MODELS LAYERS`. The page stays small, and
//! the numbers are the same at every call.

use std::path::PathBuf;

use outcrop_core::{CurvePoint, Fit, LossPoint, Quantity, Trajectory};
use outcrop_report::{Inputs, write_report};

/// The steps at which Pythia published checkpoints.
fn steps() -> Vec<u64> {
    let powers = (0..10).map(|i| 1 << i);
    std::iter::once(0)
        .chain(powers)
        .chain((1..=143).map(|k| 1000 * k))
        .collect()
}

/// f(t) = exp(-beta t) (A1 ln(t + 20) + A2) + K of one layer, with noise that depends on the step.
fn ratio(model: usize, depth: f64, step: u64, noise: f64) -> f64 {
    let t = step as f64;
    let climb = (1.0 + model as f64).sqrt() * 40.0 * depth * (1.0 - depth) + 2.0;
    let beta = if depth < 0.2 { 2e-5 } else { 1e-7 };
    let wave = ((model * 31 + step as usize % 97) as f64).sin();
    (5.0 + (-beta * t).exp() * climb * ((t + 20.0) / 20.0).ln()) * (1.0 + noise * wave)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().map_or_else(
        || std::env::temp_dir().join("outcrop-study-example"),
        PathBuf::from,
    );
    let mut count = |otherwise| {
        let given = arguments.next().map(|text| text.parse::<usize>());
        given.unwrap_or(Ok(otherwise))
    };
    let (models, layers) = (count(6)?, count(5)?);
    let mut inputs = Inputs {
        title: format!("A study of {models} models"),
        verdicts: vec![
            "K: beats the depth-only baseline, p = 0.010 (6 architectures, each predicted from the others: Q2 0.60 for shape, 0.10 for depth alone)".into(),
            "A: no better than the depth-only baseline, p = 0.500 (6 architectures, each predicted from the others: Q2 0.05 for shape, 0.04 for depth alone)".into(),
        ],
        tables: ["trajectories", "fits"]
            .map(|name| (name.into(), format!("../{name}.csv")))
            .into(),
        ..Inputs::default()
    };
    for model in 0..models {
        let name = format!("model-{model:03}");
        let corpus = ["stories", "code"][model % 2];
        inputs.corpora.insert(name.clone(), corpus.into());
        for layer in 1..=layers {
            add(&mut inputs, (model, &name), (layer, layers));
        }
        inputs
            .losses
            .extend(steps().into_iter().map(|step| LossPoint {
                model: name.clone(),
                step,
                tokens: step * 2_097_152,
                loss: Some(3.0 + 8.0 / (2.0 + step as f64).ln()),
                held_out_loss: 3.0 + 8.0 / (2.0 + step as f64).ln(),
                learning_rate: Some(1e-3 * (1.0 - step as f64 / 143_000.0)),
                gradient_norm: None,
            }));
    }
    write_report(&inputs, &out)?;
    Ok(())
}

/// The trajectory of a layer, its fits by three hypotheses, and their curves.
fn add(inputs: &mut Inputs, (model, name): (usize, &str), (layer, layers): (usize, usize)) {
    let depth = (layer as f64 - 0.5) / layers as f64;
    let ratios: Vec<f64> = steps()
        .into_iter()
        .map(|s| ratio(model, depth, s, 0.05))
        .collect();
    inputs.trajectories.push(Trajectory {
        model: name.into(),
        layer: layer as u32,
        stage: None,
        steps: steps(),
        sem: ratios.iter().map(|r| 0.02 * r).collect(),
        ratios,
    });
    for (rank, hypothesis) in ["emergence", "first-order step", "log only"]
        .into_iter()
        .enumerate()
    {
        let lower = 1.0 - 0.1 * rank as f64;
        let point = |i: u32| {
            let step = 143_001f64.powf(f64::from(i) / 60.0) - 1.0;
            let value = lower * ratio(model, depth, step as u64, 0.0);
            CurvePoint {
                model: name.into(),
                layer: layer as u32,
                hypothesis: hypothesis.into(),
                step,
                value,
                value_lo: (rank == 0).then_some(0.93 * value),
                value_hi: (rank == 0).then_some(1.07 * value),
            }
        };
        inputs.curves.extend((0..=60).map(point));
        let quantities = [
            Quantity::new("lambda", 1e-3 * (1.0 + model as f64)),
            Quantity::new("gamma", 0.02 / depth),
            Quantity::new("t0", 1.0 + depth),
            Quantity::new("t_peak", (depth < 0.2).then_some(24_000.0)).between(20_000.0, 30_000.0),
        ];
        inputs.fits.push(Fit {
            model: name.into(),
            layer: layer as u32,
            hypothesis: hypothesis.into(),
            n: steps().len(),
            best: rank == 0,
            status: "ok".into(),
            r2: Some(0.99 * lower),
            aicc: Some(100.0 * rank as f64),
            weight: Some(if rank == 0 { 1.0 } else { 0.0 }),
            quantities: match rank {
                0 => quantities.into_iter().collect(),
                _ => Vec::new().into_iter().collect(),
            },
            ..Fit::default()
        });
    }
}
