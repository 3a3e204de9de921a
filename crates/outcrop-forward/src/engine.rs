//! What computes blocks elsewhere.

use std::error::Error;

use outcrop_arch::{ArchSpec, TensorName};
use outcrop_core::{Detail, LayerStats};

/// What an engine says when it refuses or fails.
pub type EngineResult<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The weights of a block: each part of its plan under its name in [`OUTCROP`](outcrop_arch::OUTCROP) with its numbers, a
/// matrix [outputs, inputs] by rows.
pub type LayerWeights = Vec<(TensorName, Vec<f32>)>;

/// What computes and measures residual streams in place of this crate, such as a GPU: see
/// [`measure_on`](crate::measure_on).
pub trait Engine: std::fmt::Debug + Send + Sync {
    /// Its name, such as `wgpu`.
    fn name(&self) -> &str;

    /// Checks that it computes an architecture.
    ///
    /// # Errors
    /// What the architecture has that the engine does not compute.
    fn check(&self, arch: &ArchSpec) -> EngineResult<()>;

    /// Begins a pass of sequences through the blocks of `arch`: `streams` are their residual streams before the first block,
    /// each [positions, d_model] by rows, registers first.
    ///
    /// # Errors
    /// As [`Engine::check`]; a device that fails.
    fn begin(&self, arch: &ArchSpec, streams: &[&[f32]]) -> EngineResult<Box<dyn Pass>>;
}

/// A pass that was begun.
pub trait Pass: Send {
    /// Computes block `layer` (from 1, each once and in order), and returns (layer, sequence, statistics, detail) of what is
    /// measured by then; after the last block everything is. Statistics are of the positions behind the registers, as
    /// [`Meter::measure_detail`](outcrop_measure::Meter::measure_detail) gives them.
    ///
    /// # Errors
    /// A device that fails.
    fn block(
        &mut self,
        layer: usize,
        weights: LayerWeights,
    ) -> EngineResult<Vec<(usize, usize, LayerStats, Detail)>>;
}
