//! Observables of a checkpoint at the places of its forward pass.

mod channels;
mod hook;
mod jobs;
mod lens;
mod rows;
mod wanted;
mod watching;

use outcrop_core::Observation;
use outcrop_observe::Observable;

pub use channels::StepChannels;
use hook::Observing;
use wanted::Wanted;

use crate::{Measured, Published, Result, measure_with};

/// What is to be observed of a checkpoint.
#[derive(Clone, Debug, Default)]
pub struct ObserveOptions {
    /// The observables, such as `outcrop_observe::select` gives them; nothing is observed without any.
    pub observables: Vec<&'static Observable>,
    /// Whether there are also rows for single sequences, which are as many as sequences times rows.
    pub sequences: bool,
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
}

/// Measures a checkpoint as [`measure()`](crate::measure()) does, in the same pass also the observables of `options`, at every
/// place that they are meant for. Means are over the sequences; rows carry `model` and `step`.
///
/// Queries and attention weights are of query heads, keys and values of key-value heads. `cosine_sinks` takes the keys
/// that are sinks by the convention of Gu et al. in any head of the layer, for keys and values in any head that reads them.
/// The logit lens takes a second pass, and the whole unembedding in memory. `cka` and `kernel_alignment` keep the
/// residual streams of all layers until the last. What other checkpoints, labels or targets would have to give is missing
/// (`not-given`).
///
/// ```
/// use outcrop_forward::{ObserveOptions, Published, observe_checkpoint};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/neox-parallel");
/// let model = Published::open(folder.as_ref())?;
/// let observables = outcrop_observe::select("write,attention_entropy").expect("names of observables");
/// let options = ObserveOptions { observables, sequences: false };
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
    let observed = observe_step(model, sequences, of, sinks, (options, None), &mut |_, _| {})?;
    Ok((observed.measured, observed.observations))
}

/// As [`observe_checkpoint`], compared with the step `before` in a series; `advance` is called after each
/// (layer, sequence).
///
/// # Errors
/// As [`observe_checkpoint`].
pub fn observe_step(
    model: &Published,
    sequences: &[Vec<u32>],
    of: (&str, u64),
    sinks: bool,
    (options, before): (&ObserveOptions, Option<&StepChannels>),
    advance: &mut dyn FnMut(usize, usize),
) -> Result<ObservedStep> {
    let wanted = Wanted::new(options);
    if wanted.is_nothing() {
        let measured = measure_with(model, sequences, of, sinks, advance, &mut ())?;
        return Ok(ObservedStep {
            measured,
            ..ObservedStep::default()
        });
    }
    let mut hook = Observing::new(&wanted, model.arch(), sequences.len(), before);
    let measured = measure_with(model, sequences, of, sinks, advance, &mut hook)?;
    let mut seen = hook.finish()?;
    lens::look(model, sequences, &wanted, &mut seen)?;
    Ok(ObservedStep {
        measured,
        observations: rows::observations(&seen.collector, &seen.sequences, of),
        channels: seen.channels.map(|channels| channels.of_step(of.1)),
    })
}
