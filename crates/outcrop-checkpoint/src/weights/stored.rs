//! The position of a tensor in its file, and its bytes in row-major order.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use crate::DType;

/// Bytes that are read at a time; a multiple of every element's size.
const PIECE: usize = 1 << 17;

/// A tensor of a checkpoint, as its file's header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its extents; empty for a scalar.
    pub shape: Vec<usize>,
    /// The type of its elements.
    pub dtype: DType,
    /// The file that holds it.
    pub file: PathBuf,
    /// Bytes of all its elements.
    pub bytes: u64,
}

/// A tensor and its place; every number was checked against the file's length.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) info: TensorInfo,
    /// The place of its file among those that are open.
    pub(super) file: usize,
    /// The position of its first element in the file, in bytes.
    pub(super) at: u64,
    /// Elements from one index to the next, per dimension; none where they follow one another.
    pub(super) strides: Option<Vec<usize>>,
}

impl Stored {
    /// Calls `each` with the bytes of the elements `range`, counted in row-major order, piece by
    /// piece, each a whole number of elements. What follows one another in the file takes one piece
    /// of memory, another tensor the part of the file over which it is strewn.
    pub(super) fn pieces(
        &self,
        file: &File,
        range: Range<usize>,
        mut each: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let size = self.info.dtype.size();
        if let Some(strides) = &self.strides {
            return self.gather(file, strides, range, each);
        }
        let mut at = self.at + (range.start * size) as u64;
        let mut left = range.len() * size;
        let mut piece = vec![0; left.min(PIECE)];
        while left > 0 {
            let bytes = &mut piece[..left.min(PIECE)];
            read_exact_at(file, bytes, at)?;
            each(bytes);
            at += bytes.len() as u64;
            left -= bytes.len();
        }
        Ok(())
    }

    fn gather(
        &self,
        file: &File,
        strides: &[usize],
        range: Range<usize>,
        each: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let (shape, size) = (&self.info.shape, self.info.dtype.size());
        let mut strewn = vec![0; span(shape, strides).unwrap_or(0) * size];
        read_exact_at(file, &mut strewn, self.at)?;
        match size {
            1 => walk(strewn.as_chunks::<1>().0, shape, strides, range, each),
            2 => walk(strewn.as_chunks::<2>().0, shape, strides, range, each),
            4 => walk(strewn.as_chunks::<4>().0, shape, strides, range, each),
            8 => walk(strewn.as_chunks::<8>().0, shape, strides, range, each),
            _ => walk(strewn.as_chunks::<16>().0, shape, strides, range, each),
        }
        Ok(())
    }
}

/// The elements `range` of those that are strewn by `strides`, in row-major order, by pieces.
fn walk<const N: usize>(
    strewn: &[[u8; N]],
    shape: &[usize],
    strides: &[usize],
    mut range: Range<usize>,
    mut each: impl FnMut(&[u8]),
) {
    let Some(((columns, stride), last)) = shape
        .last()
        .zip(strides.last())
        .zip(shape.len().checked_sub(1))
    else {
        return;
    };
    let mut index = vec![0; shape.len()];
    let mut rest = range.start;
    for (i, extent) in index.iter_mut().zip(shape).rev() {
        (*i, rest) = (rest % extent.max(&1), rest / extent.max(&1));
    }
    let mut place: usize = index.iter().zip(strides).map(|(i, s)| i * s).sum();
    let mut piece = Vec::with_capacity(PIECE.min(range.len() * N));
    while !range.is_empty() {
        let room = (PIECE - piece.len()) / N;
        let n = (columns - index[last]).min(range.len()).min(room);
        piece.extend((0..n).flat_map(|i| strewn[place + i * stride]));
        range.start += n;
        index[last] += n;
        place += n * stride;
        if piece.len() == PIECE || range.is_empty() {
            each(&piece);
            piece.clear();
        }
        for dimension in (0..shape.len()).rev() {
            if index[dimension] < shape[dimension] {
                break;
            }
            place -= strides[dimension] * shape[dimension];
            index[dimension] = 0;
            if dimension > 0 {
                index[dimension - 1] += 1;
                place += strides[dimension - 1];
            }
        }
    }
}

/// Elements from a tensor's first to its last in storage, both counted; none where that overflows.
pub(super) fn span(shape: &[usize], strides: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    let mut reach = shape
        .iter()
        .zip(strides)
        .map(|(n, s)| (n - 1).checked_mul(*s));
    reach.try_fold(1, |span: usize, far| span.checked_add(far?))
}

/// Whether elements follow one another in row-major order.
#[cfg(feature = "pytorch")]
pub(super) fn is_contiguous(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    shape.contains(&0)
        || shape.iter().zip(strides).rev().all(|(extent, stride)| {
            let fits = *extent == 1 || *stride == expected;
            expected *= extent;
            fits
        })
}

#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => (bytes, at) = (&mut bytes[n..], at + n as u64),
        }
    }
    Ok(())
}

/// Where there are no positioned reads, the cursor of a file is moved: one reader at a time.
#[cfg(not(any(unix, windows)))]
pub(super) fn read_exact_at(mut file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    static CURSOR: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = CURSOR.lock();
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(bytes)
}
