//! A part of a file, read as a file of its own.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::super::stored::read_exact_at;

pub(super) struct Slice<'a> {
    file: &'a File,
    /// Its first byte in the file.
    start: u64,
    length: u64,
    at: u64,
}

impl<'a> Slice<'a> {
    /// The `length` bytes from `start` on, which the file has.
    pub(super) fn new(file: &'a File, start: u64, length: u64) -> Self {
        Self {
            file,
            start,
            length,
            at: 0,
        }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Slice<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at);
        let n = left.min(bytes.len() as u64) as usize;
        read_exact_at(self.file, &mut bytes[..n], self.start + self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Slice<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
