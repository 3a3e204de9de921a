use std::borrow::Cow;
use std::path::Path;

use super::json::{self, Fault};
use super::values::Value;
use crate::{Error, Result};

/// Faults that are shown of one file.
const SHOWN: usize = 3;

/// The documents of one file of JSON: which are taken, and which are left out and why.
///
/// A value that is broken is left out and named. Where the first lacks the field, or more are left out than
/// taken, the file is not what it is taken for, and is refused.
pub(super) struct Tally<'a> {
    path: &'a Path,
    unit: &'static str,
    field: &'a str,
    taken: u64,
    left_out: u64,
    shown: Vec<(u64, String)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(path: &'a Path, unit: &'static str, field: &'a str) -> Self {
        Self {
            path,
            unit,
            field,
            taken: 0,
            left_out: 0,
            shown: Vec::new(),
        }
    }

    /// The document in a value; none if it is left out.
    pub(super) fn document<'v>(&mut self, value: &'v Value) -> Result<Option<Cow<'v, str>>> {
        let first = self.taken + self.left_out == 0;
        let fault = match json::document(value.json.trim_ascii(), self.field) {
            Ok(text) => {
                self.taken += 1;
                return Ok(Some(text));
            }
            Err(fault) => fault,
        };
        let reason = match fault {
            Fault::NoField(fields) => no_field(self.field, &fields),
            Fault::Kind(reason) | Fault::Bad(reason) if !first => reason,
            Fault::Bad(reason) => {
                self.leave_out(value.number, reason);
                return Ok(None);
            }
            Fault::Kind(reason) => reason,
        };
        if first {
            return Err(self.refusal(value.number, reason));
        }
        self.leave_out(value.number, reason);
        Ok(None)
    }

    fn leave_out(&mut self, number: u64, reason: String) {
        self.left_out += 1;
        if self.shown.len() < SHOWN {
            self.shown.push((number, reason));
        }
    }

    /// The parts that were left out, in words, if anything was.
    ///
    /// # Errors
    /// [`Error::Json`] where more was left out than taken.
    pub(super) fn close(self) -> Result<Option<String>> {
        let Some((number, reason)) = self.shown.first() else {
            return Ok(None);
        };
        let (path, unit, left_out) = (self.path.display(), self.unit, self.left_out);
        if left_out > self.taken {
            let all = self.taken + left_out;
            let reason = format!("{reason} ({left_out} of {all} {unit}s hold no document)");
            return Err(self.refusal(*number, reason));
        }
        let shown: Vec<String> = self
            .shown
            .iter()
            .map(|(number, reason)| format!("{unit} {number}: {reason}"))
            .collect();
        let more = match left_out - self.shown.len() as u64 {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let plural = if left_out == 1 { "" } else { "s" };
        Ok(Some(format!(
            "{left_out} {unit}{plural} of {path} left out: {}{more}",
            shown.join("; ")
        )))
    }

    fn refusal(&self, number: u64, reason: String) -> Error {
        Error::Json {
            path: self.path.to_owned(),
            unit: self.unit,
            number,
            reason,
        }
    }
}

/// What to say of an object without the field.
fn no_field(field: &str, fields: &[String]) -> String {
    const SHOWN: usize = 8;
    let names: Vec<String> = fields
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{}`", short(name)))
        .collect();
    let more = if fields.len() > SHOWN { ", ..." } else { "" };
    match names.is_empty() {
        true => format!("it has no field `{field}`, and no other"),
        false => format!(
            "it has no field `{field}`; it has {}{more}: name the one with the text by --text-field (in a run's \
             spec, text_field in [data]), or leave the file out",
            names.join(", ")
        ),
    }
}

fn short(name: &str) -> String {
    name.chars().take(40).collect()
}
