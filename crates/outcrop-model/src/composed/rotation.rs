use burn::tensor::{Device, Tensor, TensorData};
use outcrop_arch::{Plan, Step};
use outcrop_vector::rotary_tables;

/// Cosines and sines of every rotation of a plan; no parameters.
#[derive(Clone, Debug)]
pub(crate) struct Rotations(Vec<Rotation>);

#[derive(Clone, Debug)]
struct Rotation {
    dims: usize,
    base: f64,
    /// [positions, 1, dims / 2] each.
    tables: [Tensor<3>; 2],
}

impl Rotations {
    /// Of sequences of up to `positions`.
    pub(crate) fn new(plan: &Plan, positions: usize, device: &Device) -> Self {
        let mut rotations: Vec<Rotation> = Vec::new();
        for step in plan.steps() {
            let &Step::Rotate { dims, base, .. } = step else {
                continue;
            };
            if rotations.iter().any(|r| (r.dims, r.base) == (dims, base)) {
                continue;
            }
            let table = |values| TensorData::new(values, [positions, 1, dims / 2]);
            let tables = rotary_tables(dims, base, positions);
            let tables = tables.map(|values| Tensor::from_data(table(values), device));
            rotations.push(Rotation { dims, base, tables });
        }
        Self(rotations)
    }

    /// Rotates the first channels of each head of `x` [batch, positions, heads, d_head], pairing channel i with
    /// channel i + dims / 2.
    pub(crate) fn rotate(&self, x: Tensor<4>, dims: usize, base: f64) -> Tensor<4> {
        let found = self.0.iter().find(|r| (r.dims, r.base) == (dims, base));
        let Some(Rotation { tables, .. }) = found.filter(|_| dims > 0) else {
            return x;
        };
        let [_, positions, _, d_head] = x.dims();
        let half = dims / 2;
        let [cos, sin] = tables.each_ref().map(|table| {
            let table = table.clone().narrow(0, 0, positions);
            table.unsqueeze::<4>()
        });
        let first = x.clone().narrow(3, 0, half);
        let second = x.clone().narrow(3, half, half);
        let mut parts = vec![
            first.clone() * cos.clone() - second.clone() * sin.clone(),
            second * cos + first * sin,
        ];
        if dims < d_head {
            parts.push(x.narrow(3, dims, d_head - dims));
        }
        Tensor::cat(parts, 3)
    }
}
