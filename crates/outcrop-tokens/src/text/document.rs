use std::io::{BufRead, Cursor, Read};
use std::path::Path;

use super::files::io;
use super::kind::{self, Kind};
use super::tally::Tally;
use super::unpack;
use super::values::Values;
use crate::{Error, Result};

/// Bytes of content by which a file's kind is recognised.
const HEAD: u64 = 1 << 18;
/// How text begins that some Windows programs write; it is no part of it.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Takes a document, or its beginning, and whether it is whole; gives the bytes that are still
/// wanted.
pub(super) type Push<'a> = &'a mut dyn FnMut(&str, bool) -> Option<usize>;

/// A file, opened.
pub(super) struct Opened<'a> {
    path: &'a Path,
    pub(super) kind: Kind,
    pub(super) reader: Box<dyn BufRead>,
    /// Bytes before the content: of a byte order mark.
    pub(super) start: u64,
    /// Whether its bytes are stored as they are.
    pub(super) plain: bool,
}

impl<'a> Opened<'a> {
    pub(super) fn open(path: &'a Path) -> Result<Self> {
        let (mut reader, plain) = unpack::open(path)?;
        let mut head = Vec::new();
        (&mut reader)
            .take(HEAD)
            .read_to_end(&mut head)
            .map_err(|e| io(path, e))?;
        let whole = (head.len() as u64) < HEAD;
        let start = if head.starts_with(BOM) { BOM.len() } else { 0 };
        let kind = kind::of(path, &head[start..], whole)?;
        let mut head = Cursor::new(head);
        head.set_position(start as u64);
        Ok(Self {
            path,
            kind,
            reader: Box::new(head.chain(reader)),
            start: start as u64,
            plain,
        })
    }

    /// Gives its documents to `push`, as long as it wants more; gives what is still wanted, and notes what was
    /// left out.
    pub(super) fn each(
        self,
        field: &str,
        mut wanted: usize,
        notes: &mut Vec<String>,
        push: Push<'_>,
    ) -> Result<Option<usize>> {
        let Kind::Json(split) = self.kind else {
            return self.text(wanted, push);
        };
        let path = self.path;
        let mut values = Values::new(path, self.reader, split, self.start, 1);
        let mut tally = Tally::new(path, values.unit(), field);
        let mut more = true;
        while let Some(value) = values.next()? {
            let Some(text) = tally.document(&value)? else {
                continue;
            };
            match push(&text, true) {
                Some(left) => wanted = left,
                None => {
                    more = false;
                    break;
                }
            }
        }
        notes.extend(tally.close()?);
        Ok(more.then_some(wanted))
    }

    /// The file as one document, of which `wanted` bytes are read.
    pub(super) fn text(self, wanted: usize, push: Push<'_>) -> Result<Option<usize>> {
        let mut bytes = Vec::new();
        // One byte more tells whether there is more.
        let limit = (wanted as u64).saturating_add(1);
        let read = self.reader.take(limit).read_to_end(&mut bytes);
        let whole = read.map_err(|e| io(self.path, e))? as u64 != limit;
        let not_text = |reason, offset: usize| Error::NotText {
            path: self.path.to_owned(),
            reason,
            offset: self.start + offset as u64,
        };
        let nul = bytes.iter().position(|b| *b == 0);
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(e) if nul.is_none_or(|nul| nul > e.valid_up_to()) => match e.error_len() {
                // A character that the limit cut in two.
                None if !whole => {
                    std::str::from_utf8(&bytes[..e.valid_up_to()]).unwrap_or_default()
                }
                _ => return Err(not_text("invalid UTF-8", e.valid_up_to())),
            },
            Err(_) => "",
        };
        match nul {
            Some(at) => Err(not_text("a NUL byte", at)),
            None => Ok(push(text, whole)),
        }
    }
}
