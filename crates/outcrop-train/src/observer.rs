use outcrop_core::{LossPoint, Measurement, Observation};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It reached its last step.
    Finished,
    /// It had reached its last step before; nothing was computed.
    AlreadyFinished,
    /// It was asked to stop, wrote a checkpoint and can be resumed.
    Interrupted,
}

/// What happens during a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Training starts, or resumes, after this many updates.
    Started {
        /// Updates that were made already.
        step: u64,
        /// Updates of the whole run.
        steps: u64,
    },
    /// One update was made.
    Step {
        /// Updates made so far.
        step: u64,
        /// Loss of the batch, before the update: the mean cross-entropy, nats per token.
        loss: f64,
        /// Mean of ln(sum_j exp(l_j))^2, where the run has a z-loss.
        z: Option<f64>,
        /// Mean of (|h| / 3)^4 after blocks, where the run has a penalty on it.
        tails: Option<f64>,
    },
    /// The held-out sequences were measured.
    Measured {
        /// Updates made so far.
        step: u64,
        /// The losses: the row of `loss.csv`.
        loss: &'a LossPoint,
        /// The statistics of every layer and sequence: the rows of `measurements.csv`.
        rows: &'a [Measurement],
        /// Mean top-1 over mean median of each layer; none where it is undefined.
        ratios: &'a [Option<f64>],
        /// What was observed: the rows of `observables.csv`.
        observed: &'a [Observation],
    },
    /// A checkpoint was written.
    Saved {
        /// Updates made so far.
        step: u64,
    },
    /// Something that the user should know.
    Warning(&'a str),
    /// The run is over, for now or for good.
    Ended(Outcome),
}

/// Receives the events of a run, on the thread that trains.
pub trait Observer: Send {
    /// Gets one event.
    fn event(&mut self, event: &Event<'_>);
}

/// Ignores every event.
impl Observer for () {
    fn event(&mut self, _: &Event<'_>) {}
}

impl<F: FnMut(&Event<'_>) + Send> Observer for F {
    fn event(&mut self, event: &Event<'_>) {
        self(event);
    }
}
