//! NumPy arrays as slices of f32.

use std::borrow::Cow;

use half::{bf16, f16};
use numpy::{PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// A contiguous array, borrowed from NumPy. What has 16 bits comes as its bits.
pub(crate) enum Scalars<'py> {
    F32(PyReadonlyArrayDyn<'py, f32>),
    F16(PyReadonlyArrayDyn<'py, u16>),
    BF16(PyReadonlyArrayDyn<'py, u16>),
}

impl<'py> Scalars<'py> {
    /// Borrows an array whose scalars are of `format`: `float32`, `float16` or `bfloat16`.
    pub(crate) fn borrow(array: &Bound<'py, PyAny>, format: &str) -> PyResult<Self> {
        match format {
            "float32" => Ok(Self::F32(array.cast::<PyArrayDyn<f32>>()?.try_readonly()?)),
            "float16" => Ok(Self::F16(array.cast::<PyArrayDyn<u16>>()?.try_readonly()?)),
            "bfloat16" => Ok(Self::BF16(array.cast::<PyArrayDyn<u16>>()?.try_readonly()?)),
            _ => Err(PyTypeError::new_err(format!(
                "scalars of type {format}: allowed are float32, float16 and bfloat16"
            ))),
        }
    }

    /// Its shape.
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Self::F32(array) => array.shape(),
            Self::F16(array) | Self::BF16(array) => array.shape(),
        }
    }

    /// Its scalars: of f32 as they are, others widened, which is exact.
    pub(crate) fn slice(&self) -> PyResult<Bits<'_>> {
        let strided = |_| PyValueError::new_err("the array is not contiguous");
        Ok(match self {
            Self::F32(array) => Bits::F32(array.as_slice().map_err(strided)?),
            Self::F16(array) => Bits::F16(array.as_slice().map_err(strided)?),
            Self::BF16(array) => Bits::BF16(array.as_slice().map_err(strided)?),
        })
    }
}

/// The scalars of an array, which another thread may read.
#[derive(Clone, Copy)]
pub(crate) enum Bits<'a> {
    F32(&'a [f32]),
    F16(&'a [u16]),
    BF16(&'a [u16]),
}

impl<'a> Bits<'a> {
    /// The scalars from `from` to `to` as f32.
    pub(crate) fn part(self, from: usize, to: usize) -> Cow<'a, [f32]> {
        let widened = |all: &[u16], widen: fn(u16) -> f32| {
            Cow::Owned(all[from..to].iter().map(|bits| widen(*bits)).collect())
        };
        match self {
            Self::F32(all) => Cow::Borrowed(&all[from..to]),
            Self::F16(all) => widened(all, |bits| f16::from_bits(bits).to_f32()),
            Self::BF16(all) => widened(all, |bits| bf16::from_bits(bits).to_f32()),
        }
    }
}
