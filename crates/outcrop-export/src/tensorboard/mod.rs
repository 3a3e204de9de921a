//! Event files of TensorBoard.
//!
//! A file is a series of records (`TFRecord`) with one `Event` message each, first the version of the format. Scalars are
//! `simple_value`s, which every reader knows; histograms are tensors [buckets, 3] of left edge, right edge and count, as the
//! histogram plugin has them since its version 2
//! (`tensorflow/core/util/event.proto`, `tensorboard/plugins/histogram/metadata.py`).

mod event;
mod message;
mod record;
mod scan;

pub use self::event::file;
pub use self::scan::{Scanned, scan};

use crate::Snapshot;

/// The name of an event file. TensorBoard reads files with `tfevents` in their name; a fixed name lets a resumed run find
/// its own file again.
pub const FILE_NAME: &str = "events.out.tfevents.0.outcrop";

/// The record at the beginning of a file: the version of the format. `wall_time` is in seconds since 1970.
pub fn header(wall_time: f64) -> Vec<u8> {
    record::framed(&event::version(wall_time))
}

/// The records of one step, to be appended to a file. `wall_time` is in seconds since 1970. Empty without a scalar and
/// a histogram.
pub fn records(snapshot: &Snapshot, wall_time: f64) -> Vec<u8> {
    match event::summary(snapshot, wall_time) {
        Some(event) => record::framed(&event),
        None => Vec::new(),
    }
}
