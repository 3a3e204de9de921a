//! Residual streams of published models on a device, which pass the blocks of a plan one after another: the weights of one
//! block are there at a time.

mod measured;

use std::fmt;

use burn::tensor::{Device, Tensor, TensorData};
use outcrop_arch::{ArchSpec, Plan, Step, TensorName, TensorRole};
use outcrop_core::{Detail, LayerStats};

use crate::composed::{Composed, Rotations};
use crate::parameters::{Parameter, Parameters};
use crate::{Backend, Error, Result};

/// Positions that pass a block together, unless one sequence has more: enough for many processors.
const TOGETHER: usize = 16384;

/// Numbers of hidden states that are measured together, unless those of one layer are more: 256 MiB.
const MEASURED_TOGETHER: usize = 1 << 26;

/// The residual streams of sequences on a device, computed by Burn's operations and measured where they are.
///
/// ```
/// use outcrop_arch::ArchSpec;
/// use outcrop_model::{Backend, ResidualStreams};
///
/// let mut arch = ArchSpec::new(2, 32, 4);
/// (arch.vocab, arch.context) = (64, 16);
/// let embedded = vec![0.5; 16 * 32];
/// let streams = ResidualStreams::new(&arch, &[&embedded], Backend::Flex)?;
/// assert_eq!(streams.sequences(), 1);
/// # Ok::<(), outcrop_model::Error>(())
/// ```
pub struct ResidualStreams {
    plan: Plan,
    rotations: Rotations,
    device: Device,
    /// Positions in front that are not measured.
    left_out: usize,
    groups: Vec<Group>,
}

/// Sequences of one length that pass a block together.
struct Group {
    /// Which is the first of them.
    first: usize,
    /// [sequences, positions, d_model].
    hidden: Tensor<3>,
    /// Earlier layers that are still to be measured.
    waiting: Vec<(usize, Tensor<3>)>,
}

/// What was measured of a sequence after a layer, which counts from 1.
pub type MeasuredLayer = (usize, usize, LayerStats, Detail);

impl ResidualStreams {
    /// Checks that Burn's operations compute an architecture.
    ///
    /// # Errors
    /// [`Error::OnlyCpu`] with the first thing that they do not compute, [`Error::Arch`].
    pub fn check(arch: &ArchSpec) -> Result<()> {
        arch.check()?;
        let lacks = Plan::new(arch).steps().find_map(lacking);
        lacks.map_or(Ok(()), |what| Err(Error::OnlyCpu { what }))
    }

    /// Brings residual streams before the first block to the device of `backend`: of each sequence [positions, d_model] by
    /// rows, with the registers of `arch` in front, which are not measured.
    ///
    /// # Errors
    /// As [`ResidualStreams::check`]; [`Error::BackendNotCompiled`], [`Error::NoDevice`].
    pub fn new(arch: &ArchSpec, sequences: &[&[f32]], backend: Backend) -> Result<Self> {
        Self::check(arch)?;
        let (device, plan) = (backend.device()?, Plan::new(arch));
        let longest = sequences.iter().map(|one| one.len() / arch.d_model).max();
        Ok(Self {
            rotations: Rotations::new(&plan, longest.unwrap_or(0), &device),
            groups: groups(sequences, arch.d_model, &device),
            plan,
            device,
            left_out: arch.registers,
        })
    }

    /// How many sequences there are.
    pub fn sequences(&self) -> usize {
        self.groups.iter().map(|group| group.hidden.dims()[0]).sum()
    }

    /// Computes block `layer`, from 1 and in order. `weights` are the parts of its plan under their names in
    /// [`OUTCROP`](outcrop_arch::OUTCROP), a matrix [outputs, inputs] by rows. Returns what is measured by then; after the
    /// last block everything is.
    ///
    /// # Errors
    /// [`Error::Device`], [`Error::Measure`].
    pub fn block(
        &mut self,
        layer: usize,
        weights: Vec<(TensorName, Vec<f32>)>,
    ) -> Result<Vec<MeasuredLayer>> {
        let parameters = weights.into_iter();
        let parameters =
            parameters.map(|(name, values)| Parameter::given(name, values, &self.device));
        let parameters = Parameters(parameters.collect());
        let mut found = Vec::new();
        for group in &mut self.groups {
            let parts = [&parameters, &parameters];
            let block = Composed::new(self.plan.block(layer), parts, &self.rotations);
            group.hidden = block.block(group.hidden.clone(), |_, _| ());
            group.waiting.push((layer, group.hidden.clone()));
            let more = (group.waiting.len() + 1) * group.hidden.shape().num_elements();
            if layer == self.plan.layers() || more > MEASURED_TOGETHER {
                found.extend(group.measured(self.left_out)?);
            }
        }
        Ok(found)
    }
}

impl fmt::Debug for ResidualStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes: Vec<_> = self.groups.iter().map(|g| g.hidden.dims()).collect();
        f.debug_struct("ResidualStreams")
            .field("groups", &shapes)
            .finish_non_exhaustive()
    }
}

impl Group {
    /// Measures the layers that wait.
    fn measured(&mut self, left_out: usize) -> Result<Vec<MeasuredLayer>> {
        let waiting = std::mem::take(&mut self.waiting);
        let layers: Vec<usize> = waiting.iter().map(|(layer, _)| *layer).collect();
        let [sequences, positions, _] = self.hidden.dims();
        let states = waiting.into_iter().map(|(_, hidden)| hidden).collect();
        let states = Tensor::cat(states, 0).narrow(1, left_out, positions - left_out);
        let stats = measured::measure(states)?.into_iter().enumerate();
        let of = |(row, (stats, detail))| {
            let (layer, sequence) = (layers[row / sequences], self.first + row % sequences);
            (layer, sequence, stats, detail)
        };
        Ok(stats.map(of).collect())
    }
}

/// Consecutive sequences of one length, as few groups as there can be, and of about one size.
fn groups(sequences: &[&[f32]], d_model: usize, device: &Device) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut first = 0;
    for alike in sequences.chunk_by(|a, b| a.len() == b.len()) {
        let positions = alike[0].len() / d_model;
        let most = (TOGETHER / positions.max(1)).max(1);
        let size = alike.len().div_ceil(alike.len().div_ceil(most));
        for part in alike.chunks(size) {
            let data = TensorData::new(part.concat(), [part.len(), positions, d_model]);
            groups.push(Group {
                first,
                hidden: Tensor::from_data(data, device),
                waiting: Vec::new(),
            });
            first += part.len();
        }
    }
    groups
}

/// The key of an architecture that makes a step which Burn's operations do not compute here.
pub(crate) fn lacking(step: &Step) -> Option<&'static str> {
    match step {
        Step::Attend {
            bidirectional: true,
            ..
        } => Some("bidirectional"),
        Step::Project {
            role: TensorRole::PatchEmbedding,
            ..
        } => Some("patches"),
        Step::Gain { .. } => Some("layer_scale"),
        Step::Attend { .. }
        | Step::Embed { .. }
        | Step::AddPosition { .. }
        | Step::Insert { .. }
        | Step::Remove { .. }
        | Step::Norm { .. }
        | Step::DynamicTanh { .. }
        | Step::Scale { .. }
        | Step::Clip { .. }
        | Step::Project { .. }
        | Step::ProjectSlices { .. }
        | Step::HeadNorm { .. }
        | Step::Rotate { .. }
        | Step::Activate { .. }
        | Step::Multiply { .. }
        | Step::Experts { .. }
        | Step::Add { .. }
        | Step::Unembed { .. } => None,
    }
}
