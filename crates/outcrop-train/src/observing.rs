//! Observables of the held-out sequences while a model trains, by the forward pass of published models: the same
//! numbers as when its checkpoints are measured.

use std::path::Path;

use outcrop_core::{Error as CoreError, Observation, sha256_hex};
use outcrop_forward::{
    Annotations, Earlier, FirstStep, LAST_STEP, ObserveOptions, Published, StepChannels,
    StepKernels, TargetRows, compare_with_last, observe_step,
};
use outcrop_model::Transformer;
use outcrop_tokens::{Labels, Targets};
use serde::{Deserialize, Serialize};

use crate::data::Batch;
use crate::{Result, RunSpec};

/// Where a checkpoint keeps what later steps are compared with.
const OBSERVED: &str = "resume/observed.json";
/// The kernels of the first and of the last measured step.
const KERNELS: [&str; 2] = [
    "resume/first-step.safetensors",
    "resume/step-before.safetensors",
];

/// What is observed at each measured step.
pub(crate) struct Observing {
    options: ObserveOptions,
    sequences: Vec<Vec<u32>>,
    held: Held,
    /// The kernels of the first and of the last measured step.
    first: Option<StepKernels>,
    before: Option<StepKernels>,
}

/// What a checkpoint keeps: a few numbers for each measured step.
#[derive(Default, Serialize, Deserialize)]
struct Held {
    /// SHA-256 of labels and targets.
    annotations_sha256: String,
    /// The top channels of all measured steps.
    #[serde(default)]
    channels: Vec<StepChannels>,
    /// The steps of the kernels.
    #[serde(default)]
    kernels: [Option<u64>; 2],
}

impl Observing {
    /// What the spec asks for; none where it asks for nothing.
    ///
    /// # Errors
    /// [`Error::Core`](crate::Error::Core) for names that are not known, and for labels or targets that are not of the
    /// held-out sequences.
    pub(crate) fn new(spec: &RunSpec, held_out: &Batch) -> Result<Option<Self>> {
        let observables = spec.measure.observables()?;
        if observables.is_empty() {
            return Ok(None);
        }
        let rows = held_out.inputs.chunks(held_out.context);
        let sequences: Vec<Vec<u32>> = rows.map(<[u32]>::to_vec).collect();
        let given = given(spec, &sequences)?;
        let annotations_sha256 = sha256_hex(format!("{given:?}").as_bytes());
        Ok(Some(Self {
            options: ObserveOptions {
                observables,
                sequences: spec.measure.observe_per_sequence,
                annotations: given,
                lens_positions: spec.measure.lens_positions,
            },
            sequences,
            held: Held {
                annotations_sha256,
                ..Held::default()
            },
            first: None,
            before: None,
        }))
    }

    /// The observables of `model` at `step`, but those of the last step.
    pub(crate) fn observe(
        &mut self,
        model: &Transformer,
        name: &str,
        step: u64,
    ) -> Result<Vec<Observation>> {
        let folder = tempfile::tempdir();
        let folder = folder.map_err(|e| CoreError::io("create", std::env::temp_dir(), e))?;
        let arch = model.spec();
        let family = arch.family();
        model.save_as(family, &folder.path().join("model.safetensors"))?;
        let model = Published::with_arch(arch.clone(), family, folder.path())?;
        let earlier = Earlier {
            channels: self.held.channels.last(),
            before: self.before.as_ref(),
            first: self
                .first
                .as_ref()
                .map_or(FirstStep::This, FirstStep::Earlier),
        };
        let observed = observe_step(
            &model,
            &self.sequences,
            (name, step),
            false,
            (&self.options, earlier),
            &mut |_, _| {},
        )?;
        self.held.channels.extend(observed.channels);
        if let Some(kernels) = observed.kernels {
            self.first.get_or_insert_with(|| kernels.clone());
            self.before = Some(kernels);
        }
        let mut rows = observed.observations;
        rows.retain(|row| row.observable != LAST_STEP);
        Ok(rows)
    }

    /// What all measured steps are against the last: the rows that end the table, since it grows only.
    pub(crate) fn against_the_last(&self, name: &str) -> Vec<Observation> {
        let Some(last) = self.held.channels.last() else {
            return Vec::new();
        };
        let rows = |of| compare_with_last(name, of, last, self.options.sequences);
        self.held.channels.iter().flat_map(rows).collect()
    }

    /// Writes into the `folder` of a checkpoint what going on needs.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let kernels = [&self.first, &self.before];
        for (name, kernels) in KERNELS.into_iter().zip(kernels) {
            if let Some(kernels) = kernels {
                kernels.write(&folder.join(name))?;
            }
        }
        let file = folder.join(OBSERVED);
        let held = Held {
            annotations_sha256: self.held.annotations_sha256.clone(),
            channels: self.held.channels.clone(),
            kernels: kernels.map(|of| of.as_ref().map(|of| of.step)),
        };
        let text = serde_json::to_string(&held)
            .map_err(|e| CoreError::parse(file.display().to_string(), e))?;
        Ok(std::fs::write(&file, text).map_err(|e| CoreError::io("write", &file, e))?)
    }

    /// As it was when the checkpoint in `folder` was written.
    ///
    /// # Errors
    /// [`Error::Core`](crate::Error::Core) where labels or targets were others.
    pub(crate) fn restore(&mut self, folder: &Path) -> Result<()> {
        let path = folder.join(OBSERVED);
        let text = std::fs::read_to_string(&path).map_err(|e| CoreError::io("read", &path, e))?;
        let parsed = serde_json::from_str(&text);
        let held: Held = parsed.map_err(|e| CoreError::parse(path.display().to_string(), e))?;
        if held.annotations_sha256 != self.held.annotations_sha256 {
            let allowed = "the labels and targets with which the run began; put them back, or train in another folder";
            return Err(CoreError::range(
                "measure.labels or measure.targets",
                "other rows",
                allowed,
            )
            .into());
        }
        let [first, before] = [0, 1].map(|at| {
            let step = held.kernels[at]?;
            Some(StepKernels::read(&folder.join(KERNELS[at]), step))
        });
        self.first = first.transpose()?;
        self.before = before.transpose()?;
        self.held = held;
        Ok(())
    }
}

/// Labels and targets of the held-out sequences.
fn given(spec: &RunSpec, sequences: &[Vec<u32>]) -> Result<Annotations> {
    let lengths: Vec<usize> = sequences.iter().map(Vec::len).collect();
    let mut given = Annotations::default();
    if !spec.measure.labels.is_empty() {
        let labels = Labels::read(spec.measure.labels.as_ref(), &lengths)?;
        (given.sequence_labels, given.position_labels) = labels.of.split();
    }
    if !spec.measure.targets.is_empty() {
        let targets = Targets::read(spec.measure.targets.as_ref(), &lengths)?;
        let columns = targets.columns;
        let rows = |values| TargetRows { values, columns };
        let (of_sequences, of_positions) = targets.of.split();
        given.sequence_targets = of_sequences.map(rows);
        given.position_targets = of_positions.map(|all| all.into_iter().map(rows).collect());
    }
    Ok(given)
}
