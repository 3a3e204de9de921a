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
            Draw::Zeros | Draw::Ones => tensor, // as Burn makes them
            Draw::Normal { std } => {
                let shape = tensor.dims();
                let values = self.normal(shape.iter().product(), std);
                Tensor::from_data(TensorData::new(values, shape), &tensor.device())
                    .set_require_grad(tensor.is_require_grad())
            }
        }
    }
}
