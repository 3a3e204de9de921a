use burn::tensor::{Device, Tensor, TensorData};
use outcrop_arch::{ArchSpec, Position};
use outcrop_vector::rotary_tables;

/// What attention needs to know of positions; no parameters.
#[derive(Clone, Debug)]
pub(crate) struct Positions {
    /// Cosines and sines [1, 1, context, rotary_dims / 2] of the rotation angles.
    rotation: Option<(Tensor<4>, Tensor<4>)>,
    /// 0 where key <= query, else a large negative number, [1, 1, context, context].
    causal: Tensor<4>,
}

impl Positions {
    pub(crate) fn new(spec: &ArchSpec, device: &Device) -> Self {
        let t = spec.context;
        let mut causal = vec![0.0f32; t * t];
        for query in 0..t {
            causal[query * t + query + 1..(query + 1) * t].fill(-1e9);
        }
        Self {
            rotation: rotation(spec, device),
            causal: Tensor::from_data(TensorData::new(causal, [1, 1, t, t]), device),
        }
    }

    /// Cosines and sines [1, 1, context, rotary_dims / 2], where there is a rotation.
    #[cfg(feature = "flex")]
    pub(crate) fn rotation(&self) -> Option<&(Tensor<4>, Tensor<4>)> {
        self.rotation.as_ref()
    }

    /// The mask of sequences of `t` positions, [1, 1, t, t].
    pub(crate) fn causal(&self, t: usize) -> Tensor<4> {
        self.causal.clone().narrow(2, 0, t).narrow(3, 0, t)
    }

    /// Rotates the first channels of each head of `x` [batch, heads, positions, d_head], pairing
    /// channel i with channel i + rotary_dims / 2.
    pub(crate) fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        let Some((cos, sin)) = &self.rotation else {
            return x;
        };
        let [_, _, t, d_head] = x.dims();
        let half = cos.dims()[3];
        let (cos, sin) = (cos.clone().narrow(2, 0, t), sin.clone().narrow(2, 0, t));
        let first = x.clone().narrow(3, 0, half);
        let second = x.clone().narrow(3, half, half);
        let mut parts = vec![
            first.clone() * cos.clone() - second.clone() * sin.clone(),
            second * cos + first * sin,
        ];
        if 2 * half < d_head {
            parts.push(x.narrow(3, 2 * half, d_head - 2 * half));
        }
        Tensor::cat(parts, 3)
    }
}

fn rotation(spec: &ArchSpec, device: &Device) -> Option<(Tensor<4>, Tensor<4>)> {
    let Position::Rotary { base, .. } = spec.position else {
        return None;
    };
    let (t, dims) = (spec.context, spec.rotary_dims());
    let [cosines, sines] = rotary_tables(dims, base, t)
        .map(|table| Tensor::<4>::from_data(TensorData::new(table, [1, 1, t, dims / 2]), device));
    Some((cosines, sines))
}
