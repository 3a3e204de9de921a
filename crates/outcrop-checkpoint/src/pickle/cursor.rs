//! The bytes of a pickle, read once from the beginning to the end.

use super::{Refusal, Result};

pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The length of the whole.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn broken(&self, what: &str) -> Refusal {
        Refusal::Other(format!("its pickle {what}, before byte {}", self.at))
    }

    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(n).filter(|e| *e <= self.bytes.len());
        let end = end.ok_or(Refusal::CutShort)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned little-endian number of `n` bytes, at most 8.
    pub(super) fn number(&mut self, n: usize) -> Result<u64> {
        let bytes = self.take(n)?.iter().rev();
        Ok(bytes.fold(0, |number, b| number << 8 | u64::from(*b)))
    }

    /// As many bytes as a number of `width` bytes says.
    pub(super) fn counted(&mut self, width: usize) -> Result<&'a [u8]> {
        let length = usize::try_from(self.number(width)?);
        self.take(length.map_err(|_| Refusal::CutShort)?)
    }

    pub(super) fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| *b == b'\n');
        let line = self.take(length.ok_or(Refusal::CutShort)?)?;
        self.at += 1;
        self.text(line)
    }

    pub(super) fn text(&self, bytes: &'a [u8]) -> Result<&'a str> {
        std::str::from_utf8(bytes).map_err(|_| self.broken("has text that is not UTF-8"))
    }

    /// The signed number of as many bytes as the next byte says; none if it is longer than 8.
    pub(super) fn signed(&mut self) -> Result<Option<i64>> {
        let n = usize::from(self.byte()?);
        match n {
            0 => Ok(Some(0)),
            1..=8 => {
                let unused = 64 - 8 * n as u32;
                Ok(Some((self.number(n)? << unused) as i64 >> unused))
            }
            _ => self.take(n).map(|_| None),
        }
    }
}
