use std::ops::Range;

use rayon::prelude::*;

use crate::beside::block_beside;
use crate::block::{Side, block};
use crate::kernel::Onto;
use crate::pack::{DEPTH, Packed, PackedPart};
use crate::rows::LeftMatrix;

/// Rows of A at a time: they stay in the second-level cache.
const ROWS: usize = 192;

/// C = A B, [`Onto::ZERO`], or A B added to what `onto` says. The rows of C, of n numbers, are `stride` apart;
/// as many are computed as `c` begins. In parallel on the current rayon pool.
///
/// # Panics
/// Where A has fewer rows than C, or a row of C or A does not hold n or k numbers.
pub fn multiply<'b>(
    a: LeftMatrix<'_>,
    b: impl Into<PackedPart<'b>>,
    c: &mut [f32],
    stride: usize,
    onto: Onto<'_>,
) {
    let b = b.into();
    let rows = share(c.len().div_ceil(stride.max(1)));
    for range in slabs(b) {
        let (a, b, onto) = slab(range, a, b, onto);
        let parts = c.par_chunks_mut(rows * stride).enumerate();
        parts.for_each(|(i, c)| block(a.from(i * rows), Side::Packed(b), c, stride, onto));
    }
}

/// How many of `rows` a thread takes at a time, no more than [`ROWS`]: as many times as the others, and
/// whole tiles of the smallest.
fn share(rows: usize) -> usize {
    let parts = rows.div_ceil(ROWS).max(1);
    let parts = parts.next_multiple_of(rayon::current_num_threads());
    rows.div_ceil(parts).next_multiple_of(4).max(4)
}

/// As [`multiply`], on this thread.
///
/// # Panics
/// As [`multiply`].
pub fn multiply_serial<'b>(
    a: LeftMatrix<'_>,
    b: impl Into<PackedPart<'b>>,
    c: &mut [f32],
    stride: usize,
    onto: Onto<'_>,
) {
    let b = b.into();
    for range in slabs(b) {
        let (a, b, onto) = slab(range, a, b, onto);
        for (i, c) in c.chunks_mut(ROWS * stride).enumerate() {
            block(a.from(i * ROWS), Side::Packed(b), c, stride, onto);
        }
    }
}

/// C += A B, with a bias for each column where one is given, and the same sum without C in `beside`, whose rows lie as
/// those of C. Both are the bits of [`multiply_serial`], onto C and onto nothing. On this thread.
///
/// # Panics
/// As [`multiply`], and where `beside` is shorter than `c`.
///
/// ```
/// use outcrop_gemm::{LeftMatrix, Packed, multiply_beside};
///
/// let packed = Packed::new(&[2.0, 3.0], 1, 2);
/// let (mut c, mut beside) = ([10.0; 2], [0.0; 2]);
/// multiply_beside(LeftMatrix::new(&[2.0], 1), &packed, &mut c, &mut beside, 2, Some(&[0.5, 0.0]));
/// assert_eq!((c, beside), ([14.5, 16.0], [4.5, 6.0]));
/// ```
pub fn multiply_beside<'b>(
    a: LeftMatrix<'_>,
    b: impl Into<PackedPart<'b>>,
    c: &mut [f32],
    beside: &mut [f32],
    stride: usize,
    bias: Option<&[f32]>,
) {
    let b = b.into();
    assert!(beside.len() >= c.len(), "as many rows beside C");
    let blocks = c.chunks_mut(ROWS * stride);
    for (i, (c, beside)) in blocks.zip(beside.chunks_mut(ROWS * stride)).enumerate() {
        let beside = &mut beside[..c.len()];
        let slabs = slabs(b);
        block_beside(a.from(i * ROWS), b, slabs, [c, beside], stride, bias);
    }
}

/// As [`multiply_serial`] of a B that is not packed, rows of `n` numbers one after another: it is packed as the
/// first rows of A meet it, in the memory of `packed`. For a B that is used once.
///
/// # Panics
/// As [`multiply`].
pub fn multiply_packing(
    a: LeftMatrix<'_>,
    b: &[f32],
    n: usize,
    packed: &mut Packed,
    c: &mut [f32],
    stride: usize,
    onto: Onto<'_>,
) {
    let head = c.len().min(ROWS * stride);
    if packed.fits_tiles(c.len().div_ceil(stride.max(1)), b.len() / n.max(1), n) {
        packed.pack_serial(b, b.len() / n.max(1), n, n, 1);
        return multiply_serial(a, &*packed, c, stride, onto);
    }
    for range in slabs_of(b.len() / n.max(1), n) {
        let (k, values) = (range.len(), &b[range.start * n..range.end * n]);
        let (a, onto) = (a.skip_columns(range.start), onto.slice(range.start == 0));
        // beside rows of A where they lie copying would not be hidden
        let fresh = a.step > 1;
        let (head, tail) = c.split_at_mut(if fresh { head } else { 0 });
        if fresh {
            packed.room(k, n);
            block(a, Side::Fresh(values, packed), head, stride, onto);
        } else {
            packed.pack_serial(values, k, n, n, 1);
        }
        let (a, b) = (a.from(head.len() / stride.max(1)), packed.part(k, n));
        for (i, c) in tail.chunks_mut(ROWS * stride).enumerate() {
            block(a.from(i * ROWS), Side::Packed(b), c, stride, onto);
        }
    }
}

/// Those of B; all its rows for tiles, which split A for them.
fn slabs(b: PackedPart<'_>) -> impl Iterator<Item = Range<usize>> + use<> {
    let tiles = b.tiles().map(|_| 0..b.k);
    let vectors = tiles.is_none().then(|| slabs_of(b.k, b.n));
    tiles.into_iter().chain(vectors.into_iter().flatten())
}

/// Numbers of B that stay in the second-level cache beside a block's rows of A.
const NEAR: usize = 1 << 18;

/// Rows of B at a time, so that all rows of A meet them while they are near. At least two slices, since every slab
/// reads and writes C: one is 8 % slower where C is 1024 wide.
fn slabs_of(k: usize, n: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let long = (NEAR / n.max(1) / DEPTH * DEPTH).clamp(2 * DEPTH, 8 * DEPTH);
    // no rows are one slab too, which writes C
    let starts = (0..k.max(1)).step_by(long);
    starts.map(move |first| first..k.min(first + long))
}

fn slab<'a, 'b, 'c>(
    range: Range<usize>,
    a: LeftMatrix<'a>,
    b: PackedPart<'b>,
    onto: Onto<'c>,
) -> (LeftMatrix<'a>, PackedPart<'b>, Onto<'c>) {
    let first = range.start;
    (a.skip_columns(first), b.rows(range), onto.slice(first == 0))
}
