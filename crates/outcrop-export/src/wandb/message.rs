//! Messages of `wandb/proto/wandb_internal.proto`, as far as they are written here.

use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Record {
    /// From 1.
    #[prost(int64, tag = "1")]
    pub(super) number: i64,
    #[prost(oneof = "What", tags = "2, 3, 17, 18, 21")]
    pub(super) what: Option<What>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum What {
    #[prost(message, tag = "2")]
    History(History),
    #[prost(message, tag = "3")]
    Summary(Summary),
    #[prost(message, tag = "17")]
    Run(Run),
    #[prost(message, tag = "18")]
    Exit(Exit),
    #[prost(message, tag = "21")]
    Header(Header),
}

/// The values of a step.
#[derive(Clone, PartialEq, Message)]
pub(super) struct History {
    #[prost(message, repeated, tag = "1")]
    pub(super) items: Vec<Item>,
    #[prost(message, optional, tag = "2")]
    pub(super) step: Option<Step>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Step {
    #[prost(int64, tag = "1")]
    pub(super) number: i64,
}

/// The values of the last step.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) items: Vec<Item>,
}

/// A key with its value as JSON, of a step or of the summary.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Item {
    /// The key, which may hold dots.
    #[prost(string, tag = "2")]
    pub(super) nested_key: String,
    #[prost(string, tag = "16")]
    pub(super) json: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Run {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "3")]
    pub(super) project: String,
    #[prost(message, optional, tag = "4")]
    pub(super) config: Option<Config>,
    #[prost(string, tag = "8")]
    pub(super) name: String,
    #[prost(message, optional, tag = "17")]
    pub(super) started: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Config {
    #[prost(message, repeated, tag = "1")]
    pub(super) items: Vec<Setting>,
}

/// A setting with its value as JSON.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Setting {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    #[prost(string, tag = "16")]
    pub(super) json: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Timestamp {
    /// Since 1970.
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Exit {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Header {
    #[prost(message, optional, tag = "1")]
    pub(super) version: Option<Version>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Version {
    #[prost(string, tag = "1")]
    pub(super) producer: String,
    #[prost(string, tag = "2")]
    pub(super) least_reader: String,
}
