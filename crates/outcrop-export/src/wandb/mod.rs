//! Offline runs of Weights & Biases: a folder `offline-run-*` with a file `run-ID.wandb`, which `wandb sync` uploads.
//!
//! The file is a log as LevelDB has it, in blocks of 32 KiB, each record a `Record` message of
//! `wandb/proto/wandb_internal.proto`: a header, the run with its settings, one history record a step, a summary, the
//! end. Numbers are JSON, infinite ones and NaN as text, as its own logger writes them.

mod log;

use crate::proto::Message;
use crate::{Histogram, MeasuredRun, Snapshot, checksum};

/// What a run is called and where it belongs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// The id of the run ([`id`]).
    pub id: String,
    /// The project.
    pub project: String,
    /// Settings by name, each as JSON.
    pub config: Vec<(String, String)>,
    /// When it started, in seconds since 1970.
    pub started: f64,
}

/// The number of the fields of a `Record`.
mod field {
    pub(super) const NUMBER: u64 = 1;
    pub(super) const HISTORY: u64 = 2;
    pub(super) const SUMMARY: u64 = 3;
    pub(super) const RUN: u64 = 17;
    pub(super) const EXIT: u64 = 18;
    pub(super) const HEADER: u64 = 21;
}

/// An id from the name of a run: its letters, digits, `-` and `_`, with a checksum of the whole name behind them, at most
/// 64 characters. The same name has the same id, so that a second upload makes no second run.
///
/// ```
/// assert_eq!(outcrop_export::wandb::id("pythia 14m"), "pythia-14m-5f9bcb6c");
/// ```
pub fn id(name: &str) -> String {
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    let kept: String = name.chars().map(kept).take(55).collect();
    format!("{kept}-{:08x}", checksum::zlib([name.as_bytes(), &[]]))
}

/// The file `run-ID.wandb`.
pub fn file(run: &MeasuredRun, about: &About) -> Vec<u8> {
    let version = Message::default().part(1, "outcrop").part(2, "0.10.0");
    let mut records = vec![
        (field::HEADER, Message::default().message(1, version)),
        (field::RUN, of_run(run, about)),
    ];
    records.extend(
        run.snapshots
            .iter()
            .map(|one| (field::HISTORY, history(one))),
    );
    records.extend(
        run.snapshots
            .last()
            .map(|last| (field::SUMMARY, summary(last))),
    );
    records.push((field::EXIT, Message::default()));
    let mut log = log::Log::new();
    for (number, (kind, message)) in (1..).zip(records) {
        let record = Message::default().whole(field::NUMBER, number);
        log.append(&record.message(kind, message).bytes());
    }
    log.bytes()
}

fn of_run(run: &MeasuredRun, about: &About) -> Message {
    let item = |(key, value): &(String, String)| Message::default().part(1, key).part(16, value);
    let config = Message::default().messages(1, about.config.iter().map(item));
    let started = Message::default().whole(1, about.started as u64);
    Message::default()
        .part(1, &about.id)
        .part(3, &about.project)
        .message(4, config)
        .part(8, &run.name)
        .message(17, started)
}

/// The values of a step: a `HistoryRecord`.
fn history(snapshot: &Snapshot) -> Message {
    let step = item("_step", &snapshot.step.to_string());
    let items = values(snapshot).into_iter().chain([step]);
    let number = Message::default().whole(1, snapshot.step);
    Message::default().messages(1, items).message(2, number)
}

/// The values of the last step: a `SummaryRecord`.
fn summary(snapshot: &Snapshot) -> Message {
    let step = item("_step", &snapshot.step.to_string());
    Message::default().messages(1, values(snapshot).into_iter().chain([step]))
}

fn values(snapshot: &Snapshot) -> Vec<Message> {
    let scalars = snapshot.scalars.iter();
    let scalars = scalars.map(|(name, value)| item(name, &number(*value)));
    let histograms = snapshot.histograms.iter();
    let histograms = histograms.map(|(name, one)| item(name, &of_histogram(one)));
    scalars.chain(histograms).collect()
}

/// A key with its value as JSON; `nested_key` is what the key is stored in, since it may hold dots.
fn item(key: &str, json: &str) -> Message {
    Message::default().part(2, key).part(16, json)
}

/// As `wandb.Histogram` has it: counts, and one edge more.
fn of_histogram(histogram: &Histogram) -> String {
    let list = |numbers: Vec<f64>| {
        numbers
            .into_iter()
            .map(number)
            .collect::<Vec<_>>()
            .join(",")
    };
    let buckets = &histogram.buckets;
    let first = buckets.first().map(|one| one.left);
    let edges = first.into_iter().chain(buckets.iter().map(|one| one.right));
    format!(
        r#"{{"_type":"histogram","values":[{}],"bins":[{}]}}"#,
        list(buckets.iter().map(|one| one.count).collect()),
        list(edges.collect()),
    )
}

fn number(value: f64) -> String {
    match () {
        () if value.is_finite() => format!("{value:?}"),
        () if value.is_nan() => r#""NaN""#.into(),
        () if value > 0.0 => r#""Infinity""#.into(),
        () => r#""-Infinity""#.into(),
    }
}
