//! Offline runs of Weights & Biases: a folder `offline-run-*` with a file `run-ID.wandb`, which `wandb sync` uploads.
//!
//! The file is a log as LevelDB has it, in blocks of 32 KiB, each record a `Record` message of
//! `wandb/proto/wandb_internal.proto`: a header, the run with its settings, one history record a step, a summary, the
//! end. Numbers are JSON, infinite ones and NaN as text, as its own logger writes them.

mod log;
mod message;

use prost::Message;

use self::message::{
    Config, Exit, Header, History, Item, Record, Run, Setting, Step, Summary, Timestamp, Version,
    What,
};
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
    let version = Version {
        producer: "outcrop".to_owned(),
        least_reader: "0.10.0".to_owned(),
    };
    let header = Header {
        version: Some(version),
    };
    let mut records = vec![What::Header(header), What::Run(of_run(run, about))];
    let steps = run.snapshots.iter();
    records.extend(steps.map(|one| What::History(history(one))));
    let last = run.snapshots.last();
    records.extend(last.map(|last| What::Summary(Summary { items: items(last) })));
    records.push(What::Exit(Exit {}));
    let mut log = log::Log::new();
    for (number, what) in (1..).zip(records) {
        let what = Some(what);
        log.append(&Record { number, what }.encode_to_vec());
    }
    log.bytes()
}

fn of_run(run: &MeasuredRun, about: &About) -> Run {
    let setting = |(key, json): &(String, String)| Setting {
        key: key.clone(),
        json: json.clone(),
    };
    Run {
        id: about.id.clone(),
        project: about.project.clone(),
        config: Some(Config {
            items: about.config.iter().map(setting).collect(),
        }),
        name: run.name.clone(),
        started: Some(Timestamp {
            seconds: about.started as i64,
        }),
    }
}

fn history(snapshot: &Snapshot) -> History {
    let number = snapshot.step as i64;
    History {
        items: items(snapshot),
        step: Some(Step { number }),
    }
}

/// The values of a step, and the step.
fn items(snapshot: &Snapshot) -> Vec<Item> {
    let item = |name: &str, json: String| Item {
        nested_key: name.to_owned(),
        json,
    };
    let scalars = snapshot.scalars.iter();
    let scalars = scalars.map(|(name, value)| item(name, number(*value)));
    let histograms = snapshot.histograms.iter();
    let histograms = histograms.map(|(name, one)| item(name, of_histogram(one)));
    let step = item("_step", snapshot.step.to_string());
    scalars.chain(histograms).chain([step]).collect()
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
