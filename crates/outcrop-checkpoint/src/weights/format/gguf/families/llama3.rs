//! How Llama 3.1 stretches wavelengths, found again in the factors that it makes.

use std::f64::consts::TAU;

use serde_json::{Map, Value, json};

/// What all models from Llama 3.1 to 3.3 have: wavelengths above `ORIGINAL / LOW` positions are stretched, those below
/// `ORIGINAL / HIGH` are not.
const ORIGINAL: f64 = 8192.0;
const LOW: f64 = 1.0;
const HIGH: f64 = 4.0;
/// By how much a factor may differ, as a share: they were computed in f32.
const NEAR: f64 = 1e-5;

/// The setting of transformers that makes these factors, of which there is one for each pair of channels; none where
/// that of Llama 3.1 makes others.
pub(super) fn scaling(factors: &[f32], config: &Map<String, Value>) -> Option<Value> {
    let theta = config.get("rope_theta")?.as_f64()?;
    let largest = factors.iter().copied().fold(1.0, f32::max);
    let pairs = factors.len() as f64;
    let made = |pair: usize| {
        let wavelength = TAU * theta.powf(pair as f64 / pairs);
        let smooth = ((ORIGINAL / wavelength - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
        1.0 / ((1.0 - smooth) / f64::from(largest) + smooth)
    };
    let near = |(pair, given): (usize, &f32)| {
        let (made, given) = (made(pair), f64::from(*given));
        (made - given).abs() <= NEAR * made
    };
    let same = largest > 1.0 && factors.iter().enumerate().all(near);
    same.then(|| {
        json!({
            "rope_type": "llama3",
            "factor": largest,
            "low_freq_factor": LOW,
            "high_freq_factor": HIGH,
            "original_max_position_embeddings": ORIGINAL as u64,
        })
    })
}
