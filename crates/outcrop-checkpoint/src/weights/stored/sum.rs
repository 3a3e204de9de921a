//! Tensors that are the sum or the mean of others, as PyTorch computes them: rounded after every step.

use std::io;
use std::ops::Range;

use half::{bf16, f16};

use super::{Files, PIECE, Source, Stored};
use crate::DType;
use crate::dtype::append_f32;

impl Stored {
    /// The sum of tensors of one shape and type.
    pub(crate) fn sum(of: &[Self]) -> Result<Self, String> {
        Self::added(of, 1)
    }

    /// Their mean.
    pub(crate) fn mean(of: &[Self]) -> Result<Self, String> {
        Self::added(of, of.len())
    }

    /// The same numbers, in F32, with a constant added.
    pub(crate) fn plus(&self, constant: f32) -> Result<Self, String> {
        let dtype = self.info.dtype;
        if dtype != DType::F32 {
            return Err(format!("is of {dtype}; a constant is added to F32"));
        }
        let mut made = self.clone();
        made.source = Source::Plus(Box::new(self.source.clone()), constant);
        Ok(made)
    }

    fn added(of: &[Self], divisor: usize) -> Result<Self, String> {
        let mut whole = of.first().ok_or("has no parts")?.clone();
        let (shape, dtype) = (&whole.info.shape, whole.info.dtype);
        if !matches!(dtype, DType::F32 | DType::F16 | DType::BF16) {
            return Err(format!(
                "is of {dtype}; parts of F32, F16 and BF16 are added"
            ));
        }
        if let Some(other) = of
            .iter()
            .find(|o| (&o.info.shape, o.info.dtype) != (shape, dtype))
        {
            let other = &other.info.shape;
            return Err(format!("has parts of the shapes {shape:?} and {other:?}"));
        }
        whole.source = Source::Sum {
            dtype,
            divisor,
            of: of.iter().map(|stored| stored.source.clone()).collect(),
        };
        Ok(whole)
    }
}

/// The elements `range` of what has a constant added, by pieces.
pub(super) fn plus(
    (of, constant): (&Source, f32),
    files: &Files,
    range: Range<usize>,
    each: &mut dyn FnMut(&[u8]),
) -> io::Result<()> {
    of.pieces(files, DType::F32.size(), range, &mut |bytes| {
        let numbers = bytes.as_chunks::<4>().0.iter();
        let sums = numbers.flat_map(|x| (f32::from_le_bytes(*x) + constant).to_le_bytes());
        each(&sums.collect::<Vec<u8>>());
    })
}

/// The elements `range` of a sum, by pieces.
pub(super) fn sum(
    (dtype, divisor, of): (DType, usize, &[Source]),
    files: &Files,
    range: Range<usize>,
    each: &mut dyn FnMut(&[u8]),
) -> io::Result<()> {
    let size = dtype.size();
    for first in range.clone().step_by(PIECE / size) {
        let some = first..range.end.min(first + PIECE / size);
        let mut total = vec![0.0; some.len()];
        for source in of {
            let mut numbers = Vec::with_capacity(some.len());
            source.pieces(files, size, some.clone(), &mut |bytes| {
                append_f32(bytes, dtype, &mut numbers)
            })?;
            for (total, number) in total.iter_mut().zip(numbers) {
                *total = rounded(*total + number, dtype);
            }
        }
        let mut bytes = Vec::with_capacity(some.len() * size);
        for total in total {
            append(total / divisor as f32, dtype, &mut bytes);
        }
        each(&bytes);
    }
    Ok(())
}

/// Appends a number as F16, BF16 or F32.
pub(super) fn append(number: f32, dtype: DType, bytes: &mut Vec<u8>) {
    match dtype {
        DType::F16 => bytes.extend(f16::from_f32(number).to_le_bytes()),
        DType::BF16 => bytes.extend(bf16::from_f32(number).to_le_bytes()),
        _ => bytes.extend(number.to_le_bytes()),
    }
}

pub(super) fn rounded(number: f32, dtype: DType) -> f32 {
    match dtype {
        DType::F16 => f16::from_f32(number).to_f32(),
        DType::BF16 => bf16::from_f32(number).to_f32(),
        _ => number,
    }
}
