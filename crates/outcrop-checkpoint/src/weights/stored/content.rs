use std::fs::File;
use std::io::{self, Read, Seek};

use super::read_exact_at;

/// The bytes of a file that is open: on the disk, or all of them in memory.
#[derive(Debug)]
pub(crate) enum Content {
    Disk(File),
    Memory(Vec<u8>),
}

impl Content {
    /// Its length in bytes.
    pub(crate) fn length(&self) -> io::Result<u64> {
        match self {
            Self::Disk(file) => Ok(file.metadata()?.len()),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Takes all of it into memory.
    pub(crate) fn hold(&mut self) -> io::Result<()> {
        if let Self::Disk(file) = self {
            let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
            // into memory that is not cleared before
            let mut bytes = Vec::with_capacity(length);
            file.rewind()?;
            if file.take(length as u64).read_to_end(&mut bytes)? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            *self = Self::Memory(bytes);
        }
        Ok(())
    }

    /// Hands what lies from `at` on to `each`, `length` bytes in pieces of at most `piece`.
    pub(crate) fn pieces(
        &self,
        at: u64,
        length: usize,
        piece: usize,
        mut each: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                let from = usize::try_from(at).map_err(io::Error::other)?;
                let end = from.checked_add(length);
                let part = end.and_then(|end| bytes.get(from..end));
                let part = part.ok_or(io::ErrorKind::UnexpectedEof)?;
                part.chunks(piece).for_each(each);
            }
            Self::Disk(file) => {
                let mut buffer = vec![0; length.min(piece)];
                for first in (0..length).step_by(piece) {
                    let bytes = &mut buffer[..piece.min(length - first)];
                    read_exact_at(file, bytes, at + first as u64)?;
                    each(bytes);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_memory_is_read_as_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let written: Vec<u8> = (0..=255).collect();
        std::fs::write(&path, &written).unwrap();
        let mut content = Content::Disk(File::open(&path).unwrap());
        let read = |content: &Content, at: u64, length: usize| {
            let mut found = Vec::new();
            let read = content.pieces(at, length, 7, |piece| found.push(piece.to_vec()));
            (read.map_err(|e| e.kind()), found)
        };
        let places = [(0, 256), (3, 20), (256, 0), (250, 6)];
        let from_disk = places.map(|(at, length)| read(&content, at, length));
        assert_eq!(from_disk[1].1.concat(), written[3..23]);
        content.hold().unwrap();
        assert!(matches!(content, Content::Memory(_)));
        assert_eq!(content.length().unwrap(), 256);
        let held = places.map(|(at, length)| read(&content, at, length));
        assert_eq!(held, from_disk);
        let beyond = read(&content, 250, 7).0;
        assert_eq!(beyond, Err(io::ErrorKind::UnexpectedEof));
    }
}
