use outcrop_arch::ArchSpec;
use outcrop_core::{Detail, LayerStats};
use outcrop_forward::{Engine, EngineResult, LayerWeights, Pass};
use outcrop_model::{Backend, ResidualStreams};

/// Published checkpoints on a backend of Burn: what joins `outcrop-forward`, which reads weights and knows no Burn, and
/// `outcrop-model`, which computes blocks and reads no published files.
///
/// ```
/// use outcrop::BackendEngine;
/// use outcrop::forward::{Engine, measure_on};
/// use outcrop::model::Backend;
///
/// let engine = BackendEngine(Backend::Flex);
/// assert_eq!(engine.name(), "flex");
/// // measure_on(&engine, &model, &sequences, ("pythia-70m", 512), &mut |_, _| {})
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BackendEngine(pub Backend);

/// One pass.
struct OnDevice(ResidualStreams);

impl Engine for BackendEngine {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn check(&self, arch: &ArchSpec) -> EngineResult<()> {
        Ok(ResidualStreams::check(arch)?)
    }

    fn begin(&self, arch: &ArchSpec, streams: &[&[f32]]) -> EngineResult<Box<dyn Pass>> {
        Ok(Box::new(OnDevice(ResidualStreams::new(
            arch, streams, self.0,
        )?)))
    }
}

impl Pass for OnDevice {
    fn block(
        &mut self,
        layer: usize,
        weights: LayerWeights,
    ) -> EngineResult<Vec<(usize, usize, LayerStats, Detail)>> {
        Ok(self.0.block(layer, weights)?)
    }
}
