use burn::tensor::{Device, Tensor, TensorData};
use outcrop_arch::{Angles, Plan, RotaryPairs, Step};
use outcrop_vector::rotary_tables;

/// Cosines and sines of every rotation of a plan; no parameters.
#[derive(Clone, Debug)]
pub(crate) struct Rotations(Vec<Rotation>);

#[derive(Clone, Debug)]
struct Rotation {
    angles: Angles,
    /// [positions, 1, dims / 2] each, for sequences of all positions.
    tables: [Tensor<3>; 2],
}

impl Rotation {
    fn new(angles: &Angles, positions: usize, device: &Device) -> Self {
        let frequencies = angles.frequencies(positions);
        let table = |values| TensorData::new(values, [positions, 1, angles.dims / 2]);
        let tables = rotary_tables(&frequencies, angles.scale(), positions);
        Self {
            angles: angles.clone(),
            tables: tables.map(|values| Tensor::from_data(table(values), device)),
        }
    }

    /// Those of a sequence of so many positions.
    fn tables(&self, positions: usize, device: &Device) -> [Tensor<3>; 2] {
        let known = self.tables[0].dims()[0];
        if self.angles.regime(positions) != self.angles.regime(known) {
            return Self::new(&self.angles, positions, device).tables;
        }
        self.tables
            .each_ref()
            .map(|table| table.clone().narrow(0, 0, positions))
    }
}

impl Rotations {
    /// Of sequences of up to `positions`.
    pub(crate) fn new(plan: &Plan, positions: usize, device: &Device) -> Self {
        let mut rotations: Vec<Rotation> = Vec::new();
        for step in plan.steps() {
            let Step::Rotate { angles, .. } = step else {
                continue;
            };
            if rotations.iter().any(|known| known.angles == *angles) {
                continue;
            }
            rotations.push(Rotation::new(angles, positions, device));
        }
        Self(rotations)
    }

    /// Rotates the first channels of each head of `x` [batch, positions, heads, d_head].
    pub(crate) fn rotate(&self, x: Tensor<4>, angles: &Angles, pairs: RotaryPairs) -> Tensor<4> {
        let dims = angles.dims;
        let found = self.0.iter().find(|known| known.angles == *angles);
        let Some(rotation) = found.filter(|_| dims > 0) else {
            return x;
        };
        let [batch, positions, heads, d_head] = x.dims();
        let half = dims / 2;
        let tables = rotation.tables(positions, &x.device());
        let [cos, sin] = tables.map(|table| table.unsqueeze::<4>());
        let turned = x.clone().narrow(3, 0, dims);
        let [first, second] = match pairs {
            RotaryPairs::Halves | RotaryPairs::HalvesBack => {
                [0, half].map(|from| turned.clone().narrow(3, from, half))
            }
            RotaryPairs::Neighbours => {
                let pairs = turned.reshape([batch, positions, heads * half, 2]);
                [0, 1].map(|which| {
                    let channels = pairs.clone().narrow(3, which, 1);
                    channels.reshape([batch, positions, heads, half])
                })
            }
        };
        let sin = match pairs {
            RotaryPairs::Halves | RotaryPairs::Neighbours => sin,
            RotaryPairs::HalvesBack => -sin,
        };
        let low = first.clone() * cos.clone() - second.clone() * sin.clone();
        let high = second * cos + first * sin;
        let turned = match pairs {
            RotaryPairs::Halves | RotaryPairs::HalvesBack => Tensor::cat(vec![low, high], 3),
            RotaryPairs::Neighbours => {
                let pair = |x: Tensor<4>| x.reshape([batch, positions, heads * half, 1]);
                let pairs = Tensor::cat(vec![pair(low), pair(high)], 3);
                pairs.reshape([batch, positions, heads, dims])
            }
        };
        if dims == d_head {
            return turned;
        }
        Tensor::cat(vec![turned, x.narrow(3, dims, d_head - dims)], 3)
    }
}
