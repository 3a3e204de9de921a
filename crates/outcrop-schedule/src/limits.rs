/// The largest step, 2^53: an f64 holds every whole number up to it.
pub const MAX_STEP: u64 = 1 << 53;

/// The largest number of steps.
pub const MAX_STEPS: u64 = 1_000_000;

/// The last step of the Pythia models.
pub(crate) const PYTHIA_LAST: u64 = 143_000;
