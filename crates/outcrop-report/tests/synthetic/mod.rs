//! A small study that looks like a real one: three models of three to five layers, measured at
//! logarithmic steps up to 800, with ratios on the emergence curve, noise, fits and scores.

use std::collections::BTreeMap;

use outcrop_arch::ArchSpec;
use outcrop_core::{
    CurvePoint, Detail, Fit, LayerStats, LossPoint, Measurement, NamedArch, Place, Prediction,
    Provenance, Score, Top,
};
use outcrop_report::Inputs;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

const STEPS: [u64; 18] = [
    0, 1, 2, 4, 8, 16, 32, 64, 100, 150, 200, 250, 300, 400, 500, 600, 700, 800,
];

/// Name, layers, d_model, heads, and how far the ratio of its middle layer climbs.
const MODELS: [(&str, usize, usize, usize, f64); 4] = [
    ("relu-3x64", 3, 64, 1, 30.0),
    ("neox-3x96", 3, 96, 2, 9.0),
    ("wide-4x128", 4, 128, 2, 80.0),
    ("flat-5x160", 5, 160, 4, 1.5),
];

/// A uniform number from -1 to 1.
fn noise(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX) * 2.0 - 1.0
}

/// f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K; the first layer peaks, the others climb.
fn ratio(step: f64, layer: usize, climb: f64) -> f64 {
    let tau0 = 20.0_f64;
    let (beta, depth) = if layer == 1 {
        (4e-3, 0.5)
    } else {
        (1e-5, 1.0 / (1.0 + (layer as f64 - 3.0).abs()))
    };
    5.5 + depth * climb * (-beta * step).exp() * ((step + tau0).ln() - tau0.ln()) / 3.7
}

/// The study, named `title`.
pub(crate) fn study(title: &str) -> Inputs {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut inputs = Inputs {
        title: title.into(),
        provenance: provenance(),
        ..Inputs::default()
    };
    for (name, layers, d_model, heads, climb) in MODELS {
        inputs.archs.push(NamedArch {
            model: name.into(),
            arch: ArchSpec {
                vocab: 256,
                ..ArchSpec::new(layers, d_model, heads)
            },
        });
        for step in STEPS {
            for layer in 1..=layers {
                let value = ratio(step as f64, layer, climb);
                inputs
                    .measurements
                    .extend((0..4).map(|s| measurement(&mut rng, name, step, s, layer, value)));
            }
            let gone = 1.0 - (-(step as f64) / 150.0).exp();
            let held_out_loss = 5.5 - 2.0 * gone - climb / 200.0;
            inputs.losses.push(LossPoint {
                model: name.into(),
                step,
                tokens: step * 2048,
                loss: (step > 0).then(|| held_out_loss + 0.1 * noise(&mut rng)),
                held_out_loss,
                learning_rate: None,
                gradient_norm: None,
            });
        }
        for layer in 1..=layers {
            // One layer has no fit at all.
            let failed = name == "flat-5x160" && layer == 4;
            inputs.fits.push(fit(name, layer, climb, failed));
            if !failed {
                let curve = (0..=120).map(|i| 801f64.powf(f64::from(i) / 120.0) - 1.0);
                inputs.curves.extend(curve.map(|step| CurvePoint {
                    model: name.into(),
                    layer: layer as u32,
                    hypothesis: "emergence".into(),
                    step,
                    value: ratio(step, layer, climb),
                    ..CurvePoint::default()
                }));
            }
        }
    }
    predict(&mut rng, &mut inputs);
    inputs
}

fn measurement(
    rng: &mut ChaCha8Rng,
    model: &str,
    step: u64,
    sequence: u32,
    layer: usize,
    ratio: f64,
) -> Measurement {
    let median = 0.4 + 0.05 * layer as f64;
    let top1 = median * ratio * (1.0 + 0.06 * noise(rng));
    let top = |part: f64| {
        let place = Place {
            position: 0,
            channel: 7,
        };
        Some(Top {
            magnitude: (top1 * part) as f32,
            place,
        })
    };
    let second = (5.0 / ratio).clamp(0.35, 0.9);
    Measurement {
        model: model.into(),
        step,
        sequence,
        layer: layer as u32,
        stats: LayerStats {
            top: [top(1.0), top(second), top(0.8 * second)],
            median: Some(median as f32),
            count: 4096,
            non_finite: 0,
            first_non_finite: None,
        },
        detail: Detail::default(),
        suspect: None,
        stage: None,
    }
}

fn fit(model: &str, layer: usize, climb: f64, failed: bool) -> Fit {
    let known = |v: f64| (!failed).then_some(v);
    Fit {
        model: model.into(),
        layer: layer as u32,
        hypothesis: "emergence".into(),
        n: STEPS.len(),
        best: !failed,
        status: if failed {
            "no solution".into()
        } else {
            "ok".into()
        },
        r2: known(0.995 - 0.04 / (0.5 + climb.sqrt() * layer as f64 / 10.0)),
        aicc: known(-30.0),
        quantities: [
            ("A", known(climb / 3.7)),
            ("lambda", known(0.02)),
            ("gamma", known(0.05)),
            ("t0", known(1.0)),
            ("K", known(5.5)),
            ("f_first", known(ratio(0.0, layer, climb))),
            ("f_last", known(ratio(800.0, layer, climb))),
            ("f_max", known(ratio(800.0, layer, climb))),
            ("t_half", known(63.0)),
            ("t_peak", (layer == 1).then_some(180.0)),
        ]
        .into(),
        ..Fit::default()
    }
}

fn predict(rng: &mut ChaCha8Rng, inputs: &mut Inputs) {
    for (target, scale) in [("ln f_last", 1.0), ("K", 5.0)] {
        for (regressor, r2) in [("mean", -0.1), ("ridge", 0.41), ("random forest", 0.35)] {
            for (protocol, bonus) in [("leave one model out", 0.0), ("paper (random 80/20)", 0.4)] {
                inputs.scores.push(Score {
                    target: target.into(),
                    regressor: regressor.into(),
                    protocol: protocol.into(),
                    models: 4,
                    rows: 15,
                    r2: Some(r2 + bonus),
                    mae: 0.3 * scale,
                    rmse: 0.4 * scale,
                    ..Score::default()
                });
            }
            for fit in inputs.fits.iter().filter(|f| f.best) {
                let observed = match target {
                    "K" => fit.value("K").map(|k| k + noise(rng)),
                    _ => fit.value("f_last").map(f64::ln),
                };
                inputs.predictions.push(Prediction {
                    model: fit.model.clone(),
                    layer: fit.layer,
                    target: target.into(),
                    regressor: regressor.into(),
                    predicted: observed.unwrap_or(0.0) + 0.4 * scale * noise(rng),
                    observed,
                    ..Prediction::default()
                });
            }
        }
    }
}

fn provenance() -> Provenance {
    Provenance {
        version: "0.1.0".into(),
        git_revision: Some("0123456789abcdef".into()),
        spec_sha256: Some("ab".repeat(32)),
        inputs_sha256: BTreeMap::from([("measurements.csv".into(), "cd".repeat(32))]),
        backend: Some("flex".into()),
        seed: Some(1),
        command: Some("outcrop reproduce --profile quick".into()),
        ..Provenance::default()
    }
}
