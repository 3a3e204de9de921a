use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::files::io;
use crate::{Error, Result};

/// A longer line is refused, not held.
const MAX_LINE: u64 = 256 << 20;

/// Whether every line of the file is a document, by its name.
pub(super) fn recognise(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| e.eq_ignore_ascii_case("jsonl"))
}

/// The lines of a file that are not blank.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    start: u64,
    line: u64,
}

impl Lines {
    /// The lines from the byte `start`, where the line numbered `line` starts.
    pub(super) fn open(path: &Path, start: u64, line: u64) -> Result<Self> {
        let mut file = File::open(path).map_err(|e| io(path, e))?;
        file.seek(SeekFrom::Start(start)).map_err(|e| io(path, e))?;
        Ok(Self {
            path: path.to_owned(),
            reader: BufReader::new(file),
            start,
            line,
        })
    }

    /// The number of the next line, the byte at which it starts, and its bytes.
    pub(super) fn next(&mut self) -> Result<Option<(u64, u64, Vec<u8>)>> {
        loop {
            let mut bytes = Vec::new();
            let mut limited = self.reader.by_ref().take(MAX_LINE + 1);
            let read = limited.read_until(b'\n', &mut bytes);
            let read = read.map_err(|e| io(&self.path, e))? as u64;
            let (line, start) = (self.line, self.start);
            (self.line, self.start) = (line + 1, start + read);
            if read == 0 {
                return Ok(None);
            }
            if read > MAX_LINE {
                let reason = format!("longer than {} MiB", MAX_LINE >> 20);
                return Err(wrong(&self.path, line, reason));
            }
            if !bytes.trim_ascii().is_empty() {
                return Ok(Some((line, start, bytes)));
            }
        }
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

/// The document in a line.
pub(super) fn text(path: &Path, line: u64, json: &[u8]) -> Result<String> {
    let parsed: Line<'_> =
        serde_json::from_slice(json.trim_ascii()).map_err(|e| wrong(path, line, format!("{e}")))?;
    let text = parsed.text.map(Cow::into_owned);
    text.ok_or_else(|| wrong(path, line, "field `text` is missing or null".into()))
}

fn wrong(path: &Path, line: u64, reason: String) -> Error {
    Error::Jsonl {
        path: path.to_owned(),
        line,
        reason,
    }
}
