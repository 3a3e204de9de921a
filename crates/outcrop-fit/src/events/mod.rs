//! What happened in training: loss spikes, changes of the learning rate, borders of stages.
//!
//! | question | item |
//! |---|---|
//! | when did the loss spike? | [`loss_spikes`], [`LossSpike`] |
//! | what did the learning rate do, and is it falling at this step? | [`RateHistory`] |
//! | when did stages begin? | [`stage_starts`] |
//! | all of these of a run | [`training_events`], with a known schedule [`training_events_with`], rows of `events.csv` |
//! | which of them lie between two checkpoints? | [`events_between`] |
//!
//! Whatever changes at such a step need not have emerged: an onset that lies in the decay of the learning rate may be the
//! decay's, for outliers change there.

mod rate;
mod run;
mod spikes;

pub use rate::{RateChange, RateHistory};
pub use run::{events_between, stage_starts, training_events, training_events_with};
pub use spikes::{LossSpike, loss_spikes};
