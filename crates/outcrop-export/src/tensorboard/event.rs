//! Messages of `event.proto`, `summary.proto` and `tensor.proto` of TensorFlow.

use super::{header, records};
use crate::proto::Message;
use crate::{Histogram, Snapshot};

/// The fields of an `Event`.
mod field {
    pub(super) const WALL_TIME: u64 = 1;
    pub(in super::super) const STEP: u64 = 2;
    pub(super) const FILE_VERSION: u64 = 3;
    pub(in super::super) const SUMMARY: u64 = 5;
}

pub(super) use field::{STEP, SUMMARY};

/// `DT_DOUBLE` of `types.proto`.
const DOUBLE: u64 = 2;
/// `DATA_CLASS_TENSOR` of `summary.proto`.
const TENSOR: u64 = 2;

/// A whole event file. `wall_time`, in seconds since 1970, is that of every event, as tables hold none. Numbers are stored
/// as f32, edges and counts of histograms as f64.
pub fn file(snapshots: &[Snapshot], wall_time: f64) -> Vec<u8> {
    let mut bytes = header(wall_time);
    for snapshot in snapshots {
        bytes.extend(records(snapshot, wall_time));
    }
    bytes
}

pub(super) fn version(wall_time: f64) -> Vec<u8> {
    let event = Message::default().double(field::WALL_TIME, wall_time);
    event.part(field::FILE_VERSION, "brain.Event:2").bytes()
}

/// One event with all values of a step; none where it has none.
pub(super) fn summary(snapshot: &Snapshot, wall_time: f64) -> Option<Vec<u8>> {
    let scalars = snapshot.scalars.iter().map(|(tag, value)| {
        let tagged = Message::default().part(1, tag);
        tagged.float(2, *value as f32)
    });
    let histograms = snapshot.histograms.iter();
    let histograms = histograms.map(|(tag, histogram)| of_histogram(tag, histogram));
    if snapshot.scalars.is_empty() && snapshot.histograms.is_empty() {
        return None;
    }
    let values = Message::default().messages(1, scalars.chain(histograms));
    let event = Message::default()
        .double(field::WALL_TIME, wall_time)
        .whole(field::STEP, snapshot.step)
        .message(field::SUMMARY, values);
    Some(event.bytes())
}

/// A `Summary.Value` for the histogram plugin.
fn of_histogram(tag: &str, histogram: &Histogram) -> Message {
    let size = |size: u64| Message::default().whole(1, size);
    let shape = [histogram.buckets.len() as u64, 3].map(size);
    let content = histogram.buckets.iter();
    let content = content.flat_map(|one| [one.left, one.right, one.count].map(f64::to_le_bytes));
    let tensor = Message::default()
        .whole(1, DOUBLE)
        .message(2, Message::default().messages(2, shape))
        .part(4, content.flatten().collect::<Vec<u8>>());
    let plugin = Message::default().part(1, "histograms");
    let metadata = Message::default().message(1, plugin).whole(4, TENSOR);
    Message::default()
        .part(1, tag)
        .message(8, tensor)
        .message(9, metadata)
}
