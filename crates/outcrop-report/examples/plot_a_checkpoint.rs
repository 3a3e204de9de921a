//! Draws what is measured in one checkpoint: layers, channels, magnitudes and attention, from made-up
//! data that look like those of a model with massive activations. With an argument: into that folder.

use outcrop_core::{Detail, LayerStats, Measurement, Place, Top};
use outcrop_report::{
    AttentionMap, ChannelMagnitudes, Error, Format, Magnitudes, attention_plot, channels_plot,
    layers_plot, magnitudes_plot,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

const MODEL: &str = "made-up-1.4b";
const LAYERS: u32 = 24;
const D_MODEL: usize = 2048;
/// Where massive activations stand: (position, channel, |h| in the middle layers).
const MASSIVE: [(usize, usize, f64); 4] = [
    (0, 1415, 1240.0),
    (0, 1953, 610.0),
    (7, 1415, 830.0),
    (7, 1953, 388.0),
];
const TEXT: [&str; 16] = [
    "<|endoftext|>",
    "Summer",
    " is",
    " warm",
    ",",
    " winter",
    " is",
    ".",
    "\n",
    "The",
    " river",
    " runs",
    " to",
    " the",
    " sea",
    ".",
];

/// A uniform number from 0 to 1.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

/// |h| of an ordinary scalar at a layer: the residual stream grows with depth.
fn ordinary(rng: &mut ChaCha8Rng, layer: u32) -> f64 {
    let normal: f64 = (0..6).map(|_| uniform(rng) - 0.5).sum();
    (0.4 + 0.12 * f64::from(layer)) * normal.abs()
}

/// How much of a massive activation a layer has: none in the first and the last.
fn part(layer: u32) -> f64 {
    match layer {
        0..=3 => 0.004,
        24 => 0.02,
        _ => 1.0 - 0.3 * (f64::from(layer) / 14.0 - 1.0).abs(),
    }
}

/// |h| of one layer as [positions, D_MODEL].
fn hidden_state(rng: &mut ChaCha8Rng, layer: u32) -> Vec<f32> {
    let mut h: Vec<f32> = (0..TEXT.len() * D_MODEL)
        .map(|_| ordinary(rng, layer) as f32)
        .collect();
    for (position, channel, magnitude) in MASSIVE {
        h[position * D_MODEL + channel] += (part(layer) * magnitude) as f32;
    }
    h
}

/// The rows of `measurements.csv` of one hidden state.
fn measurement(step: u64, layer: u32, h: &[f32]) -> Measurement {
    let mut order: Vec<usize> = (0..h.len()).collect();
    order.sort_by(|a, b| h[*b].total_cmp(&h[*a]));
    let top = |i: usize| Top {
        magnitude: h[i],
        place: Place {
            position: (i / D_MODEL) as u32,
            channel: (i % D_MODEL) as u32,
        },
    };
    let stats = LayerStats {
        top: [0, 1, 2].map(|k| Some(top(order[k]))),
        median: Some(h[order[h.len() / 2]]),
        count: h.len() as u64,
        non_finite: 0,
        first_non_finite: None,
    };
    Measurement {
        model: MODEL.into(),
        step,
        sequence: 0,
        layer,
        stats,
        detail: Detail::default(),
        suspect: None,
        stage: None,
    }
}

/// The largest |h| of every channel.
fn channel_maxima(h: &[f32]) -> Vec<f32> {
    let rows = h.chunks_exact(D_MODEL);
    let most = |most: Vec<f32>, row: &[f32]| {
        let pairs = most.iter().zip(row);
        pairs.map(|(a, b)| a.max(*b)).collect()
    };
    rows.fold(vec![0.0; D_MODEL], most)
}

/// A head whose sinks are positions 0 and 7, and that looks back a little.
fn attention(rng: &mut ChaCha8Rng, positions: usize) -> Vec<f32> {
    let mut weights = vec![0.0; positions * positions];
    for (query, row) in weights.chunks_exact_mut(positions).enumerate() {
        let logit = |key: usize, rng: &mut ChaCha8Rng| {
            let sink = [(0, 6.0), (7, 5.4)].iter().find(|s| s.0 == key);
            let near = -0.15 * (query - key) as f64;
            sink.map_or(near, |s| s.1) + 2.0 * uniform(rng)
        };
        let row = &mut row[..=query];
        for (key, weight) in row.iter_mut().enumerate() {
            *weight = logit(key, rng).exp() as f32;
        }
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|w| *w /= sum);
    }
    weights
}

fn main() -> Result<(), Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let scratch = std::env::temp_dir().join("outcrop-report-plots");
    let out = std::env::args_os().nth(1).map_or(scratch, Into::into);
    outcrop_core::check_writable(&out)?;
    let tokens = TEXT.map(String::from);
    let states: Vec<_> = (1..=LAYERS).map(|l| hidden_state(&mut rng, l)).collect();
    let early: Vec<_> = (1..=LAYERS).map(|_| hidden_state(&mut rng, 1)).collect();

    let mut rows = Vec::new();
    for layer in 1..=LAYERS {
        rows.push(measurement(0, layer, &early[layer as usize - 1]));
        rows.push(measurement(143_000, layer, &states[layer as usize - 1]));
    }
    let layers = layers_plot(&rows, MODEL, &[0, 1000, 143_000]);
    assert!(layers.svg()?.contains("no measurements at step 1000"));

    let channels = channels_plot(&ChannelMagnitudes {
        model: MODEL.into(),
        step: 143_000,
        layers: states.iter().map(|h| channel_maxima(h)).collect(),
    });
    assert!(channels.svg()?.contains("1415") && channels.svg()?.contains("1953"));

    let stats = measurement(143_000, 12, &states[11]).stats;
    let magnitudes = magnitudes_plot(&Magnitudes {
        model: MODEL,
        step: 143_000,
        sequence: 0,
        layer: 12,
        values: &states[11],
        d_model: D_MODEL,
        tokens: &tokens,
        median: stats.median,
    });
    assert!(magnitudes.svg()?.contains("position 7 “.”, channel 1415"));

    let weights = attention(&mut rng, tokens.len());
    let attention = attention_plot(&AttentionMap {
        model: MODEL,
        step: 143_000,
        sequence: 0,
        layer: 12,
        head: Some(5),
        weights: &weights,
        positions: tokens.len(),
        tokens: &tokens,
    });
    assert!(
        attention
            .svg()?
            .contains("position 0 “&lt;|endoftext|&gt;”")
    );
    for plot in [layers, channels, magnitudes, attention] {
        assert_eq!(plot.write(&out, &Format::ALL)?.len(), 2);
    }
    Ok(())
}
