//! Observables of a checkpoint at the places of its forward pass.

mod annotations;
mod channels;
mod heads;
mod hook;
mod int8;
mod jobs;
mod kernels;
mod last;
mod lens;
mod means;
mod positions;
mod rows;
mod wanted;
mod watching;

use outcrop_core::Observation;
use outcrop_observe::{Observable, Site};

pub use annotations::{Annotations, TargetRows};
pub use channels::StepChannels;
use hook::Observing;
pub use kernels::{FirstStep, StepKernels};
pub use last::{LAST_STEP, compare_with_last};
use lens::Looking;
pub use positions::LensPositions;
pub use wanted::ACROSS_STEPS;
use wanted::Wanted;

use crate::{Measured, Published, Result, forward, measure_with};

/// What is to be observed of a checkpoint.
#[derive(Clone, Debug, Default)]
pub struct ObserveOptions {
    /// The observables, such as `outcrop_observe::select` gives them; nothing is observed without any.
    pub observables: Vec<&'static Observable>,
    /// Whether there are also rows for single sequences, which are as many as sequences times rows.
    pub sequences: bool,
    /// Labels and targets of the sequences.
    pub annotations: Annotations,
    /// At which positions the logit lens looks.
    pub lens_positions: LensPositions,
}

impl ObserveOptions {
    /// At which positions the logit lens looks, where it is observed.
    pub fn lens(&self) -> Option<LensPositions> {
        let is_lens = |one: &&Observable| {
            one.sites.contains(&Site::Logits) || one.sites.contains(&Site::LogitsWithoutNorm)
        };
        let looks = self.observables.iter().copied().any(|one| is_lens(&one));
        looks.then_some(self.lens_positions)
    }
}

/// The steps of a series that one is compared with; by default it is the first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earlier<'a> {
    /// The top channels of the step before.
    pub channels: Option<&'a StepChannels>,
    /// The kernels of the step before.
    pub before: Option<&'a StepKernels>,
    /// Those of the first step.
    pub first: FirstStep<'a>,
}

/// What one checkpoint of a series gave.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ObservedStep {
    /// What [`measure()`](crate::measure()) gives.
    pub measured: Measured,
    /// Rows of `observables.csv`.
    pub observations: Vec<Observation>,
    /// What the next step is compared with; none where no observable asks for it.
    pub channels: Option<StepChannels>,
    /// What CKA compares later steps with; none where no observable asks for it.
    pub kernels: Option<StepKernels>,
}

impl From<Measured> for ObservedStep {
    /// Without observables.
    fn from(measured: Measured) -> Self {
        Self {
            measured,
            ..Self::default()
        }
    }
}

/// Measures a checkpoint as [`measure()`](crate::measure()) does, in the same pass also the observables of `options`, at every
/// place that they are meant for. Means are over the sequences; rows carry `model` and `step`.
///
/// Queries and attention weights are of query heads, keys and values of key-value heads. `cosine_sinks` takes the keys
/// that are sinks by the convention of Gu et al. in any head of the layer, for keys and values in any head that reads them.
/// The logit lens keeps the residual stream at its positions after every layer ([`LensPositions`]), or takes a second pass for
/// all of them; the loss of the model rounded to int8 takes a pass of its own; both need the whole unembedding in memory. `cka` and `kernel_alignment` keep the
/// residual streams of all layers until the last. Labels and targets are those of `options`. What other checkpoints would
/// have to give is missing (`not-given`): turnover against the last step is what [`compare_with_last`] makes of
/// [`ObservedStep::channels`].
///
/// At `sequences` there is one tensor of all sequences, the means of their hidden states over positions, so that n is 1.
///
/// ```
/// use outcrop_forward::{ObserveOptions, Published, observe_checkpoint};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/neox-parallel");
/// let model = Published::open(folder.as_ref())?;
/// let observables = outcrop_observe::select("write,attention_entropy").expect("names of observables");
/// let options = ObserveOptions { observables, ..ObserveOptions::default() };
/// let (measured, rows) = observe_checkpoint(&model, &[vec![3, 1, 4]], ("tiny", 8), false, &options)?;
/// assert_eq!(measured.rows.len(), 2); // layers
/// assert!(rows.iter().any(|row| row.place == "mlp-write" && row.observable == "write_over_stream"));
/// # Ok::<(), outcrop_forward::Error>(())
/// ```
///
/// # Errors
/// As [`forward`](crate::forward()); [`Error::Observe`](crate::Error::Observe).
pub fn observe_checkpoint(
    model: &Published,
    sequences: &[Vec<u32>],
    of: (&str, u64),
    sinks: bool,
    options: &ObserveOptions,
) -> Result<(Measured, Vec<Observation>)> {
    let compared = (options, Earlier::default());
    let observed = observe_step(model, sequences, of, sinks, compared, &mut |_, _| {})?;
    Ok((observed.measured, observed.observations))
}

/// As [`observe_checkpoint`], compared with `earlier` steps of a series; `advance` is called after each
/// (layer, sequence).
///
/// # Errors
/// As [`observe_checkpoint`].
pub fn observe_step(
    model: &Published,
    sequences: &[Vec<u32>],
    of: (&str, u64),
    sinks: bool,
    (options, earlier): (&ObserveOptions, Earlier<'_>),
    advance: &mut dyn FnMut(usize, usize),
) -> Result<ObservedStep> {
    let wanted = Wanted::new(options);
    if wanted.is_nothing() {
        return Ok(measure_with(model, sequences, of, sinks, advance, &mut ())?.into());
    }
    let leading = model.arch().leading();
    let lengths: Vec<usize> = sequences.iter().map(|ids| leading + ids.len()).collect();
    wanted.annotations.check(&lengths)?;
    let mut hook = Observing::new(&wanted, model, sequences.len(), earlier)?;
    let measured = measure_with(model, sequences, of, sinks, advance, &mut hook)?;
    let mut seen = hook.finish()?;
    if wanted.logits() {
        let mut looking = Looking::new(model, sequences, &wanted, &mut seen)?;
        match wanted.lens {
            Some(LensPositions::All) => forward(model, sequences, &mut looking)?,
            Some(LensPositions::Spread(_)) => looking.spread()?,
            None => {}
        }
        if wanted.at(Site::LogitsInt8) {
            int8::look(model, sequences, &mut looking)?;
        }
        looking.finish()?;
    }
    Ok(ObservedStep {
        measured,
        observations: rows::observations(&seen.collector, &seen.sequences, of),
        channels: seen.channels.map(|channels| channels.of_step(of.1)),
        kernels: seen.kernels.map(|kernels| kernels.of_step(of.1)),
    })
}
