use std::fmt;

use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use half::{bf16, f16};
use safetensors::Dtype;

/// The type of a stored tensor's elements. Its text form is the name that safetensors uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DType {
    /// One byte, 0 or 1.
    Bool,
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 64 bits.
    I64,
    /// Floating, 8 bits, 4 of them exponent.
    F8E4M3,
    /// Floating, 8 bits, 5 of them exponent.
    F8E5M2,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of an [`DType::F32`].
    BF16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// Two [`DType::F32`].
    C64,
    /// Two [`DType::F64`].
    C128,
}

impl DType {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 | Self::F8E4M3 | Self::F8E5M2 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::C64 => 8,
            Self::C128 => 16,
        }
    }

    /// Whether tensors of this type are read as f32.
    ///
    /// ```
    /// use outcrop_checkpoint::DType;
    ///
    /// assert!(DType::BF16.is_readable() && !DType::I64.is_readable());
    /// ```
    pub fn is_readable(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// Binary digits that a number of this type needs at most as an f32, its sign and exponent apart: 8 of bf16, 11 of f16, 24 of
    /// what is rounded to f32.
    ///
    /// ```
    /// use outcrop_checkpoint::DType;
    ///
    /// assert_eq!([DType::BF16, DType::F16, DType::F64].map(DType::digits), [8, 11, 24]);
    /// ```
    pub fn digits(self) -> u32 {
        match self {
            Self::Bool => 1,
            Self::F8E5M2 => 3,
            Self::F8E4M3 => 4,
            Self::BF16 | Self::U8 | Self::I8 => 8,
            Self::F16 => 11,
            Self::U16 | Self::I16 => 16,
            Self::U32
            | Self::I32
            | Self::U64
            | Self::I64
            | Self::F32
            | Self::F64
            | Self::C64
            | Self::C128 => 24,
        }
    }

    /// Whether values of this type are floating-point numbers.
    #[cfg(feature = "pytorch")]
    pub(crate) fn is_floating(self) -> bool {
        self.is_readable() || matches!(self, Self::F8E4M3 | Self::F8E5M2)
    }

    /// None where an element is no whole number of bytes, or the type is newer than this crate.
    pub(crate) fn of(dtype: Dtype) -> Option<Self> {
        Some(match dtype {
            Dtype::BOOL => Self::Bool,
            Dtype::U8 => Self::U8,
            Dtype::I8 => Self::I8,
            Dtype::U16 => Self::U16,
            Dtype::I16 => Self::I16,
            Dtype::U32 => Self::U32,
            Dtype::I32 => Self::I32,
            Dtype::U64 => Self::U64,
            Dtype::I64 => Self::I64,
            Dtype::F8_E4M3 => Self::F8E4M3,
            Dtype::F8_E5M2 => Self::F8E5M2,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::BF16,
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
            Dtype::C64 => Self::C64,
            _ => return None,
        })
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bool => "BOOL",
            Self::U8 => "U8",
            Self::I8 => "I8",
            Self::U16 => "U16",
            Self::I16 => "I16",
            Self::U32 => "U32",
            Self::I32 => "I32",
            Self::U64 => "U64",
            Self::I64 => "I64",
            Self::F8E4M3 => "F8_E4M3",
            Self::F8E5M2 => "F8_E5M2",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::F32 => "F32",
            Self::F64 => "F64",
            Self::C64 => "C64",
            Self::C128 => "C128",
        })
    }
}

/// Appends the little-endian elements in `bytes`, a whole number of them, as f32; F64 is rounded to
/// nearest. `dtype` must be readable. The halves are converted by slices, for which processors have
/// instructions.
pub(crate) fn append_f32(bytes: &[u8], dtype: DType, data: &mut Vec<f32>) {
    let start = data.len();
    match dtype {
        DType::F16 => {
            let bits: Vec<u16> = words(bytes).map(u16::from_le_bytes).collect();
            data.resize(start + bits.len(), 0.0);
            let halves: &[f16] = bits.reinterpret_cast();
            halves.convert_to_f32_slice(&mut data[start..]);
        }
        DType::BF16 => data.extend(words(bytes).map(|b| bf16::from_le_bytes(b).to_f32())),
        DType::F64 => data.extend(words(bytes).map(|b| f64::from_le_bytes(b) as f32)),
        _ => data.extend(words(bytes).map(f32::from_le_bytes)),
    }
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}
