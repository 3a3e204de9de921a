use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use super::files::io;
use super::kind::Split;
use crate::{Error, Result};

/// A longer value is refused, not held.
const MAX_VALUE: u64 = 256 << 20;

/// One JSON value of a file.
pub(super) struct Value {
    /// Its number, counted from 1: of its line, or among the values.
    pub(super) number: u64,
    /// The byte of the content at which it starts.
    pub(super) start: u64,
    pub(super) json: Vec<u8>,
}

/// The JSON values of a file, one after another.
pub(super) struct Values {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    split: Split,
    start: u64,
    number: u64,
    /// Whether the array has begun, and whether it has ended.
    begun: bool,
    ended: bool,
}

impl Values {
    /// The values from the byte `start` of the content, where the value or line numbered `number` starts.
    pub(super) fn new(
        path: &Path,
        reader: Box<dyn BufRead>,
        split: Split,
        start: u64,
        number: u64,
    ) -> Self {
        Self {
            path: path.to_owned(),
            reader,
            split,
            start,
            number,
            begun: false,
            ended: false,
        }
    }

    /// What is left to read, and the byte of the content at which it starts.
    pub(super) fn rest(self) -> (Box<dyn BufRead>, u64) {
        (self.reader, self.start)
    }

    /// What the values are counted by.
    pub(super) fn unit(&self) -> &'static str {
        match self.split {
            Split::Lines => "line",
            Split::Array | Split::Values => "document",
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Value>> {
        match self.split {
            Split::Lines => self.line(),
            Split::Array | Split::Values => self.value(),
        }
    }

    /// The next line that is not blank.
    fn line(&mut self) -> Result<Option<Value>> {
        loop {
            let mut json = Vec::new();
            let mut limited = self.reader.by_ref().take(MAX_VALUE + 1);
            let read = limited.read_until(b'\n', &mut json);
            let read = read.map_err(|e| io(&self.path, e))? as u64;
            let (number, start) = (self.number, self.start);
            if read == 0 {
                return Ok(None);
            }
            (self.number, self.start) = (number + 1, start + read);
            if read > MAX_VALUE {
                self.number = number;
                return Err(self.too_long());
            }
            if !json.trim_ascii().is_empty() {
                return Ok(Some(Value {
                    number,
                    start,
                    json,
                }));
            }
        }
    }

    /// The next value of an array, or among others.
    fn value(&mut self) -> Result<Option<Value>> {
        let array = self.split == Split::Array;
        if array && !self.begun {
            self.begun = true;
            self.expect(b'[')?;
            if self.first()? == Some(b']') {
                return self.end();
            }
        } else if array && self.number > 1 && self.begun {
            match self.first()? {
                Some(b',') => self.consume(1),
                Some(b']') => return self.end(),
                Some(_) => {
                    return Err(self.wrong("there is no comma between it and the one before"));
                }
                None => return Err(self.wrong("the array does not end; was the file cut short?")),
            }
        }
        // values that an array would hold stand there without it
        if self.split == Split::Values && self.number > 1 && self.first()? == Some(b',') {
            self.consume(1);
        }
        match self.first()? {
            None if array => Err(self.wrong("the array does not end; was the file cut short?")),
            None => Ok(None),
            Some(_) => self.whole().map(Some),
        }
    }

    /// The end of the array, behind which nothing may stand.
    fn end(&mut self) -> Result<Option<Value>> {
        if !std::mem::replace(&mut self.ended, true) {
            self.expect(b']')?;
        }
        match self.first()? {
            None => Ok(None),
            Some(_) => Err(self.wrong("there is something after the end of the array")),
        }
    }

    /// The value that starts here: up to where all that it opens is closed.
    fn whole(&mut self) -> Result<Value> {
        let (number, start) = (self.number, self.start);
        let mut json = Vec::new();
        let mut scan = Scan::default();
        loop {
            let bytes = self.reader.fill_buf().map_err(|e| io(&self.path, e))?;
            if bytes.is_empty() {
                // what lies behind it in the file would be lost with it
                if self.split == Split::Values && scan.open() {
                    return Err(self.wrong(
                        "it does not end; is a brace or a quote in it not closed, or was the file cut short?",
                    ));
                }
                break;
            }
            let end = bytes.iter().position(|byte| scan.ends_before(*byte));
            let n = end.unwrap_or(bytes.len());
            json.extend_from_slice(&bytes[..n]);
            self.consume(n);
            if json.len() as u64 > MAX_VALUE {
                return Err(self.too_long());
            }
            if end.is_some() {
                break;
            }
        }
        self.number = number + 1;
        Ok(Value {
            number,
            start,
            json,
        })
    }

    /// The next byte that is no space.
    fn first(&mut self) -> Result<Option<u8>> {
        loop {
            let bytes = self.reader.fill_buf().map_err(|e| io(&self.path, e))?;
            let spaces = bytes.iter().take_while(|b| b" \t\r\n".contains(b)).count();
            let (first, empty) = (bytes.get(spaces).copied(), bytes.is_empty());
            self.consume(spaces);
            if first.is_some() || empty {
                return Ok(first);
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        match self.first()? {
            Some(found) if found == byte => {
                self.consume(1);
                Ok(())
            }
            _ => Err(self.wrong("it is no array of JSON")),
        }
    }

    fn consume(&mut self, n: usize) {
        self.reader.consume(n);
        self.start += n as u64;
    }

    fn too_long(&self) -> Error {
        self.wrong(&format!("longer than {} MiB", MAX_VALUE >> 20))
    }

    fn wrong(&self, reason: &str) -> Error {
        Error::Json {
            path: self.path.clone(),
            unit: self.unit(),
            number: self.number,
            reason: reason.into(),
        }
    }
}

/// How far a value is read.
#[derive(Default)]
struct Scan {
    depth: u64,
    string: bool,
    escaped: bool,
    scalar: bool,
    done: bool,
}

impl Scan {
    /// Whether a string, an object or an array has begun and not ended.
    fn open(&self) -> bool {
        self.string || self.depth > 0
    }

    /// Whether the value ends before `byte`; its bytes are to be given in order.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.done {
            return true;
        }
        if self.string {
            let ends = byte == b'"' && !self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            self.string = !ends;
            self.done = ends && self.depth == 0;
            return false;
        }
        match byte {
            b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' if self.scalar && self.depth == 0 => {
                return true;
            }
            b'"' => self.string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.done = self.depth == 0;
            }
            _ => self.scalar = self.depth == 0,
        }
        false
    }
}
