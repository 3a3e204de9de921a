use prost::Message;

use super::message::{Content, Dim, Event, Metadata, Plugin, Shape, Summary, Tensor, Value, What};
use super::{header, records};
use crate::{Histogram, Snapshot};

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
    let version = "brain.Event:2".to_owned();
    let event = Event {
        wall_time,
        step: 0,
        what: Some(What::FileVersion(version)),
    };
    event.encode_to_vec()
}

/// One event with all values of a step; none where it has none.
pub(super) fn summary(snapshot: &Snapshot, wall_time: f64) -> Option<Vec<u8>> {
    let scalars = snapshot.scalars.iter().map(|(tag, value)| Value {
        tag: tag.clone(),
        content: Some(Content::Scalar(*value as f32)),
        metadata: None,
    });
    let histograms = snapshot.histograms.iter();
    let histograms = histograms.map(|(tag, histogram)| of_histogram(tag, histogram));
    let values: Vec<Value> = scalars.chain(histograms).collect();
    let event = |values| Event {
        wall_time,
        step: snapshot.step as i64,
        what: Some(What::Summary(Summary { values })),
    };
    (!values.is_empty()).then(|| event(values).encode_to_vec())
}

/// The step of an event that has values; none of others, and of bytes that are no event.
pub(super) fn step(event: &[u8]) -> Option<u64> {
    match Event::decode(event).ok()? {
        Event {
            step,
            what: Some(What::Summary(_)),
            ..
        } => u64::try_from(step).ok(),
        Event { .. } => None,
    }
}

/// The value of a histogram, for the histogram plugin.
fn of_histogram(tag: &str, histogram: &Histogram) -> Value {
    let size = |size: usize| Dim { size: size as i64 };
    let content = histogram.buckets.iter();
    let content = content.flat_map(|one| [one.left, one.right, one.count].map(f64::to_le_bytes));
    let tensor = Tensor {
        dtype: Tensor::DOUBLE,
        shape: Some(Shape {
            dims: [histogram.buckets.len(), 3].map(size).to_vec(),
        }),
        content: content.flatten().collect(),
    };
    let plugin = Plugin {
        name: "histograms".to_owned(),
    };
    Value {
        tag: tag.to_owned(),
        content: Some(Content::Tensor(tensor)),
        metadata: Some(Metadata {
            plugin: Some(plugin),
            data_class: Metadata::TENSOR,
        }),
    }
}
