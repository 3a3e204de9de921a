//! Whether a file is one text or holds documents in JSON: by its content and its name.

use std::path::Path;

use super::json::Cursor;
use super::unpack::name_within;
use crate::{Error, Result, foreign};

/// Endings of files with a JSON value a line.
const LINES: [&str; 4] = ["jsonl", "ndjson", "jsonlines", "jl"];

/// What documents a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One, which is the file.
    Text,
    /// JSON values.
    Json(Split),
}

/// The layout of JSON values in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// One a line.
    Lines,
    /// All in one array.
    Array,
    /// One after another, each over any number of lines.
    Values,
}

/// The kind of the file at `path`, whose content begins with `head`; `whole` if that is all.
pub(super) fn of(path: &Path, head: &[u8], whole: bool) -> Result<Kind> {
    let refused = |known: foreign::Foreign| Error::Foreign {
        path: path.to_owned(),
        what: known.what,
        way_out: known.way_out,
    };
    let name = name_within(path);
    if let Some(known) = foreign::binary(head).filter(|_| !is_text(head)) {
        return Err(refused(known));
    }
    if let Some(known) = foreign::no_prose(name, head) {
        return Err(refused(known));
    }
    let ending = name
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    let named = |known: &&str| ending.eq_ignore_ascii_case(known);
    let begun = Begun::new(head, whole);
    if LINES.iter().any(named) {
        return Ok(Kind::Json(begun.split().unwrap_or(Split::Lines)));
    }
    if named(&"json") {
        return match (begun.first, begun.split()) {
            (None, _) => Ok(Kind::Text),
            (_, Some(split)) => Ok(Kind::Json(split)),
            _ => Err(Error::Foreign {
                path: path.to_owned(),
                what: "named as JSON and begins as none",
                way_out: "name it .txt if it is one text",
            }),
        };
    }
    Ok(match begun.surely() {
        true => begun.split().map_or(Kind::Text, Kind::Json),
        false => Kind::Text,
    })
}

/// Whether bytes, the last of which may be half a character, are text.
fn is_text(bytes: &[u8]) -> bool {
    let utf8 = std::str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true);
    utf8 && !bytes.contains(&0)
}

/// The beginning of a file.
struct Begun<'a> {
    /// Its first byte that is no space.
    first: Option<u8>,
    /// The line in which that stands, from there.
    line: &'a [u8],
    /// The line goes on beyond what was read.
    cut: bool,
    /// What follows the line.
    rest: &'a [u8],
}

impl<'a> Begun<'a> {
    fn new(head: &'a [u8], whole: bool) -> Self {
        let head = head.trim_ascii_start();
        let end = head.iter().position(|b| *b == b'\n');
        Self {
            first: head.first().copied(),
            line: &head[..end.unwrap_or(head.len())],
            cut: end.is_none() && !whole,
            rest: head[end.unwrap_or(head.len())..].trim_ascii_start(),
        }
    }

    /// The layout of JSON values in it, if it begins with one.
    fn split(&self) -> Option<Split> {
        let alone = self.rest.is_empty();
        match (self.first?, self.end_of_first()) {
            (b'[', End::Line) if !alone => Some(Split::Lines),
            (b'[', _) => Some(Split::Array),
            (b'{', End::Beyond) => Some(Split::Values),
            (b'{', End::Within) if !self.cut => Some(Split::Values),
            (b'{' | b'"', _) => Some(Split::Lines),
            _ => None,
        }
    }

    /// Where the first value ends.
    fn end_of_first(&self) -> End {
        let mut cursor = Cursor::new(self.line);
        match cursor.skip() {
            Ok(()) if cursor.first().is_none() => End::Line,
            Ok(()) => End::Within,
            // inside of a string the line is broken: no string of JSON goes over a line's end
            Err(_) if !self.cut && cursor.first().is_none() => End::Beyond,
            Err(_) => End::Nowhere,
        }
    }

    /// Whether it holds documents in JSON for sure, whatever its name is: objects with names in quotes, one a
    /// line or in an array.
    fn surely(&self) -> bool {
        let object = |text: &[u8]| {
            let within = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
            within.is_some_and(|text| text.starts_with(b"\""))
        };
        let whole = [self.line, b"\n", self.rest].concat();
        match self.first {
            Some(b'[') => object(whole[1..].trim_ascii_start()) && values_alone(&whole),
            Some(b'{') if object(self.line) && (self.cut || self.end_of_first() == End::Line) => {
                self.rest.is_empty() || self.rest.starts_with(b"{")
            }
            Some(b'{') if object(&whole) => {
                let mut cursor = Cursor::new(&whole);
                cursor.skip().is_ok() && follows(&mut cursor)
            }
            _ => false,
        }
    }
}

/// Whether `text`, which may break off, has only values: no prose behind the first, and none within
/// it.
fn values_alone(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text);
    match cursor.skip() {
        Ok(()) => follows(&mut cursor),
        Err(_) => cursor.wants_more(),
    }
}

/// Whether a value is followed by nothing or by another value, with or without a comma.
fn follows(cursor: &mut Cursor<'_>) -> bool {
    if cursor.first() == Some(b',') {
        cursor.at += 1;
    }
    cursor.first().is_none_or(|c| c == b'{' || c == b'[')
}

#[derive(PartialEq)]
enum End {
    /// With its line.
    Line,
    /// Before its line ends.
    Within,
    /// In a later line.
    Beyond,
    /// It is broken.
    Nowhere,
}
