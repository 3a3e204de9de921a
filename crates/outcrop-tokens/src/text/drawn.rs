//! Documents that are found in one pass, and fetched in another.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::document::{Opened, Push};
use super::files::io;
use super::json;
use super::kind::{Kind, Split};
use super::tally::Tally;
use super::values::Values;
use crate::Result;

/// Documents that are fetched at once, in the order in which they stand, whatever the order in which they
/// are wanted: a compressed file can be read from its beginning only.
const AT_ONCE: usize = 256;

/// Where a document is: the number of its file, and where in the content of that it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DocumentPlace {
    file: u32,
    number: u64,
    start: u64,
}

/// The places of all documents in `files`; what is left out is noted.
pub(super) fn places(
    files: &[PathBuf],
    field: &str,
    notes: &mut Vec<String>,
) -> Result<Vec<DocumentPlace>> {
    let mut places = Vec::new();
    for (file, path) in (0..).zip(files) {
        let opened = Opened::open(path)?;
        let Kind::Json(split) = opened.kind else {
            let (number, start) = (0, 0);
            places.push(DocumentPlace {
                file,
                number,
                start,
            });
            continue;
        };
        let mut values = Values::new(path, opened.reader, split, opened.start, 1);
        let mut tally = Tally::new(path, values.unit(), field);
        while let Some(value) = values.next()? {
            if tally.document(&value)?.is_some() {
                let (number, start) = (value.number, value.start);
                places.push(DocumentPlace {
                    file,
                    number,
                    start,
                });
            }
        }
        notes.extend(tally.close()?);
    }
    Ok(places)
}

/// Gives the documents at `places` to `push`, as long as it wants more.
pub(super) fn at(
    files: &[PathBuf],
    places: &[DocumentPlace],
    field: &str,
    mut wanted: usize,
    push: Push<'_>,
) -> Result<()> {
    for some in places.chunks(AT_ONCE) {
        let mut order: Vec<usize> = (0..some.len()).collect();
        order.sort_by_key(|i| (some[*i].file, some[*i].start));
        let mut texts = vec![(String::new(), true); some.len()];
        let mut within: Option<Within<'_>> = None;
        for i in order {
            let place = some[i];
            let mut file = match within.take().filter(|within| within.file == place.file) {
                Some(file) => file,
                None => Within::open(files, place.file)?,
            };
            texts[i] = file.document(place, field, wanted)?;
            within = Some(file);
        }
        for (text, whole) in texts {
            match push(&text, whole) {
                Some(more) => wanted = more,
                None => return Ok(()),
            }
        }
    }
    Ok(())
}

/// A file within which documents are fetched, one after another.
struct Within<'a> {
    file: u32,
    path: &'a Path,
    kind: Kind,
    /// What is left of a compressed file, and where in the content that is.
    packed: Option<(Box<dyn BufRead>, u64)>,
}

impl<'a> Within<'a> {
    fn open(files: &'a [PathBuf], file: u32) -> Result<Self> {
        let path = &files[file as usize];
        let opened = Opened::open(path)?;
        Ok(Self {
            file,
            path,
            kind: opened.kind,
            packed: (!opened.plain).then_some((opened.reader, opened.start)),
        })
    }

    /// The document at `place`, or about `wanted` bytes of it, and whether it is whole.
    fn document(
        &mut self,
        place: DocumentPlace,
        field: &str,
        wanted: usize,
    ) -> Result<(String, bool)> {
        let Kind::Json(split) = self.kind else {
            let mut found = (String::new(), true);
            Opened::open(self.path)?.text(wanted, &mut |text, whole| {
                found = (text.to_owned(), whole);
                None
            })?;
            return Ok(found);
        };
        let reader = self.reader_at(place.start).map_err(|e| io(self.path, e))?;
        // a value that stands in an array is one by itself
        let split = if split == Split::Lines {
            split
        } else {
            Split::Values
        };
        let mut values = Values::new(self.path, reader, split, place.start, place.number);
        let value = values.next()?;
        let json = value
            .as_ref()
            .map_or(&[][..], |value| value.json.trim_ascii());
        let text = json::document(json, field).map(|text| text.into_owned());
        if let Some((reader, at)) = &mut self.packed {
            (*reader, *at) = values.rest();
        }
        // it was whole when its place was found
        text.map(|text| (text, true))
            .map_err(|_| changed(self.path))
    }

    /// What stands from the byte `start` of the content.
    fn reader_at(&mut self, start: u64) -> io::Result<Box<dyn BufRead>> {
        let Some((reader, at)) = &mut self.packed else {
            let mut file = File::open(self.path)?;
            file.seek(SeekFrom::Start(start))?;
            return Ok(Box::new(BufReader::new(file)));
        };
        let mut skipped = reader.take(start.saturating_sub(*at));
        io::copy(&mut skipped, &mut io::sink())?;
        Ok(std::mem::replace(reader, Box::new(io::empty())))
    }
}

fn changed(path: &Path) -> crate::Error {
    io(path, io::Error::other("it changed while it was read"))
}
