use super::{event, record};

/// What an event file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Bytes of whole records from the start; a killed process may have left a torn one behind them.
    pub good: u64,
    /// The largest step of an event; none where no event has one.
    pub last_step: Option<u64>,
}

/// Looks how far an event file is good, and up to which step it goes.
pub fn scan(file: &[u8]) -> Scanned {
    let mut scanned = Scanned::default();
    let mut rest = file;
    while let Some((bytes, behind)) = record::first(rest) {
        scanned.last_step = scanned.last_step.max(event::step(bytes));
        rest = behind;
    }
    scanned.good = (file.len() - rest.len()) as u64;
    scanned
}
