//! Matrices to which a product of two narrow ones was added, as peft computes it on a CPU: W + scale B A.

use std::io;
use std::ops::Range;

use super::sum::{append, rounded};
use super::{Files, PIECE, Source, Stored};
use crate::DType;
use crate::dtype::append_f32;

/// Two narrow matrices: a is [rank, in], b is [out, rank].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LowRank {
    a: Source,
    b: Source,
    rank: usize,
    columns: usize,
    scale: f32,
    dtype: DType,
}

impl Stored {
    /// The matrix with `scale` times the product of `b` [out, rank] and `a` [rank, in] added; `transposed` says
    /// that it is [in, out], and not [out, in].
    pub(crate) fn with_low_rank(
        &self,
        (a, b): (&Self, &Self),
        scale: f64,
        transposed: bool,
    ) -> Result<Self, String> {
        let ([rank, inputs], [outputs, other], [rows, columns]) =
            (&a.info.shape[..], &b.info.shape[..], &self.info.shape[..])
        else {
            return Err("is no product of two matrices that is added to a third".into());
        };
        let expected = match transposed {
            false => (outputs, inputs),
            true => (inputs, outputs),
        };
        if rank != other || (rows, columns) != expected {
            let shapes = [&b.info.shape, &a.info.shape, &self.info.shape];
            return Err(format!(
                "has the shapes {shapes:?} of B, A and the matrix, which do not fit"
            ));
        }
        let is_float =
            |stored: &Self| matches!(stored.info.dtype, DType::F32 | DType::F16 | DType::BF16);
        if !(is_float(self) && is_float(a) && a.info.dtype == b.info.dtype) {
            let dtypes = [b.info.dtype, a.info.dtype, self.info.dtype];
            return Err(format!(
                "has {dtypes:?} for B, A and the matrix; read are F32, F16 and BF16, the same for B and A"
            ));
        }
        let (first, second) = match transposed {
            false => (b.clone(), a.clone()),
            true => (a.transposed()?, b.transposed()?),
        };
        let of = LowRank {
            a: second.source,
            b: first.source,
            rank: *rank,
            columns: *columns,
            scale: scale as f32,
            dtype: a.info.dtype,
        };
        let mut whole = self.clone();
        whole.source = Source::Added {
            to: Box::new(self.source.clone()),
            dtype: self.info.dtype,
            what: Box::new(of),
        };
        Ok(whole)
    }
}

fn numbers(
    (source, dtype): (&Source, DType),
    files: &Files,
    range: Range<usize>,
) -> io::Result<Vec<f32>> {
    let mut numbers = Vec::with_capacity(range.len());
    source.pieces(files, dtype.size(), range, &mut |bytes| {
        append_f32(bytes, dtype, &mut numbers);
    })?;
    Ok(numbers)
}

/// The elements `range` of the sum, by rows.
pub(super) fn added(
    (to, dtype, what): (&Source, DType, &LowRank),
    files: &Files,
    range: Range<usize>,
    each: &mut dyn FnMut(&[u8]),
) -> io::Result<()> {
    let columns = what.columns;
    if range.is_empty() || columns == 0 {
        return Ok(());
    }
    let rows = range.start / columns..range.end.div_ceil(columns);
    let a = numbers((&what.a, what.dtype), files, 0..what.rank * columns)?;
    let at_once = (PIECE / dtype.size() / columns).max(1);
    let mut bytes = Vec::new();
    for first in rows.clone().step_by(at_once) {
        let some = first..rows.end.min(first + at_once);
        let of_b = some.start * what.rank..some.end * what.rank;
        let b = numbers((&what.b, what.dtype), files, of_b)?;
        let held = some.start * columns..some.end * columns;
        let mut sums = numbers((to, dtype), files, held.clone())?;
        for (row, sums) in sums.chunks_exact_mut(columns).enumerate() {
            let product = product(&b[row * what.rank..][..what.rank], &a, columns);
            for (sum, product) in sums.iter_mut().zip(product) {
                *sum += rounded(product * what.scale, what.dtype);
            }
        }
        bytes.clear();
        let from = range.start.max(held.start) - held.start;
        let to = range.end.min(held.end) - held.start;
        for sum in &sums[from..to] {
            append(*sum, dtype, &mut bytes);
        }
        each(&bytes);
    }
    Ok(())
}

/// A row of the product of two matrices.
fn product(row: &[f32], a: &[f32], columns: usize) -> Vec<f32> {
    let mut product = vec![0.0; columns];
    for (factor, of_rank) in row.iter().zip(a.chunks_exact(columns)) {
        for (sum, x) in product.iter_mut().zip(of_rank) {
            *sum += factor * x;
        }
    }
    product
}
