//! The log of LevelDB (<https://github.com/google/leveldb/blob/main/doc/log_format.md>), with a header before it and
//! the CRC-32 of zlib in the place of a masked CRC-32C.

use crate::checksum::zlib;

const BLOCK: usize = 32_768;
/// Checksum (u32), length (u16) and kind (u8) of a part.
const BEFORE: usize = 7;
/// `:W&B`, the number 0xBEE1, version 0.
const HEADER: [u8; 7] = *b":W&B\xe1\xbe\0";

/// What part of a record a part is.
mod kind {
    pub(super) const WHOLE: u8 = 1;
    pub(super) const FIRST: u8 = 2;
    pub(super) const MIDDLE: u8 = 3;
    pub(super) const LAST: u8 = 4;
}

/// A log that is being written.
pub(super) struct Log(Vec<u8>);

impl Log {
    pub(super) fn new() -> Self {
        Self(HEADER.to_vec())
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0
    }

    /// Appends a record, in parts where it does not fit into the block.
    pub(super) fn append(&mut self, record: &[u8]) {
        let mut rest = record;
        let mut begun = false;
        loop {
            let mut room = BLOCK - self.0.len() % BLOCK;
            if room < BEFORE {
                self.0.extend(vec![0; room]);
                room = BLOCK;
            }
            let (part, behind) = rest.split_at(rest.len().min(room - BEFORE));
            let ends = behind.is_empty();
            let kind = match (begun, ends) {
                (false, true) => kind::WHOLE,
                (false, false) => kind::FIRST,
                (true, false) => kind::MIDDLE,
                (true, true) => kind::LAST,
            };
            self.part(kind, part);
            if ends {
                return;
            }
            (rest, begun) = (behind, true);
        }
    }

    fn part(&mut self, kind: u8, part: &[u8]) {
        self.0.extend(zlib([&[kind], part]).to_le_bytes());
        self.0.extend((part.len() as u16).to_le_bytes());
        self.0.push(kind);
        self.0.extend_from_slice(part);
    }
}
