use burn::tensor::{Tensor, TensorData};
use outcrop_arch::{ArchSpec, Init};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::{ParameterKind, ParameterMap};

/// Draws every parameter from one seeded stream, in the order of the walk: the same seed gives the
/// same weights on every backend.
pub(crate) struct Draw<'a> {
    spec: &'a ArchSpec,
    rng: ChaCha8Rng,
}

impl<'a> Draw<'a> {
    pub(crate) fn new(spec: &'a ArchSpec, seed: u64) -> Self {
        Self {
            spec,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Standard deviation of a matrix: small_init is sqrt(2 / (5 d)), wang_init 2 / (L sqrt(d)).
    fn std(&self, name: &str) -> f64 {
        let d = self.spec.d_model as f64;
        match self.spec.init {
            Init::Normal { std } => std,
            Init::SmallWang if name.contains(".dense.") || name.contains("4h_to_h") => {
                2.0 / (self.spec.layers as f64 * d.sqrt())
            }
            Init::SmallWang => (0.4 / d).sqrt(),
        }
    }

    /// Standard normal numbers by Box and Muller.
    fn normal(&mut self, count: usize, std: f64) -> Vec<f32> {
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * std;
            let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
            values.extend([(radius * cos) as f32, (radius * sin) as f32]);
        }
        values.truncate(count);
        values
    }

    /// Uniform in [0, 1).
    fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl ParameterMap for Draw<'_> {
    fn map<const D: usize>(
        &mut self,
        name: &str,
        kind: ParameterKind,
        tensor: Tensor<D>,
    ) -> Tensor<D> {
        match kind {
            ParameterKind::Bias | ParameterKind::NormShift | ParameterKind::NormGain => tensor,
            ParameterKind::Embedding | ParameterKind::Matrix => {
                let shape = tensor.dims();
                let std = self.std(name);
                let values = self.normal(shape.iter().product(), std);
                Tensor::from_data(TensorData::new(values, shape), &tensor.device())
                    .set_require_grad(tensor.is_require_grad())
            }
        }
    }
}
