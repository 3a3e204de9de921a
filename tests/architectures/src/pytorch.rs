use std::collections::BTreeMap;

use serde::Deserialize;

use crate::uniform;

/// What PyTorch computed in f64 of one case of the table.
#[derive(Clone, Debug, Deserialize)]
pub struct Expected {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// The residual stream [sequences, positions, d_model] after each block.
    pub hidden: Vec<Summary>,
    /// Gradients of the loss by the part of the plan.
    pub gradients: BTreeMap<String, Summary>,
}

/// What is kept of many numbers: the root of the sum of their squares, their sum weighted with [`uniform`] numbers,
/// and four of them. A number that is wrong, or at the wrong place, changes the second.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Summary([f64; 6]);

/// What PyTorch computed, by the name of the case.
///
/// # Panics
/// Where the file is not as `export.py` writes it.
pub fn pytorch() -> BTreeMap<String, Expected> {
    let text = include_str!("../pytorch.json");
    serde_json::from_str(text)
        .expect("pytorch.json: run `cargo xtask fixtures architectures --write`")
}

impl Summary {
    /// Of these numbers.
    pub fn of(values: &[f64]) -> Self {
        let squares: f64 = values.iter().map(|x| x * x).sum();
        let weights = uniform("probe", values.len());
        let weighted: f64 = values.iter().zip(weights).map(|(x, u)| x * u).sum();
        let [a, b, c, d] = [0, 1, 2, 3].map(|quarter| values[quarter * values.len() / 4]);
        Self([squares.sqrt(), weighted, a, b, c, d])
    }

    /// Root of the sum of squares.
    pub fn norm(&self) -> f64 {
        self.0[0]
    }

    /// The largest difference of the six numbers from those of `exact`, over the norm of that, or over `least` where
    /// that is more; infinite where one is no number.
    pub fn distance(&self, exact: &Self, least: f64) -> f64 {
        let size = exact.norm().max(least);
        let differences = self
            .0
            .iter()
            .zip(exact.0)
            .map(|(a, b)| (a - b).abs() / size);
        differences.fold(0.0, |most: f64, x| match x.is_nan() {
            true => f64::INFINITY,
            false => most.max(x),
        })
    }
}
