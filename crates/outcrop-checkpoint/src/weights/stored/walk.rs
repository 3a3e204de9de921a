//! Elements that are strewn by strides, in row-major order.

use super::PIECE;

/// A box of elements among others that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// The place of its first element.
    pub(crate) first: usize,
    /// Its extents. A tensor's own shape may be another of the same elements.
    pub(crate) shape: Vec<usize>,
    /// Elements from one index to the next, per dimension.
    pub(crate) strides: Vec<usize>,
}

impl View {
    /// All elements of a tensor of that shape, one after another.
    pub(crate) fn whole(shape: &[usize]) -> Self {
        let mut strides = vec![1; shape.len()];
        for i in (1..shape.len()).rev() {
            strides[i - 1] = strides[i] * shape[i];
        }
        Self {
            first: 0,
            shape: shape.to_vec(),
            strides,
        }
    }

    pub(crate) fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The rows of the first dimension over which the elements `range` lie, as a view of their own, and
    /// the range in it.
    pub(super) fn rows(&self, range: &std::ops::Range<usize>) -> (Self, std::ops::Range<usize>) {
        let Some((extent, rest)) = self.shape.split_first() else {
            return (self.clone(), range.clone());
        };
        let row: usize = rest.iter().product();
        let from = range.start.checked_div(row).unwrap_or(0);
        let to = range.end.checked_next_multiple_of(row.max(1));
        let to = to.and_then(|end| end.checked_div(row)).unwrap_or(*extent);
        let mut view = self.clone();
        view.first += from * self.strides[0];
        view.shape[0] = to.min(*extent).saturating_sub(from);
        (view, range.start - from * row..range.end - from * row)
    }
}

/// The elements `range` of a view of `strewn`, which begins with the view's first element, each of `size`
/// bytes, by pieces.
pub(super) fn walk(
    strewn: &[u8],
    size: usize,
    view: &View,
    range: std::ops::Range<usize>,
    each: &mut dyn FnMut(&[u8]),
) {
    match size {
        1 => steps(strewn.as_chunks::<1>().0, view, range, each),
        2 => steps(strewn.as_chunks::<2>().0, view, range, each),
        4 => steps(strewn.as_chunks::<4>().0, view, range, each),
        8 => steps(strewn.as_chunks::<8>().0, view, range, each),
        _ => steps(strewn.as_chunks::<16>().0, view, range, each),
    }
}

fn steps<const N: usize>(
    strewn: &[[u8; N]],
    View { shape, strides, .. }: &View,
    mut range: std::ops::Range<usize>,
    each: &mut dyn FnMut(&[u8]),
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

/// Elements of a tensor; none where that overflows.
pub(crate) fn count(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1usize, |n, extent| n.checked_mul(*extent))
}

/// Elements from a tensor's first to its last in storage, both counted; none where that overflows.
pub(crate) fn span(shape: &[usize], strides: &[usize]) -> Option<usize> {
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
pub(crate) fn is_contiguous(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    shape.contains(&0)
        || shape.iter().zip(strides).rev().all(|(extent, stride)| {
            let fits = *extent == 1 || *stride == expected;
            expected *= extent;
            fits
        })
}
