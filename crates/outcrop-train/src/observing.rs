//! Observables of the held-out sequences while a model trains, by the forward pass of published models: the same
//! numbers as when its checkpoints are measured.

use std::path::Path;

use outcrop_core::{Error as CoreError, Observation};
use outcrop_forward::{ObserveOptions, Published, StepChannels, observe_step};
use outcrop_model::Transformer;

use crate::data::Batch;
use crate::{Result, RunSpec};

/// Where a checkpoint keeps what the next step is compared with.
pub(crate) const OBSERVED: &str = "resume/observed.json";

/// What is observed at each measured step.
pub(crate) struct Observing {
    options: ObserveOptions,
    sequences: Vec<Vec<u32>>,
    /// The top channels of the last measured step.
    pub(crate) channels: Option<StepChannels>,
}

impl Observing {
    /// What the spec asks for; none where it asks for nothing.
    pub(crate) fn new(spec: &RunSpec, held_out: &Batch) -> Result<Option<Self>> {
        let observables = spec.measure.observables()?;
        let rows = held_out.inputs.chunks(held_out.context);
        Ok((!observables.is_empty()).then(|| Self {
            options: ObserveOptions {
                observables,
                sequences: false,
            },
            sequences: rows.map(<[u32]>::to_vec).collect(),
            channels: None,
        }))
    }

    /// The observables of `model` at `step`.
    pub(crate) fn observe(
        &mut self,
        model: &Transformer,
        name: &str,
        step: u64,
    ) -> Result<Vec<Observation>> {
        let folder = tempfile::tempdir();
        let folder = folder.map_err(|e| CoreError::io("create", std::env::temp_dir(), e))?;
        model.save(&folder.path().join("model.safetensors"))?;
        let arch = model.spec();
        let model = Published::with_arch(arch.clone(), arch.family(), folder.path())?;
        let before = (&self.options, self.channels.as_ref());
        let nothing = &mut |_, _| {};
        let observed = observe_step(
            &model,
            &self.sequences,
            (name, step),
            false,
            before,
            nothing,
        )?;
        self.channels = observed.channels;
        Ok(observed.observations)
    }

    /// As it was when the checkpoint in `folder` was written.
    pub(crate) fn restore(&mut self, folder: &Path) -> Result<()> {
        let path = folder.join(OBSERVED);
        if !path.exists() {
            return Ok(());
        }
        let text = std::fs::read_to_string(&path).map_err(|e| CoreError::io("read", &path, e))?;
        let parsed = serde_json::from_str(&text);
        self.channels = parsed.map_err(|e| CoreError::parse(path.display().to_string(), e))?;
        Ok(())
    }
}
