use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "checksums")]
use rayon::prelude::*;

use super::read_exact_at;

thread_local! {
    /// Used again, since fresh memory causes page faults.
    static BUFFER: RefCell<Vec<u8>> = RefCell::default();
}

/// Memory for files that are held one after another: that of those that are not needed any more is used again, since fresh memory
/// is slow.
#[derive(Clone, Debug, Default)]
pub struct BufferPool(Arc<Mutex<Vec<Vec<u8>>>>);

impl BufferPool {
    fn take(&self) -> Vec<u8> {
        self.spare().pop().unwrap_or_default()
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All bytes of a file; their memory goes back to where it came from.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    bytes: Vec<u8>,
    pool: BufferPool,
}

impl Deref for HeldBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.pool.spare().push(std::mem::take(&mut self.bytes));
    }
}

/// Bytes that a thread reads at a time of a file that is held.
#[cfg(feature = "checksums")]
const SHARE: usize = 1 << 20;

/// Reads the bytes of a file from its beginning on, in parallel on the current rayon pool.
#[cfg(feature = "checksums")]
fn read_all(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    let shares = bytes.par_chunks_mut(SHARE).enumerate();
    shares.try_for_each(|(i, share)| read_exact_at(file, share, (i * SHARE) as u64))
}

#[cfg(not(feature = "checksums"))]
fn read_all(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    read_exact_at(file, bytes, 0)
}

/// The bytes of a file that is open: on the disk, or all of them in memory.
#[derive(Debug)]
pub(crate) enum Content {
    Disk(File),
    Memory(Arc<HeldBytes>),
}

impl Content {
    /// Its length in bytes.
    pub(crate) fn length(&self) -> io::Result<u64> {
        match self {
            Self::Disk(file) => Ok(file.metadata()?.len()),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// The same bytes once more, if they are in memory.
    #[cfg(feature = "checksums")]
    pub(crate) fn shared(&self) -> Option<Self> {
        match self {
            Self::Memory(bytes) => Some(Self::Memory(Arc::clone(bytes))),
            Self::Disk(_) => None,
        }
    }

    /// Takes all of it into memory.
    pub(crate) fn hold(&mut self, pool: &BufferPool) -> io::Result<()> {
        if let Self::Disk(file) = self {
            let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
            let mut bytes = pool.take();
            // what was there is read over
            bytes.resize(length, 0);
            read_all(file, &mut bytes)?;
            let pool = pool.clone();
            *self = Self::Memory(Arc::new(HeldBytes { bytes, pool }));
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
                // whoever reads meanwhile on this thread finds none
                let mut buffer = BUFFER.take();
                buffer.resize(buffer.len().max(length.min(piece)), 0);
                for first in (0..length).step_by(piece) {
                    let bytes = &mut buffer[..piece.min(length - first)];
                    read_exact_at(file, bytes, at + first as u64)?;
                    each(bytes);
                }
                BUFFER.set(buffer);
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
        let pool = BufferPool::default();
        content.hold(&pool).unwrap();
        assert!(matches!(content, Content::Memory(_)));
        assert_eq!(content.length().unwrap(), 256);
        let held = places.map(|(at, length)| read(&content, at, length));
        assert_eq!(held, from_disk);
        let beyond = read(&content, 250, 7).0;
        assert_eq!(beyond, Err(io::ErrorKind::UnexpectedEof));
        // the memory is used again, once nobody has it
        let other = content.shared();
        drop(content);
        assert!(pool.spare().is_empty());
        drop(other);
        assert_eq!(pool.take().len(), 256);
    }
}
