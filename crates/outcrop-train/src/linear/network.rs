use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::matrix::Matrix;
use super::spec::LinearSpec;

/// A product of matrices, and the one that it is to become.
pub(super) struct Network {
    /// From the inputs on.
    weights: Vec<Matrix>,
    /// U S V', [outputs, inputs]: the correlation of inputs and outputs.
    target: Matrix,
    /// U, [outputs, modes].
    left: Matrix,
    /// V, [inputs, modes].
    right: Matrix,
}

/// What the network is before an update.
pub(super) struct Gradient {
    /// |U S V' - W|^2 / 2.
    pub(super) loss: f64,
    /// The norm over all layers.
    pub(super) norm: f64,
    /// Of each layer.
    of_layers: Vec<Matrix>,
}

impl Network {
    /// Aligned with the task: layer i is R_i D R_(i-1)', with random orthonormal R between V and U, and D^N = start.
    pub(super) fn new(spec: &LinearSpec) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
        let modes = spec.singular_values.len();
        let mut bases = vec![Matrix::orthonormal(&mut rng, spec.inputs, modes)];
        for _ in 1..spec.layers {
            bases.push(Matrix::orthonormal(&mut rng, spec.width, modes));
        }
        bases.push(Matrix::orthonormal(&mut rng, spec.outputs, modes));
        let share = vec![spec.start.powf(1.0 / spec.layers as f64); modes];
        let layer = |pair: &[Matrix]| pair[1].clone().scaled(&share).times(&pair[0].transposed());
        let weights = bases.windows(2).map(layer).collect();
        let (left, right) = (bases[spec.layers].clone(), bases[0].clone());
        let scaled = left.clone().scaled(&spec.singular_values);
        Self {
            weights,
            target: scaled.times(&right.transposed()),
            left,
            right,
        }
    }

    /// The loss and its gradients: of layer i, (W_N ... W_(i+1))' (U S V' - W) (W_(i-1) ... W_1)', downhill.
    pub(super) fn gradient(&self) -> Gradient {
        let mut below = vec![None];
        for weight in &self.weights {
            let product = match below.last().and_then(Option::as_ref) {
                None => weight.clone(),
                Some(before) => weight.times(before),
            };
            below.push(Some(product));
        }
        let mut error = self.target.clone();
        if let Some(Some(whole)) = below.pop() {
            error.add(-1.0, &whole);
        }
        let loss = error.square() / 2.0;
        // the error as a layer sees it, from the last one on
        let (mut seen, mut of_layers) = (error, Vec::new());
        for (weight, before) in self.weights.iter().zip(below).rev() {
            of_layers.push(match before {
                None => seen.clone(),
                Some(before) => seen.times(&before.transposed()),
            });
            seen = weight.transposed().times(&seen);
        }
        of_layers.reverse();
        let square: f64 = of_layers.iter().map(Matrix::square).sum();
        Gradient {
            loss,
            norm: square.sqrt(),
            of_layers,
        }
    }

    /// One step downhill.
    pub(super) fn update(&mut self, gradient: &Gradient, rate: f64) {
        for (weight, gradient) in self.weights.iter_mut().zip(&gradient.of_layers) {
            weight.add(rate, gradient);
        }
    }

    /// u' W v of each mode.
    pub(super) fn strengths(&self) -> Vec<f64> {
        let first = self.weights[0].times(&self.right);
        let after = self.weights[1..].iter();
        let outputs = after.fold(first, |x, weight| weight.times(&x));
        let of = |mode: usize| {
            let rows = 0..outputs.rows;
            rows.map(|row| self.left.at(row, mode) * outputs.at(row, mode))
                .sum()
        };
        (0..self.left.columns).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(layers: usize) -> Network {
        let spec = LinearSpec {
            layers,
            inputs: 5,
            outputs: 4,
            width: 6,
            start: 0.3,
            ..LinearSpec::default()
        };
        let mut network = Network::new(&spec);
        // not aligned
        for (i, weight) in network.weights.iter_mut().enumerate() {
            let wave = |at: usize| 0.2 * ((at + 7 * i) as f64).sin();
            let values = weight.values.iter_mut().enumerate();
            values.for_each(|(at, x)| *x += wave(at));
        }
        network
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for layers in [1, 2, 4] {
            let found = network(layers).gradient();
            for layer in 0..layers {
                for at in [0, 3, 11] {
                    let loss = |by: f64| {
                        let mut moved = network(layers);
                        moved.weights[layer].values[at] += by;
                        moved.gradient().loss
                    };
                    let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
                    let down = found.of_layers[layer].values[at];
                    assert!(
                        (slope + down).abs() < 1e-8,
                        "{layers} {layer}: {slope} {down}"
                    );
                }
            }
        }
    }

    /// U and V are orthonormal, the strengths are `start`, and the loss is that of the modes.
    #[test]
    fn it_starts_aligned() {
        let spec = LinearSpec {
            layers: 3,
            start: 0.25,
            ..LinearSpec::default()
        };
        let network = Network::new(&spec);
        for basis in [&network.left, &network.right] {
            let product = basis.transposed().times(basis);
            for (at, x) in product.values.iter().enumerate() {
                let expected = if at % 4 == 0 { 1.0 } else { 0.0 };
                assert!((x - expected).abs() < 1e-14);
            }
        }
        assert!(network.strengths().iter().all(|a| (a - 0.25).abs() < 1e-14));
        let modes = spec
            .singular_values
            .iter()
            .map(|s| (s - 0.25f64).powi(2) / 2.0);
        assert!((network.gradient().loss - modes.sum::<f64>()).abs() < 1e-12);
    }
}
