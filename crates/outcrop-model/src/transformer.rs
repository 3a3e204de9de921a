use std::path::Path;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};
use outcrop_arch::{ArchSpec, Family, Plan, TensorName};

use crate::composed::{Composed, Rotations};
#[cfg(feature = "flex")]
use crate::fused::{self, Fused};
use crate::init::Drawn;
use crate::loss::Ended;
use crate::parameters::Network;
use crate::streams::lacking;
use crate::weights::{Load, save};
use crate::{Error, ParameterMap, Result, Tap, TapPoint};

/// A decoder-only transformer: a plan with parameters.
#[derive(Clone, Debug)]
pub struct Transformer {
    spec: ArchSpec,
    plan: Arc<Plan>,
    network: Network,
    rotations: Rotations,
    device: Device,
    /// Start, blocks and loss that are operations of our own.
    #[cfg(feature = "flex")]
    fused: Arc<Fused>,
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
    /// [`Error::Arch`](crate::Error::Arch) for a spec out of range, [`Error::Untrained`](crate::Error::Untrained) for one
    /// that forward passes of published models alone have.
    pub fn new(spec: &ArchSpec, seed: u64, device: &Device) -> Result<Self> {
        spec.check()?;
        let plan = Plan::new(spec);
        if let Some(what) = plan.steps().find_map(lacking) {
            return Err(Error::Untrained { what });
        }
        let network = Network::new(&plan, device)?;
        Ok(Self {
            rotations: Rotations::new(
                &plan,
                spec.leading() + spec.context,
                &device.clone().inner(),
            ),
            device: device.clone(),
            #[cfg(feature = "flex")]
            fused: Arc::new(Fused::new(&plan, &network, device)),
            network,
            spec: spec.clone(),
            plan: Arc::new(plan),
        }
        .map_parameters(&mut Drawn::new(seed)))
    }

    /// A model with the weights of a safetensors file, under the names of the
    /// [`family`](ArchSpec::family) of its architecture.
    ///
    /// # Errors
    /// As [`Transformer::new`]; [`Error::Checkpoint`](crate::Error::Checkpoint) for a file that cannot be read,
    /// [`Error::Weights`](crate::Error::Weights) for one that does not fit.
    pub fn load(spec: &ArchSpec, path: &Path, device: &Device) -> Result<Self> {
        Self::load_as(spec, spec.family(), path, device)
    }

    /// The same under the names of another family, as [`Transformer::save_as`] writes them.
    ///
    /// # Errors
    /// As [`Transformer::load`].
    pub fn load_as(spec: &ArchSpec, family: &Family, path: &Path, device: &Device) -> Result<Self> {
        let mut load = Load::open(spec, family, path)?;
        let model = Self::new(spec, 0, device)?.map_parameters(&mut load);
        load.finish(path)?;
        Ok(model)
    }

    /// Writes the weights as safetensors, completely or not at all, under the names of the
    /// [`family`](ArchSpec::family) of its architecture: transformers loads them with
    /// [`ArchSpec::to_config`] where that is one of its own.
    ///
    /// # Errors
    /// [`Error::Checkpoint`](crate::Error::Checkpoint), [`Error::Device`](crate::Error::Device).
    pub fn save(&self, path: &Path) -> Result<()> {
        self.save_as(self.spec.family(), path)
    }

    /// The same under the names and in the layout of another family, such as [`OUTCROP`](outcrop_arch::OUTCROP), whose
    /// numbers are those in memory.
    ///
    /// # Errors
    /// As [`Transformer::save`]; [`Error::Arch`](crate::Error::Arch) for a weight that has no name in the family.
    pub fn save_as(&self, family: &Family, path: &Path) -> Result<()> {
        save(&self.network, (&self.spec, family), path)
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
        let x = self.residual(ids, tap, |_, x| x);
        self.logits(x)
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
        self.loss_at(ids, targets, &[], tap)
    }

    /// As [`Transformer::loss`], the mean over the targets at some `positions` alone, from 0; over all where none are
    /// given.
    pub fn loss_at(
        &self,
        ids: Tensor<2, Int>,
        targets: Tensor<2, Int>,
        positions: &[usize],
        tap: &mut impl Tap,
    ) -> Tensor<1> {
        let x = self.residual(ids, tap, |_, x| x);
        self.ended(x, targets, positions, 0.0).cross_entropy
    }

    /// The loss at some positions, or at all, from the residual stream after the last block, with a z-loss.
    pub(crate) fn ended(
        &self,
        x: Tensor<3>,
        targets: Tensor<2, Int>,
        positions: &[usize],
        z_loss: f64,
    ) -> Ended {
        let (x, targets) = match positions.is_empty() {
            true => (x, targets),
            false => self.at(x, targets, positions),
        };
        #[cfg(feature = "flex")]
        if let Some(loss) = self.fused.loss() {
            let parameters = [&self.network.end, &self.network.start];
            return fused::loss(loss, x, &parameters, targets, z_loss);
        }
        Ended::of(self.logits(x), targets, z_loss)
    }

    /// The residual stream and the targets at some positions; registers, which the last steps remove, stay in front.
    fn at(
        &self,
        x: Tensor<3>,
        targets: Tensor<2, Int>,
        positions: &[usize],
    ) -> (Tensor<3>, Tensor<2, Int>) {
        let registers = self.spec.registers;
        let among = |at: Vec<usize>, device: Device| {
            let at: Vec<i64> = at.into_iter().map(|at| at as i64).collect();
            let count = at.len();
            Tensor::<1, Int>::from_data(TensorData::new(at, [count]), &device)
        };
        let behind = positions.iter().map(|at| registers + at);
        let in_stream = among((0..registers).chain(behind).collect(), x.device());
        let in_targets = among(positions.to_vec(), targets.device());
        (x.select(1, in_stream), targets.select(1, in_targets))
    }

    /// Whether the block at `layer` is an operation of our own.
    pub(crate) fn is_fused(&self, layer: usize) -> bool {
        #[cfg(feature = "flex")]
        return self.fused.block(layer).is_some();
        #[cfg(not(feature = "flex"))]
        {
            let _ = layer;
            false
        }
    }

    /// The logits of the residual stream after the last block.
    fn logits(&self, x: Tensor<3>) -> Tensor<3> {
        let parameters = [&self.network.end, &self.network.start];
        Composed::new(&self.plan.end, parameters, &self.rotations).unembed(x)
    }

    /// The same model, made of the backend's own operations on the CPU too, as it always is elsewhere: for
    /// comparing.
    pub fn composed(self) -> Self {
        Self {
            #[cfg(feature = "flex")]
            fused: Arc::new(Fused::none(&self.plan)),
            ..self
        }
    }

    /// The residual stream [batch, registers + positions, d_model] after the last block; `after` gets and returns what each block
    /// leaves.
    pub(crate) fn residual(
        &self,
        ids: Tensor<2, Int>,
        tap: &mut impl Tap,
        mut after: impl FnMut(usize, Tensor<3>) -> Tensor<3>,
    ) -> Tensor<3> {
        let mut x = self.start(ids);
        for layer in 1..=self.network.blocks.len() {
            x = after(layer, self.block(x, layer, tap));
        }
        x
    }

    /// The residual stream [batch, registers + positions, d_model] before the first block.
    fn start(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let parameters = &self.network.start;
        #[cfg(feature = "flex")]
        if let Some(start) = self.fused.start() {
            return fused::start(start, ids, parameters, &self.device);
        }
        let lists = [parameters, parameters];
        Composed::new(&self.plan.start, lists, &self.rotations).embed(ids)
    }

    /// One block, as one operation where the tap asks for nothing that is inside of it.
    fn block(&self, x: Tensor<3>, layer: usize, tap: &mut impl Tap) -> Tensor<3> {
        let (section, parameters) = (self.plan.block(layer), &self.network.blocks[layer - 1]);
        if tap.wants(TapPoint::ResidPre) {
            tap.tap(layer, TapPoint::ResidPre, &x);
        }
        #[cfg(feature = "flex")]
        if let Some(block) = self.fused.block(layer).filter(|_| !looks_inside(tap)) {
            let sequences = tap.sequences(layer);
            let shown = sequences.is_some();
            let x = fused::block(block, x, parameters, sequences);
            if !shown && tap.wants(TapPoint::ResidPost) {
                tap.tap(layer, TapPoint::ResidPost, &x);
            }
            return x;
        }
        let composed = Composed::new(section, [parameters, parameters], &self.rotations);
        let x = composed.block(x, |point, written| {
            if tap.wants(point) {
                tap.tap(layer, point, written);
            }
        });
        if tap.wants(TapPoint::ResidPost) {
            tap.tap(layer, TapPoint::ResidPost, &x);
        }
        x
    }

    /// The same weights without autodiff, for measuring.
    pub fn valid(&self) -> Self {
        Self {
            network: self.network.valid(),
            device: self.device.clone().inner(),
            ..self.clone()
        }
    }

    /// Descriptions of its parameters, in the order of [`Transformer::map_parameters`].
    pub fn parameter_names(&self) -> impl Iterator<Item = &TensorName> {
        self.network.all().map(|parameter| &*parameter.name)
    }

    /// Replaces its parameters one by one, always in the same order.
    pub fn map_parameters(self, map: &mut impl ParameterMap) -> Self {
        Self {
            network: self.network.map(map),
            ..self
        }
    }
}

/// Whether a tap asks for values inside a block.
#[cfg(feature = "flex")]
fn looks_inside(tap: &impl Tap) -> bool {
    tap.wants(TapPoint::AttnWrite) || tap.wants(TapPoint::MlpWrite)
}
