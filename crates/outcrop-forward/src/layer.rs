//! The weights of one block, in the order in which they are used.

use outcrop_arch::{ArchSpec, TensorPart, TensorRole};
use outcrop_gemm::Packed;
use outcrop_vector::{layer_norm, rms_norm};

use crate::attend::Fused;
use crate::{Published, Result};

/// A linear map with its bias.
#[derive(Debug, Default)]
pub(crate) struct Linear {
    pub(crate) weight: Packed,
    pub(crate) bias: Vec<f32>,
}

/// A normalisation.
#[derive(Debug)]
pub(crate) struct Normalise {
    centred: bool,
    gain: Vec<f32>,
    shift: Vec<f32>,
    eps: f32,
}

impl Normalise {
    /// Of rows.
    pub(crate) fn apply(&self, x: &[f32], out: &mut [f32]) {
        match self.centred {
            true => layer_norm(x, [&self.gain, &self.shift], self.eps, out),
            false => rms_norm(x, &self.gain, self.eps, out),
        }
    }
}

/// One block, its queries, keys and values laid out as [q | k | v], heads in order.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) fused: Fused,
    pub(crate) attention_norm: Normalise,
    pub(crate) mlp_norm: Normalise,
    pub(crate) qkv: Linear,
    /// Gains of the norms of queries and keys, where the architecture has them.
    pub(crate) qk_gains: Option<[Vec<f32>; 2]>,
    pub(crate) output: Linear,
    pub(crate) gate: Option<Linear>,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
}

impl Layer {
    /// Reads block `layer`, from 1.
    pub(crate) fn read(model: &Published, layer: usize) -> Result<Self> {
        let arch = model.arch();
        let reader = Reader {
            model,
            layer: Some(layer),
        };
        let gain = |role| reader.vector(role, TensorPart::Weight, arch.d_head());
        let qk_gains = if arch.qk_norm {
            Some([gain(TensorRole::QueryNorm)?, gain(TensorRole::KeyNorm)?])
        } else {
            None
        };
        let gate = match arch.activation.properties().gated {
            true => Some(reader.linear(TensorRole::MlpGate, arch.d_model, arch.d_ff)?),
            false => None,
        };
        Ok(Self {
            fused: Fused::new(arch, layer),
            attention_norm: reader.norm(TensorRole::AttentionNorm)?,
            mlp_norm: reader.norm(TensorRole::MlpNorm)?,
            qkv: reader.qkv(arch)?,
            qk_gains,
            output: reader.linear(
                TensorRole::AttentionOutput,
                arch.heads * arch.d_head(),
                arch.d_model,
            )?,
            gate,
            up: reader.linear(TensorRole::MlpUp, arch.d_model, arch.d_ff)?,
            down: reader.linear(TensorRole::MlpDown, arch.d_ff, arch.d_model)?,
        })
    }
}

/// Reads the weights of one block, or those outside of all.
pub(crate) struct Reader<'a> {
    pub(crate) model: &'a Published,
    pub(crate) layer: Option<usize>,
}

impl Reader<'_> {
    fn vector(&self, role: TensorRole, part: TensorPart, n: usize) -> Result<Vec<f32>> {
        let found = self.model.read(self.layer, role, part)?;
        let absent = if part == TensorPart::Weight { 1.0 } else { 0.0 };
        Ok(found.map_or_else(|| vec![absent; n], |(values, _)| values))
    }

    pub(crate) fn norm(&self, role: TensorRole) -> Result<Normalise> {
        let arch = self.model.arch();
        Ok(Normalise {
            centred: arch.norm.properties().centred,
            gain: self.vector(role, TensorPart::Weight, arch.d_model)?,
            shift: self.vector(role, TensorPart::Bias, arch.d_model)?,
            eps: arch.norm_eps as f32,
        })
    }

    /// A matrix by rows of [out, in].
    fn matrix(&self, role: TensorRole, inputs: usize, outputs: usize) -> Result<Vec<f32>> {
        let found = self.model.read(self.layer, role, TensorPart::Weight)?;
        Ok(match found {
            None => vec![0.0; inputs * outputs],
            Some((values, false)) => values,
            Some((values, true)) => {
                let at = |i: usize| values[(i % inputs) * outputs + i / inputs];
                (0..inputs * outputs).map(at).collect()
            }
        })
    }

    fn linear(&self, role: TensorRole, inputs: usize, outputs: usize) -> Result<Linear> {
        let weight = self.matrix(role, inputs, outputs)?;
        Ok(Linear {
            weight: Packed::transposed(&weight, outputs, inputs),
            bias: self.vector(role, TensorPart::Bias, outputs)?,
        })
    }

    /// Queries, keys and values in one map, whatever their layout in the file.
    fn qkv(&self, arch: &ArchSpec) -> Result<Linear> {
        let (d, d_head) = (arch.d_model, arch.d_head());
        let sizes = [arch.heads, arch.kv_heads, arch.kv_heads].map(|heads| heads * d_head);
        let outputs = sizes.iter().sum();
        let role = TensorRole::QueryKeyValue;
        let fused = self.model.read(self.layer, role, TensorPart::Bias)?;
        let is_fused = self.model.has(self.layer, role);
        let (mut weight, mut bias) = (Vec::with_capacity(d * outputs), Vec::with_capacity(outputs));
        if is_fused {
            let rows = self.matrix(role, d, outputs)?;
            let biases = fused.map_or_else(|| vec![0.0; outputs], |(values, _)| values);
            for row in self.model.qkv_order() {
                weight.extend_from_slice(&rows[row * d..(row + 1) * d]);
                bias.push(biases[row]);
            }
        } else {
            let roles = [TensorRole::Query, TensorRole::Key, TensorRole::Value];
            for (role, size) in roles.into_iter().zip(sizes) {
                weight.extend(self.matrix(role, d, size)?);
                bias.extend(self.vector(role, TensorPart::Bias, size)?);
            }
        }
        Ok(Linear {
            weight: Packed::transposed(&weight, outputs, d),
            bias,
        })
    }
}
