use burn::tensor::{Tensor, TensorData};
use outcrop_arch::{Draw, TensorName};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::ParameterMap;

/// Draws every parameter as the plan says, from one seeded stream, in the order of the walk: the same seed
/// gives the same weights on every backend.
pub(crate) struct Drawn {
    rng: ChaCha8Rng,
}

impl Drawn {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Normal numbers of this standard deviation.
    fn normal(&mut self, count: usize, std: f64) -> Vec<f32> {
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            values.extend(normal_pair(&mut self.rng, std).map(|x| x as f32));
        }
        values.truncate(count);
        values
    }

    /// A rotation of `n` dimensions, row by row, uniform over all: rows of normal numbers, each without what it has of
    /// those before it, twice (Gram-Schmidt; once is not enough for f32), and of length 1.
    fn rotation(&mut self, n: usize) -> Vec<f32> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(n);
        for _ in 0..n {
            let mut row: Vec<f64> = self.normal(n, 1.0).into_iter().map(f64::from).collect();
            for before in rows.iter().chain(&rows) {
                let share = dot(before, &row);
                row.iter_mut()
                    .zip(before)
                    .for_each(|(x, b)| *x -= share * b);
            }
            let size = dot(&row, &row).sqrt();
            rows.push(row.into_iter().map(|x| x / size).collect());
        }
        rows.into_iter().flatten().map(|x| x as f32).collect()
    }
}

/// Two normal numbers of this standard deviation, by Box and Muller.
pub(crate) fn normal_pair(rng: &mut ChaCha8Rng, std: f64) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - uniform(rng)).ln()).sqrt() * std;
    let (sin, cos) = (std::f64::consts::TAU * uniform(rng)).sin_cos();
    [radius * cos, radius * sin]
}

/// Uniform in [0, 1).
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

impl ParameterMap for Drawn {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        match weight.init {
            Draw::Zeros | Draw::Ones | Draw::Constant { .. } => tensor, // as it was made
            Draw::Normal { std } => {
                let values = self.normal(tensor.dims().iter().product(), std);
                filled(tensor, values)
            }
            Draw::Orthogonal => {
                let values = self.rotation(tensor.dims()[0]);
                filled(tensor, values)
            }
        }
    }
}

/// A tensor with these numbers in the place of another.
fn filled<const D: usize>(tensor: Tensor<D>, values: Vec<f32>) -> Tensor<D> {
    let data = TensorData::new(values, tensor.dims());
    let filled = Tensor::from_data(data, &tensor.device());
    filled.set_require_grad(tensor.is_require_grad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_orthogonal_and_differ() {
        const N: usize = 33;
        let mut drawn = Drawn::new(7);
        let rotations: [Vec<f32>; 40] = std::array::from_fn(|_| drawn.rotation(N));
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            let pairs = a.iter().zip(b);
            pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let mut squares = 0.0;
        for rotation in &rotations {
            for (i, a) in rotation.chunks(N).enumerate() {
                for (j, b) in rotation.chunks(N).enumerate() {
                    let expected = f64::from(u8::from(i == j));
                    assert!((dot(a, b) - expected).abs() < 1e-6, "{i} {j}");
                }
            }
            squares += f64::from(rotation[0]).powi(2);
        }
        // of a uniform rotation the mean square of each number is 1 / N; the mean of all first numbers is 0
        let mean = squares / rotations.len() as f64 * N as f64;
        assert!((0.4..2.0).contains(&mean), "{mean}");
        let sum: f64 = rotations.iter().map(|r| f64::from(r[0])).sum();
        let bound = 3.0 * (rotations.len() as f64 / N as f64).sqrt();
        assert!(sum.abs() < bound, "{sum}");
        assert_eq!(Drawn::new(7).rotation(N), rotations[0]);
    }
}
