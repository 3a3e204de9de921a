//! Every observable against closed forms, properties and independent references, and the page made from the list.
#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod by_hand;
mod closed_forms;
mod helpers;
mod invariances;
mod list;
mod properties;
mod reasons;
mod references;
