//! Every observable against closed forms, properties and independent references, and the page made from the list.
#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod closed_forms;
mod helpers;
mod list;
mod properties;
mod references;
