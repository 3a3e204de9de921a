use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::files::io;
use super::jsonl::{self, Lines};
use crate::{Error, Result};

/// Takes a document, or its beginning, and whether it is whole; gives the bytes that are still
/// wanted.
type Push<'a> = &'a mut dyn FnMut(&str, bool) -> Option<usize>;

/// Where a document is: a line of a `.jsonl` file, counted from 1, or a whole file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    File(PathBuf),
    Line {
        path: PathBuf,
        line: u64,
        start: u64,
    },
}

/// The places of all documents in `files`.
pub(super) fn places(files: &[PathBuf]) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for path in files {
        if !jsonl::recognise(path) {
            places.push(Place::File(path.clone()));
            continue;
        }
        let mut lines = Lines::open(path, 0, 1)?;
        while let Some((line, start, _)) = lines.next()? {
            let path = path.clone();
            places.push(Place::Line { path, line, start });
        }
    }
    Ok(places)
}

/// Gives the documents of `files` to `push`, as long as it wants more.
pub(super) fn in_order(files: &[PathBuf], mut wanted: usize, push: Push<'_>) -> Result<()> {
    for path in files {
        if !jsonl::recognise(path) {
            match whole_file(path, wanted, push)? {
                Some(more) => wanted = more,
                None => return Ok(()),
            }
            continue;
        }
        let mut lines = Lines::open(path, 0, 1)?;
        while let Some((line, _, json)) = lines.next()? {
            match push(&jsonl::text(path, line, &json)?, true) {
                Some(more) => wanted = more,
                None => return Ok(()),
            }
        }
    }
    Ok(())
}

/// Gives the documents at `places` to `push`, as long as it wants more.
pub(super) fn at(places: &[Place], mut wanted: usize, push: Push<'_>) -> Result<()> {
    for place in places {
        let more = match place {
            Place::File(path) => whole_file(path, wanted, push)?,
            Place::Line { path, line, start } => {
                let found = Lines::open(path, *start, *line)?.next()?;
                let (_, _, json) = found.unwrap_or_default();
                push(&jsonl::text(path, *line, &json)?, true)
            }
        };
        match more {
            Some(more) => wanted = more,
            None => return Ok(()),
        }
    }
    Ok(())
}

fn whole_file(path: &Path, wanted: usize, push: Push<'_>) -> Result<Option<usize>> {
    let mut file = File::open(path).map_err(|e| io(path, e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| io(path, e))?;
    let mut bytes = Vec::new();
    // One byte more tells whether there is more.
    let read = file.take(wanted as u64 + 1).read_to_end(&mut bytes);
    let whole = read.map_err(|e| io(path, e))? <= wanted;
    let not_text = |reason, offset: usize| Error::NotText {
        path: path.to_owned(),
        reason,
        offset: offset as u64,
    };
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        return Err(not_text("a NUL byte", at));
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        // A character that the limit cut in two.
        Err(e) if e.error_len().is_none() && !whole => {
            std::str::from_utf8(&bytes[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(e) => return Err(not_text("invalid UTF-8", e.valid_up_to())),
    };
    Ok(push(text, whole))
}
