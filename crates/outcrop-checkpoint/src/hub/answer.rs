//! Answers of a hub, and errors about what it was asked for.

use ureq::http::{HeaderMap, Response};

use crate::Error;

pub(super) type Answer = Response<ureq::Body>;

/// The value of a header, if it is text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The error for `what`, an address or a file, that could not be fetched.
pub(super) fn failed(what: &str, reason: impl ToString) -> Error {
    Error::Fetch {
        what: what.into(),
        reason: reason.to_string(),
    }
}
