use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use burn::module::{Initializer, Module};
use burn::nn::{Embedding, EmbeddingConfig, LayerNorm, Linear};
use burn::tensor::{Device, Int, Tensor, TensorData};
use outcrop_arch::{ArchSpec, GPT_NEOX, Plan, Position, TensorName};

#[cfg(feature = "flex")]
use crate::TapPoint;
use crate::block::Block;
use crate::init::Drawn;
use crate::layers::{layer_norm, linear};
use crate::parameters::Walk;
use crate::position::Positions;
use crate::support::supported;
use crate::weights::{Load, Save};
use crate::{ParameterMap, Result, Tap};

/// A decoder-only transformer of the GPT-NeoX kind.
#[derive(Clone, Debug)]
pub struct Transformer {
    spec: ArchSpec,
    network: Network,
    /// What the plan says of each parameter, by name.
    weights: Arc<BTreeMap<String, TensorName>>,
    positions: Positions,
    device: Device,
    /// Whether blocks and loss are operations of our own.
    fused: bool,
}

/// The parameters; field names are the published ones.
#[derive(Module, Debug)]
struct Network {
    embed_in: Embedding,
    embed_positions: Option<Embedding>,
    layers: Vec<Block>,
    final_layer_norm: LayerNorm,
    embed_out: Option<Linear>,
}

/// Token ids [batch, positions] as a tensor.
pub fn ids(tokens: &[u32], shape: [usize; 2], device: &Device) -> Tensor<2, Int> {
    let tokens: Vec<i64> = tokens.iter().map(|&t| i64::from(t)).collect();
    Tensor::from_data(TensorData::new(tokens, shape), device)
}

impl Transformer {
    /// A model with weights drawn from `seed`. On an autodiff device its parameters require
    /// gradients.
    ///
    /// # Errors
    /// [`Error::Arch`](crate::Error::Arch) for a spec out of range,
    /// [`Error::Unsupported`](crate::Error::Unsupported) for what this model does
    /// not have.
    pub fn new(spec: &ArchSpec, seed: u64, device: &Device) -> Result<Self> {
        spec.check()?;
        let plan = Plan::new(spec);
        supported(spec, &plan)?;
        let weights = GPT_NEOX.name_parts(&plan)?;
        let named = weights.into_iter().map(|w| (w.name.clone(), w));
        let embedding = |rows| {
            EmbeddingConfig::new(rows, spec.d_model)
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        let network = Network {
            embed_in: embedding(spec.vocab),
            embed_positions: (spec.position == Position::Learned).then(|| embedding(spec.context)),
            layers: (0..spec.layers).map(|_| Block::new(spec, device)).collect(),
            final_layer_norm: layer_norm(spec, device),
            embed_out: (!spec.tied).then(|| linear(spec.d_model, spec.vocab, false, device)),
        };
        Ok(Self {
            spec: spec.clone(),
            positions: Positions::new(spec, &device.clone().inner()),
            device: device.clone(),
            fused: fuses(device),
            network,
            weights: Arc::new(named.collect()),
        }
        .map_parameters(&mut Drawn::new(seed)))
    }

    /// A model with the weights of a safetensors file under their Hugging Face names.
    ///
    /// # Errors
    /// As [`Transformer::new`]; [`Error::Checkpoint`](crate::Error::Checkpoint) for a file that cannot be read,
    /// [`Error::Weights`](crate::Error::Weights) for one that does not fit.
    pub fn load(spec: &ArchSpec, path: &Path, device: &Device) -> Result<Self> {
        let mut load = Load::open(path, spec.tied)?;
        let model = Self::new(spec, 0, device)?.map_parameters(&mut load);
        load.finish(path)?;
        Ok(model)
    }

    /// Writes the weights as safetensors under their Hugging Face names, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Checkpoint`](crate::Error::Checkpoint), [`Error::Device`](crate::Error::Device).
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut save = Save::default();
        self.valid().map_parameters(&mut save);
        save.write(path)
    }

    /// Its architecture.
    pub fn spec(&self) -> &ArchSpec {
        &self.spec
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The logits [batch, positions, vocab] of token ids [batch, positions]. The tap sees the
    /// hidden states on the way.
    pub fn forward(&self, ids: Tensor<2, Int>, tap: &mut impl Tap) -> Tensor<3> {
        let x = self.residual(ids, tap);
        let x = self.network.final_layer_norm.forward(x);
        match &self.network.embed_out {
            Some(head) => head.forward(x),
            None => x.matmul(self.unembedding().unsqueeze()),
        }
    }

    /// The mean cross-entropy in nats per token, a single number, of `targets` given `ids`, both [batch,
    /// positions]: [`cross_entropy`](crate::cross_entropy) of [`Transformer::forward`], on the CPU without
    /// having all logits at once.
    pub fn loss(
        &self,
        ids: Tensor<2, Int>,
        targets: Tensor<2, Int>,
        tap: &mut impl Tap,
    ) -> Tensor<1> {
        #[cfg(feature = "flex")]
        if self.fused {
            let (norm, eps) = (&self.network.final_layer_norm, self.spec.norm_eps);
            let x = self.residual(ids, tap);
            return crate::fused::loss(x, norm, eps, self.unembedding(), targets);
        }
        crate::cross_entropy(self.forward(ids, tap), targets)
    }

    /// The same model, made of the backend's own operations on the CPU too, as it always is elsewhere: for
    /// comparing.
    pub fn composed(self) -> Self {
        Self {
            fused: false,
            ..self
        }
    }

    /// [d_model, vocab]
    fn unembedding(&self) -> Tensor<2> {
        match &self.network.embed_out {
            Some(head) => head.weight.val(),
            None => self.network.embed_in.weight.val().transpose(),
        }
    }

    /// The residual stream [batch, positions, d_model] after the last block.
    fn residual(&self, ids: Tensor<2, Int>, tap: &mut impl Tap) -> Tensor<3> {
        let [_, t] = ids.dims();
        let mut x = self.network.embed_in.forward(ids);
        if let Some(learned) = &self.network.embed_positions {
            let rows = learned.weight.val().narrow(0, 0, t);
            x = x + rows.unsqueeze();
        }
        for (index, block) in self.network.layers.iter().enumerate() {
            x = self.block(block, x, index + 1, tap);
        }
        x
    }

    /// One block, as one operation where the tap asks for nothing that is inside of it.
    fn block(&self, block: &Block, x: Tensor<3>, layer: usize, tap: &mut impl Tap) -> Tensor<3> {
        #[cfg(feature = "flex")]
        if self.fused && !tap.wants(TapPoint::AttnWrite) && !tap.wants(TapPoint::MlpWrite) {
            if tap.wants(TapPoint::ResidPre) {
                tap.tap(layer, TapPoint::ResidPre, &x);
            }
            let sequences = tap.sequences(layer);
            let shown = sequences.is_some();
            let x = block.fused(x, &self.spec, &self.positions, sequences);
            if !shown && tap.wants(TapPoint::ResidPost) {
                tap.tap(layer, TapPoint::ResidPost, &x);
            }
            return x;
        }
        block.forward(x, layer, &self.spec, &self.positions, tap)
    }

    /// The same weights without autodiff, for measuring.
    pub fn valid(&self) -> Self {
        Self {
            spec: self.spec.clone(),
            network: self.network.valid(),
            positions: self.positions.clone(),
            device: self.device.clone().inner(),
            weights: self.weights.clone(),
            fused: self.fused,
        }
    }

    /// Replaces its parameters one by one, always in the same order.
    pub fn map_parameters(self, map: &mut impl ParameterMap) -> Self {
        Self {
            network: self.network.map(&mut Walk::new(&self.weights, map)),
            ..self
        }
    }
}

/// Whether there are operations of our own for this device.
fn fuses(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return crate::fused::runs_on(device);
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}
