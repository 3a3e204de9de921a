//! When a trajectory of any observable changes its level, whether it does, and whether several do together.
//!
//! | question | item |
//! |---|---|
//! | is there a transition at all? | [`TransitionNull::test`] |
//! | when does it start, when is it half-way, how wide is it? | [`onset`], [`Onset`], [`Crossing`], [`Width`] |
//! | and over seeds? | [`onset_over_seeds`], [`SeedOnset`], [`SeedWidth`]; of one crossing [`over_seeds`], [`SeedRange`] |
//! | which of two moments comes first, over seeds? | [`lead_over_seeds`], [`SeedLead`] |
//! | do two observables start together? | [`synchrony`], [`OnsetPair`], [`Synchrony`], [`LayerAgreement`], [`Untested`] |
//!
//! A transition is known only as precisely as checkpoints lie close: every crossing is the pair of checkpoints between
//! which it lies, never a point.

mod crossing;
mod isotonic;
mod lead;
mod null;
mod orders;
mod ramp;
mod seeds;
mod signal;
mod synchrony;

pub use crossing::{Crossing, ONSET_LEVEL, Onset, Width, onset};
pub use lead::{SeedLead, lead_over_seeds};
pub use null::{TransitionNull, TransitionTest};
pub use seeds::{SeedOnset, SeedRange, SeedWidth, onset_over_seeds, over_seeds};
pub use signal::MIN_CHECKPOINTS;
pub(crate) use signal::check_values;
pub use synchrony::{LayerAgreement, OnsetPair, Synchrony, Untested, synchrony};
