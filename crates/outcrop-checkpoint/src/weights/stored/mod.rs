//! Where a tensor lies in its files, and its bytes in row-major order.

mod change;
mod content;
mod low_rank;
mod quant;
mod read_at;
mod sum;
mod walk;

use std::io;
use std::ops::Range;
use std::path::PathBuf;

pub use self::content::BufferPool;
pub(super) use self::content::Content;
use self::low_rank::LowRank;
pub(super) use self::quant::{PACKINGS, Packing};
pub(super) use self::read_at::read_exact_at;
#[cfg(feature = "pytorch")]
pub(super) use self::walk::is_contiguous;
use self::walk::walk;
pub(super) use self::walk::{View, count, span};
use crate::DType;

/// Bytes that are read at a time; a multiple of every element's size.
const PIECE: usize = 1 << 17;

/// A tensor of a checkpoint, as its file's header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its extents; empty for a scalar.
    pub shape: Vec<usize>,
    /// The type of its elements as they are read: [`DType::F32`] for quantised ones.
    pub dtype: DType,
    /// The file that holds it, or its first part.
    pub file: PathBuf,
    /// Bytes of all its elements as they are read.
    pub bytes: u64,
}

/// A tensor and its place; every number was checked against the file's length.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) info: TensorInfo,
    pub(super) source: Source,
}

/// Where elements come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// One after another in a file.
    Run {
        /// The place of the file among those that are open.
        file: usize,
        /// The byte of the first.
        at: u64,
        /// How they are packed; as they are where there is none.
        packing: Option<&'static Packing>,
    },
    /// Some of another's, strewn over it.
    Strewn(Box<Source>, View),
    /// Boxes that others fill, which together are the whole.
    Joined {
        /// Of the whole.
        shape: Vec<usize>,
        /// None overlaps another, and nothing is left out.
        parts: Vec<Part>,
    },
    /// Others added up, and divided.
    Sum {
        dtype: DType,
        divisor: usize,
        of: Vec<Source>,
    },
    /// Numbers in F32 with a constant added.
    Plus(Box<Source>, f32),
    /// A matrix with a product of two narrow ones added.
    Added {
        to: Box<Source>,
        /// Of the sum.
        dtype: DType,
        what: Box<LowRank>,
    },
}

/// A box of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// Its place in the whole, per dimension.
    pub(super) offsets: Vec<usize>,
    /// Its extents.
    pub(super) shape: Vec<usize>,
    pub(super) source: Source,
}

/// Files that are open.
pub(super) type Files = [(PathBuf, Content)];

impl Stored {
    /// Calls `each` with the bytes of the elements `range`, counted in row-major order, piece by
    /// piece, each a whole number of elements. What follows one another in a file takes one piece
    /// of memory, another tensor the part of the file over which its rows are strewn.
    pub(super) fn pieces(
        &self,
        files: &Files,
        range: Range<usize>,
        mut each: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let size = self.info.dtype.size();
        self.source.pieces(files, size, range, &mut each)
    }
}

impl Source {
    /// As [`Stored::pieces`], for elements of `size` bytes.
    fn pieces(
        &self,
        files: &Files,
        size: usize,
        range: Range<usize>,
        each: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()> {
        match self {
            Self::Run { file, at, packing } => {
                let file = &files[*file].1;
                match packing {
                    None => plain(file, *at, size, range, each),
                    Some(packing) => packed(file, *at, packing, range, each),
                }
            }
            Self::Strewn(of, view) => {
                let (view, range) = view.rows(&range);
                let span = span(&view.shape, &view.strides).unwrap_or(0);
                let mut strewn = Vec::with_capacity(span * size);
                let within = view.first..view.first + span;
                of.pieces(files, size, within, &mut |piece| strewn.extend(piece))?;
                walk(&strewn, size, &view, range, each);
                Ok(())
            }
            Self::Sum { dtype, divisor, of } => {
                sum::sum((*dtype, *divisor, of), files, range, each)
            }
            Self::Plus(of, constant) => sum::plus((of.as_ref(), *constant), files, range, each),
            Self::Added { to, dtype, what } => {
                low_rank::added((to.as_ref(), *dtype, what.as_ref()), files, range, each)
            }
            Self::Joined { shape, parts } => match rows(shape, parts) {
                Some(row) => in_turn(parts, row, (files, size), range, each),
                None => {
                    let whole = assembled(shape, parts, files, size)?;
                    each(&whole[range.start * size..range.end * size]);
                    Ok(())
                }
            },
        }
    }
}

fn plain(
    file: &Content,
    at: u64,
    size: usize,
    range: Range<usize>,
    each: &mut dyn FnMut(&[u8]),
) -> io::Result<()> {
    let at = at + (range.start * size) as u64;
    file.pieces(at, range.len() * size, PIECE, each)
}

fn packed(
    file: &Content,
    at: u64,
    packing: &Packing,
    range: Range<usize>,
    each: &mut dyn FnMut(&[u8]),
) -> io::Result<()> {
    const SIZE: usize = size_of::<f32>();
    let at_once = PIECE / packing.elements / SIZE;
    let blocks = range.start / packing.elements..range.end.div_ceil(packing.elements);
    let (mut first, mut bytes) = (blocks.start, Vec::new());
    let from = at + (first * packing.bytes) as u64;
    let length = blocks.len() * packing.bytes;
    file.pieces(from, length, at_once * packing.bytes, |read| {
        bytes.clear();
        packing.append(read, &mut bytes);
        // the first and the last block may reach beyond the range
        let begin = first * packing.elements;
        let from = range.start.saturating_sub(begin);
        let to = (range.end - begin).min(bytes.len() / SIZE);
        if from < to {
            each(&bytes[from * SIZE..to * SIZE]);
        }
        first += at_once;
    })
}

/// Elements of a row, where every part has whole rows of the first dimension.
fn rows(shape: &[usize], parts: &[Part]) -> Option<usize> {
    let rest = shape.get(1..)?;
    let whole = |part: &Part| part.shape[1..] == *rest;
    let in_order = parts.is_sorted_by_key(|part| part.offsets[0]);
    (in_order && parts.iter().all(whole)).then(|| rest.iter().product())
}

/// Parts of whole rows, one after another.
fn in_turn(
    parts: &[Part],
    row: usize,
    (files, size): (&Files, usize),
    range: Range<usize>,
    each: &mut dyn FnMut(&[u8]),
) -> io::Result<()> {
    for part in parts {
        let begin = part.offsets[0] * row;
        let end = begin + part.shape[0] * row;
        let (from, to) = (range.start.max(begin), range.end.min(end));
        if from < to {
            let within = from - begin..to - begin;
            part.source.pieces(files, size, within, each)?;
        }
    }
    Ok(())
}

/// The bytes of all parts in their places.
fn assembled(shape: &[usize], parts: &[Part], files: &Files, size: usize) -> io::Result<Vec<u8>> {
    let strides = View::whole(shape).strides;
    let mut whole = vec![0; shape.iter().product::<usize>() * size];
    for part in parts {
        let (columns, rest) = match part.shape.split_last() {
            Some((columns, rest)) => (*columns, rest),
            None => (1, &[][..]),
        };
        let mut index = vec![0; rest.len()];
        let mut bytes = Vec::new();
        let all = 0..part.shape.iter().product();
        let read = &mut |piece: &[u8]| bytes.extend_from_slice(piece);
        part.source.pieces(files, size, all, read)?;
        let last = part.offsets.last().copied().unwrap_or(0);
        for row in bytes.chunks_exact((columns * size).max(1)) {
            let places = index.iter().zip(&part.offsets).zip(&strides);
            let before: usize = places
                .map(|((i, offset), stride)| (i + offset) * stride)
                .sum();
            let at = (before + last) * size;
            whole[at..at + row.len()].copy_from_slice(row);
            for (i, extent) in index.iter_mut().zip(rest).rev() {
                *i += 1;
                if *i < *extent {
                    break;
                }
                *i = 0;
            }
        }
    }
    Ok(whole)
}
